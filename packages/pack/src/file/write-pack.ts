import { createHash } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileSource, sourcePart } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import type { BlockCache } from '../squashfs/block-cache.ts';
import type { ImageEntry } from '../squashfs/image-tree.ts';
import { writeImage } from '../squashfs/write-image.ts';
import { zstdCompressor } from '../squashfs/zstd.ts';
import { alignment, headerSize, headerText, type PackHeader } from './header.ts';
import { type Seal, sealBytes } from './seal.ts';
import { treeOf } from './tree.ts';

/** What {@link writePack} makes a file of. */
export interface PackContents extends Pick<PackHeader, 'kind' | 'name' | 'version' | 'arch' | 'glibc'> {
  readonly entries: readonly ImageEntry[];
  /** Files whose contents come first in the image, in this order. */
  readonly first?: readonly string[] | undefined;
  /** The start script behind the variables. */
  readonly script: string;
  /** The static program that mounts. */
  readonly driver: Uint8Array;
  /** 1 to 22. */
  readonly level: number;
  /** Bytes of content that are compressed together: a power of two, 4 KiB to 1 MiB. Default 128 KiB. */
  readonly blockSize?: number | undefined;
  readonly cache?: BlockCache | undefined;
  /** Called with the bytes of content done so far. */
  readonly progress?: ((done: number) => void) | undefined;
}

/**
 * Writes a pack. It stands at `file` only when it is whole, and may be executed.
 *
 * @throws {@link PackError} `PACK_FILE_REFUSED`, `PACK_FILE_CHANGED`, `PACK_PROJECT_WRONG`
 */
export async function writePack(file: string, contents: PackContents): Promise<PackHeader> {
  const { script, driver, level, entries, ...names } = contents;
  const driverOffset = headerSize(names, script);
  const imageOffset = driverOffset + Math.ceil(driver.length / alignment) * alignment;
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.partial`);
  const compressor = await zstdCompressor(level);
  try {
    await using out = await open(partial, 'wx+', 0o600);
    const imageSize = await writeImage(out, entries, {
      offset: imageOffset,
      compressor,
      blockSize: contents.blockSize,
      cache: contents.cache,
      first: contents.first ?? [],
      progress: contents.progress,
    });
    using source = fileSource(partial);
    const tree = treeOf(sourcePart(source, imageOffset, imageSize));
    const treeOffset = imageOffset + imageSize;
    const header: PackHeader = {
      kind: contents.kind,
      name: contents.name,
      version: contents.version,
      arch: contents.arch,
      glibc: contents.glibc,
      compressor: compressor.name,
      driverOffset,
      driverSize: driver.length,
      driverSha256: createHash('sha256').update(driver).digest('hex'),
      imageOffset,
      imageSize,
      treeOffset,
      treeSize: tree.bytes.length,
      sealOffset: treeOffset + tree.bytes.length,
      root: tree.root,
    };
    const head = Buffer.alloc(imageOffset);
    head.fill('\n', 0, driverOffset);
    head.write(headerText(header, script), 0);
    head.set(driver, driverOffset);
    const seal: Seal = {
      imageOffset,
      imageSize,
      treeOffset,
      treeSize: tree.bytes.length,
      root: tree.root,
      head: createHash('sha256').update(head).digest('hex'),
      signatures: [],
    };
    await out.write(head, 0, head.length, 0);
    const end = Buffer.concat([tree.bytes, sealBytes(seal)]);
    await out.write(end, 0, end.length, treeOffset);
    await out.sync();
    await chmod(partial, 0o777 & ~process.umask());
    await rename(partial, file);
    return header;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new PackError(
        'PACK_TOOL_FAILED',
        `There is no space for ${file}: make room, or name another place by -o.`,
        {
          cause: error,
        },
      );
    throw error;
  } finally {
    await rm(partial, { force: true });
    await compressor.close();
  }
}
