import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  bytesSource,
  checkPack,
  convertPack,
  driverFile,
  fileSource,
  isXar,
  readImage,
  readPack,
  readXarHeader,
  writePack,
} from '@whetstone/pack';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../small-pack.ts';

// A compressor starts its threads for each pack, and on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 });

const hasTools = ['mksquashfs', 'unsquashfs'].every(
  (name) => spawnSync(name, ['-version'], { stdio: 'ignore' }).error === undefined,
);
if (!hasTools) console.log('not tested: XARs as the original makes them, as squashfs-tools is missing');
const original = 'xarexec_fuse';
const hasOriginal = spawnSync(original, ['--help'], { stdio: 'ignore' }).error === undefined;
if (!hasOriginal) console.log(`not tested: a XAR of ours under ${original} itself, as it is not installed`);
const hasDriver = (await driverFile()) !== null;
if (!hasDriver) console.log('not tested: starting what was a XAR, as no driver is built');

/** A XAR, made in the way of the original's builder; returns its path. */
function xarOf(
  folder: string,
  { target, more = '', compressor = 'zstd' }: { target?: string; more?: string; compressor?: string } = {},
): string {
  const image = path.join(folder, 'image');
  const options = [
    '-noappend',
    '-noI',
    '-noX',
    '-b',
    '262144',
    '-comp',
    compressor,
    '-quiet',
    '-no-progress',
  ];
  execFileSync('mksquashfs', [path.join(folder, 'content'), image, ...options]);
  const lines = [
    '#!/usr/bin/env xarexec_fuse',
    'OFFSET="4096"',
    'UUID="d7eab3c2"',
    'VERSION="1624969851"',
    ...(target === undefined ? [] : [`XAREXEC_TARGET="${target}"`]),
    ...(more === '' ? [] : [more]),
    '#xar_stop',
    'echo This XAR file should not be executed by sh',
    'exit 1',
    '# Actual squashfs file begins at 4096',
  ];
  const file = path.join(folder, 'tool.xar');
  writeFileSync(file, Buffer.concat([Buffer.from(lines.join('\n').padEnd(4096, '\n')), readFileSync(image)]));
  return file;
}

/** A program with a data file, a link, an empty folder and a file of several blocks. */
function content(folder: string): void {
  const top = path.join(folder, 'content');
  mkdirSync(path.join(top, 'data/empty'), { recursive: true });
  writeFileSync(
    path.join(top, 'start.sh'),
    '#!/bin/sh\nhere=$(dirname "$0")\necho "archive ${1##*/}"\nshift\ncat "$here/data/link"\nfor one; do echo "<$one>"; done\nexit 5\n',
  );
  chmodSync(path.join(top, 'start.sh'), 0o755);
  writeFileSync(path.join(top, 'data/text'), 'hello\n');
  writeFileSync(path.join(top, 'data/large'), Buffer.alloc(700_000, 'abcdefg'));
  symlinkSync('text', path.join(top, 'data/link'));
}

async function filesOf(file: string): Promise<Record<string, string>> {
  using source = fileSource(file);
  const files: Record<string, string> = {};
  for (const entry of (await readImage(readPack(source).image)).walk())
    files[entry.path] =
      entry.kind === 'file'
        ? Buffer.concat([...entry.content()]).toString('latin1')
        : entry.target || entry.kind;
  return files;
}

describe('reading XARs', () => {
  test.skipIf(!hasTools)('tells what the header says', () => {
    const folder = temporaryFolder();
    content(folder);
    const file = xarOf(folder, { target: 'start.sh', more: 'DEPENDENCIES=""' });
    using source = fileSource(file);
    expect(readXarHeader(source)).toEqual({
      kind: 'xar',
      offset: 4096,
      uuid: 'd7eab3c2',
      version: '1624969851',
      target: 'start.sh',
      dependencies: [],
    });
  });

  test.each([
    ['no end', 'OFFSET="4096"\nUUID="ab"\n'],
    ['a line of another kind', 'OFFSET="4096"\nrm -rf x\n#xar_stop\n'],
    ['a value twice', 'OFFSET="4096"\nUUID="ab"\nUUID="cd"\n#xar_stop\n'],
    ['an odd offset', 'OFFSET="4097"\nUUID="ab"\n#xar_stop\n'],
    ['an offset beyond the end', 'OFFSET="40960000"\nUUID="ab"\n#xar_stop\n'],
    ['an offset of nothing', 'OFFSET="0"\nUUID="ab"\n#xar_stop\n'],
    ['an enormous offset', `OFFSET="${'9'.repeat(400)}"\nUUID="ab"\n#xar_stop\n`],
    ['a UUID that leads elsewhere', 'OFFSET="4096"\nUUID="../../x"\n#xar_stop\n'],
  ])('refuses a header with %s', (_what, lines) => {
    const source = bytesSource(Buffer.from(`#!/usr/bin/env xarexec_fuse\n${lines}`.padEnd(20_000, '\n')));
    expect(isXar(source)).toBe(true);
    expect(() => readXarHeader(source)).toThrow(
      expect.objectContaining({ code: 'PACK_HEADER_DAMAGED' }) as Error,
    );
  });

  test('takes no other file for one', () => {
    for (const text of ['', '#', '#!/bin/sh\n# Whetstone pack 1\n', '\x7fELF', 'OFFSET="4096"\n'])
      expect(isXar(bytesSource(Buffer.from(text)))).toBe(false);
  });
});

describe.skipIf(!hasTools)('making a pack of a XAR', () => {
  test.each(['zstd', 'gzip'])('keeps its files, byte for byte, from %s', async (compressor) => {
    const folder = temporaryFolder();
    content(folder);
    const out = path.join(folder, 'tool.wpk');
    await convertPack(xarOf(folder, { compressor }), out);
    expect(await filesOf(out)).toEqual({
      '': 'folder',
      data: 'folder',
      'data/empty': 'folder',
      'data/large': readFileSync(path.join(folder, 'content/data/large'), 'latin1'),
      'data/link': 'text',
      'data/text': 'hello\n',
      'start.sh': readFileSync(path.join(folder, 'content/start.sh'), 'latin1'),
    });
    using source = fileSource(out);
    expect(checkPack(source).header).toMatchObject({ kind: 'bundle', name: 'tool', version: '1624969851' });
  });

  test.skipIf(!hasDriver)('starts what the XAR starts, with its arguments', async () => {
    const folder = temporaryFolder();
    content(folder);
    const out = path.join(folder, 'tool.wpk');
    await convertPack(xarOf(folder, { target: './start.sh' }), out);
    const { status, stdout, stderr } = spawnSync(out, ['a b', "c'd"], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        XDG_CACHE_HOME: path.join(folder, 'cache'),
        WHETSTONE_PACK_WAYS: 'extract',
      },
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 5,
      stdout: "archive tool.wpk\nhello\n<a b>\n<c'd>\n",
      stderr: '',
    });
  });

  test('refuses what no pack may hold', async () => {
    const folder = temporaryFolder();
    content(folder);
    const out = path.join(folder, 'tool.wpk');
    const bad = path.join(folder, 'content/bad');
    for (const make of [
      () => symlinkSync('/etc/passwd', bad),
      () => symlinkSync('../../x', bad),
      () => execFileSync('mkfifo', [bad]),
      () => {
        writeFileSync(bad, '');
        chmodSync(bad, 0o4755);
      },
    ]) {
      make();
      await expect(convertPack(xarOf(folder), out)).rejects.toMatchObject({ code: 'PACK_FILE_REFUSED' });
      rmSync(bad);
    }
    await expect(convertPack(xarOf(folder, { target: 'none' }), out)).rejects.toMatchObject({
      code: 'PACK_HEADER_DAMAGED',
    });
    await expect(convertPack(xarOf(folder, { target: '../../bin/sh' }), out)).rejects.toMatchObject({
      code: 'PACK_HEADER_DAMAGED',
    });
    await expect(
      convertPack(xarOf(folder, { more: 'DEPENDENCIES="a.xar b.xar"' }), out),
    ).rejects.toMatchObject({
      code: 'PACK_IMAGE_UNSUPPORTED',
    });
    expect(() => statSync(out)).toThrow('ENOENT');
  });
});

describe.skipIf(!hasTools)('making a XAR of a pack', () => {
  test('writes what the original reads, and what it starts runs', async () => {
    const folder = temporaryFolder();
    const pack = path.join(folder, 'app.wpk');
    const text = (at: string, value: string) => {
      const bytes = Buffer.from(value);
      return { kind: 'file', path: at, executable: false, size: bytes.length, content: bytes } as const;
    };
    await writePack(pack, {
      kind: 'program',
      name: 'app',
      version: '1.2.3',
      arch: 'any',
      glibc: '0',
      entries: [
        text('.pack/start', 'exec /bin/sh "$WPK_MOUNT/app/main" "$@"\n'),
        text('app/main', 'cat "${0%/*}/greeting"\nfor one; do echo "<$one>"; done\nexit 6\n'),
        text('app/greeting', 'hello\n'),
      ],
      script: 'exit 0\n',
      driver: new Uint8Array(0),
      level: 3,
    });
    const [xar, again] = [path.join(folder, 'app.xar'), path.join(folder, 'again.xar')];
    await convertPack(pack, xar);
    await convertPack(pack, again);
    expect(readFileSync(again)).toEqual(readFileSync(xar));
    expect(statSync(xar).mode & 0o111).not.toBe(0);

    // As the original reads it: the first 4096 bytes, lines split at '=' in two, the offset exactly 4096.
    const lines = readFileSync(xar).toString('latin1', 0, 4096).split('\n');
    const values = lines.slice(1, lines.indexOf('#xar_stop')).map((line) => line.split('='));
    expect(lines[0]).toBe('#!/usr/bin/env xarexec_fuse');
    expect(values.every((parts) => parts.length === 2)).toBe(true);
    expect(Object.fromEntries(values)).toEqual({
      OFFSET: '"4096"',
      UUID: expect.stringMatching(/^"[0-9a-f]{32}"$/) as string,
      VERSION: '"1.2.3"',
      XAREXEC_TARGET: '".pack/xar"',
    });

    // As the original starts it: the target in the mounted image, the archive, the arguments.
    const mounted = path.join(folder, 'mounted');
    execFileSync('unsquashfs', ['-quiet', '-no-progress', '-offset', '4096', '-dest', mounted, xar]);
    const { status, stdout, stderr } = spawnSync(path.join(mounted, '.pack/xar'), [xar, 'a b'], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 6, stdout: 'hello\n<a b>\n', stderr: '' });

    if (!hasOriginal) return;
    // It leaves the mount to the next start: for a quarter of an hour, were it not for this.
    const env = { ...process.env, XAR_MOUNT_TIMEOUT: '5' };
    const started = spawnSync(xar, ['a b'], { encoding: 'utf8', env });
    expect(started).toMatchObject({ status: 6, stdout: 'hello\n<a b>\n' });
  });
});
