import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ByteSource, fileSource, sourcePart } from '../byte-source.ts';
import { Collection } from '../collect/collection.ts';
import { addSharedLibraries } from '../collect/shared-libraries.ts';
import { mounted } from '../collect/start-script.ts';
import { checkPack } from '../file/read-pack.ts';
import { treeOf } from '../file/tree.ts';
import { writePack } from '../file/write-pack.ts';
import { PackError } from '../pack-error.ts';
import type { ImageEntry } from '../squashfs/image-tree.ts';
import { readImage, type ReadEntry } from '../squashfs/read-image.ts';
import { writeImage } from '../squashfs/write-image.ts';
import { zstdCompressor } from '../squashfs/zstd.ts';
import { driverFile } from '../start/driver-file.ts';
import { headerScript } from '../start/header-script.ts';
import { isXar, readXarHeader, xarHeaderBytes, xarOffset } from './xar-header.ts';

/** What was made of what. */
export interface Conversion {
  readonly from: 'xar' | 'pack';
  /** Files and links in it. */
  readonly entries: number;
  /** What may not work, a sentence each. */
  readonly warnings: readonly string[];
}

const level = 15;

/**
 * Makes a pack of a XAR, or a XAR of a pack.
 *
 * A XAR has nothing by which it could be verified: the pack vouches for what was there when it was converted. Of a
 * pack every byte is checked before.
 *
 * @throws {@link PackError} `PACK_FILE_REFUSED` for what no pack may hold, and all that reading throws
 */
export async function convertPack(file: string, out: string): Promise<Conversion> {
  using source = fileSource(file);
  // Contents wait there: an archive may be larger than memory.
  const spool = mkdtempSync(path.join(tmpdir(), 'whetstone-convert-'));
  try {
    return isXar(source)
      ? await xarToPack(source, path.basename(file), out, spool)
      : await packToXar(source, out, spool);
  } finally {
    rmSync(spool, { recursive: true, force: true });
  }
}

async function xarToPack(
  source: ByteSource,
  fileName: string,
  out: string,
  spool: string,
): Promise<Conversion> {
  const { offset, version, target, dependencies } = readXarHeader(source);
  if (dependencies.length > 0)
    throw new PackError(
      'PACK_IMAGE_UNSUPPORTED',
      `The XAR needs others beside it, ${dependencies.join(', ')}: one that has all in itself can be converted.`,
    );
  const image = await readImage(sourcePart(source, offset, source.size - offset));
  const name = fileName
    .replace(/\.xar$/, '')
    .replace(/[^A-Za-z0-9@._+-]/g, '-')
    .replace(/^[^A-Za-z0-9@]+/, '');
  const into = target === undefined ? '' : 'app/';
  const collection = new Collection();
  for (const entry of spooled(image.walk(), spool))
    collection.add({ ...entry, path: into + entry.path }, name);
  const native = target === undefined ? { arch: 'any', glibc: '0' } : addSharedLibraries(collection);
  if (target !== undefined) {
    const started = `app/${path.posix.normalize(target)}`;
    const found = collection.get(started);
    if (!found || found.kind === 'folder' || started.startsWith('app/..'))
      throw new PackError('PACK_HEADER_DAMAGED', `The XAR would start '${target}', which is not in it.`);
    collection.addText('.pack/start', startOf(started, collection), 'start');
    const facts = { format: 1, name, version, language: 'xar', entry: started };
    collection.addText('.pack/pack.json', `${JSON.stringify(facts)}\n`, 'start');
  }
  const driver = await driverFile();
  await writePack(out, {
    kind: target === undefined ? 'bundle' : 'program',
    name: name || 'xar',
    version: /^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/.test(version) ? version : '0.0.0',
    ...native,
    entries: collection.files.map(({ entry }) => entry),
    script: headerScript(),
    driver: driver ?? new Uint8Array(0),
    level,
  });
  return { from: 'xar', entries: collection.files.length, warnings: collection.warnings };
}

/** As `xarexec_fuse` starts it: its own path first, then the archive's, then the arguments. */
function startOf(target: string, collection: Collection): string {
  const libraries = collection.files.some(({ entry }) => entry.path.startsWith('lib/'))
    ? 'export LD_LIBRARY_PATH="$WPK_MOUNT/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\n'
    : '';
  return `${libraries}exec ${mounted(target)} "$0" "$@"\n`;
}

/** Runs what a pack starts, inside a XAR: the first argument is the archive's path. */
const xarTarget = '.pack/xar';
const xarScript = `#!/bin/sh
shift
WPK_MOUNT=\${0%/.pack/xar}
. "$WPK_MOUNT/.pack/start"
`;

async function packToXar(source: ByteSource, out: string, spool: string): Promise<Conversion> {
  const { header, image } = checkPack(source);
  const entries = [...spooled((await readImage(image)).walk(), spool)];
  const isProgram = header.kind === 'program';
  if (isProgram) {
    const content = Buffer.from(xarScript);
    entries.push({ kind: 'file', path: xarTarget, executable: true, size: content.length, content });
  }
  const partial = `${out}.${process.pid}.partial`;
  const compressor = await zstdCompressor(level);
  try {
    await using handle = await open(partial, 'wx+', 0o600);
    const size = await writeImage(handle, entries, { offset: xarOffset, compressor });
    using written = fileSource(partial);
    const { root } = treeOf(sourcePart(written, xarOffset, size));
    const target = isProgram ? xarTarget : undefined;
    // The original mounts by it: of the content, so that no other archive is taken for this one.
    const start = xarHeaderBytes({ uuid: root.slice(0, 32), version: header.version, target });
    await handle.write(start, 0, start.length, 0);
    await handle.sync();
    chmodSync(partial, 0o777 & ~process.umask());
    await rename(partial, out);
  } finally {
    await rm(partial, { force: true });
    await compressor.close();
  }
  return { from: 'pack', entries: entries.length, warnings: [] };
}

/** What an image holds, as it is written again; contents as numbered files, whatever their names are. */
function* spooled(walk: Iterable<ReadEntry>, spool: string): Generator<ImageEntry> {
  let row = 0;
  for (const entry of walk) {
    const { path: at, kind, mode, target, size } = entry;
    if (kind === 'other' || (mode & 0o6000) !== 0)
      throw new PackError(
        'PACK_FILE_REFUSED',
        `${at} is a device, a pipe, a socket, or runs as another user: none may be in a pack.`,
      );
    if (kind === 'folder') {
      if (at !== '') yield { kind, path: at };
    } else if (kind === 'link') {
      const leadsTo = path.posix.join(path.posix.dirname(at), target);
      if (path.posix.isAbsolute(target) || leadsTo === '..' || leadsTo.startsWith('../'))
        throw new PackError('PACK_FILE_REFUSED', `${at} is a link out of the archive, to ${target}.`);
      yield { kind, path: at, target };
    } else {
      row += 1;
      const content = path.join(spool, String(row));
      const descriptor = openSync(content, 'wx', 0o600);
      try {
        for (const block of entry.content()) writeSync(descriptor, block);
      } finally {
        closeSync(descriptor);
      }
      yield { kind, path: at, executable: (mode & 0o100) !== 0, size, content };
    }
  }
}
