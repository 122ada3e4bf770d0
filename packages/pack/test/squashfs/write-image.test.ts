import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { bytesSource, type ImageEntry, readImage } from '@whetstone/pack';
import { describe, expect, test } from 'vitest';
import { contentsOf, fileEntry, imageFile } from '../image-file.ts';
import { temporaryFolder } from '../small-pack.ts';

const hasTools = spawnSync('mksquashfs', ['-version']).status === 0;

/** Files of every kind that an image stores in a way of its own. */
function everyKind(): ImageEntry[] {
  const noise = Buffer.alloc(400_000);
  for (let at = 0, state = 7; at < noise.length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    noise[at] = state >> 16;
  }
  return [
    fileEntry('empty', ''),
    fileEntry('one byte', 'x'),
    fileEntry('a block', Buffer.alloc(131_072, 'ab')),
    fileEntry('a block and a byte', Buffer.alloc(131_073, 'cd')),
    fileEntry('noise', noise),
    fileEntry('zeros', Buffer.alloc(1_000_000)),
    fileEntry('run me', '#!/bin/sh\n', true),
    fileEntry('deep/er/and/deeper', 'here'),
    fileEntry('twin', noise),
    fileEntry('small twin', 'here'),
    { kind: 'link', path: 'link', target: 'deep/er' },
    { kind: 'folder', path: 'nothing in it' },
    // The order of bytes and that of UTF-16 differ beyond the basic plane.
    ...['ü', '€', '\u{1F600}', '\uFF5E', 'z'].map((name) => fileEntry(`names/${name}`, name)),
    // More than fit into one run, one block of a listing, or a short inode.
    ...Array.from({ length: 3000 }, (_, row) =>
      fileEntry(`many/a_rather_long_name_of_a_file_${row}`, `${row}`),
    ),
  ];
}

/** What stands below a folder: content, link or folder by path. */
function onDisk(folder: string): Map<string, string> {
  const found = new Map<string, string>([['', '/']]);
  const look = (below: string): void => {
    for (const name of readdirSync(path.join(folder, below))) {
      const at = path.join(below, name);
      const file = path.join(folder, at);
      const stats = lstatSync(file);
      if (stats.isSymbolicLink()) found.set(at, `-> ${readlinkSync(file)}`);
      else found.set(at, stats.isDirectory() ? '/' : readFileSync(file, 'latin1'));
      if (stats.isDirectory()) look(at);
    }
  };
  look('');
  return found;
}

describe('an image', () => {
  test('gives back what went in', async () => {
    const entries = everyKind();
    const contents = await contentsOf(await imageFile(path.join(temporaryFolder(), 'image'), entries));
    for (const entry of entries)
      if (entry.kind === 'file')
        expect(contents.get(entry.path) === Buffer.from(entry.content).toString('latin1'), entry.path).toBe(
          true,
        );
    expect(contents.get('link')).toBe('-> deep/er');
    expect(contents.get('nothing in it')).toBe('/');
    expect(contents.size).toBe(entries.length + 6);
  });

  test('is the same whatever the order in which entries come, and stores equal files once', async () => {
    const folder = temporaryFolder();
    const image = await imageFile(path.join(folder, 'a'), everyKind());
    expect((await imageFile(path.join(folder, 'b'), everyKind().toReversed())).equals(image)).toBe(true);
    expect(image.length % 4096).toBe(0);
    // The noise of 400,000 bytes went in twice.
    expect(image.length).toBeLessThan(600_000);
  });

  test('holds what starts first in front of the rest', async () => {
    const folder = temporaryFolder();
    const entries = ['a', 'b', 'c'].map((name) => fileEntry(name, Buffer.alloc(200_000, name)));
    const plain = await imageFile(path.join(folder, 'plain'), entries);
    const ordered = await imageFile(path.join(folder, 'ordered'), entries, { first: ['c', 'a'] });
    expect(ordered.equals(plain)).toBe(false);
    expect(await contentsOf(ordered)).toEqual(await contentsOf(plain));
  });

  test.skipIf(!hasTools).each([
    ['the usual size', undefined],
    ['4 KiB', 4096],
    ['256 KiB', 262_144],
    ['1 MiB', 1_048_576],
  ])('with blocks of %s is read by unsquashfs (skipped without squashfs-tools)', async (_, blockSize) => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'image');
    const image = await imageFile(file, everyKind(), blockSize === undefined ? {} : { blockSize });
    execFileSync('unsquashfs', ['-d', path.join(folder, 'out'), file], { stdio: 'pipe' });
    expect(onDisk(path.join(folder, 'out'))).toEqual(await contentsOf(image));
    expect(lstatSync(path.join(folder, 'out', 'run me')).mode & 0o777).toBe(0o755);
    expect(lstatSync(path.join(folder, 'out', 'twin')).mode & 0o777).toBe(0o644);
  });

  test('is mounted by the kernel (skipped where this process may not mount)', async ({ skip }) => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'image');
    const mount = path.join(folder, 'mount');
    mkdirSync(mount);
    const image = await imageFile(file, everyKind(), { offset: 8192 });
    const options = ['-t', 'squashfs', '-o', 'loop,ro,offset=8192', file, mount];
    if (process.getuid?.() !== 0 || spawnSync('mount', options, { stdio: 'pipe' }).status !== 0) skip();
    try {
      expect(onDisk(mount)).toEqual(await contentsOf(image));
      // Found by the index of the folder, not by reading all of it.
      for (const row of [0, 1, 999, 1500, 2999])
        expect(readFileSync(path.join(mount, `many/a_rather_long_name_of_a_file_${row}`), 'utf8')).toBe(
          `${row}`,
        );
      expect(existsSync(path.join(mount, 'many/a_rather_long_name_of_a_file_3000'))).toBe(false);
      expect(existsSync(path.join(mount, 'many/a'))).toBe(false);
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  test.each([
    ['../out', /none that an image can have/],
    ['/root', /none that an image can have/],
    ['a//b', /none that an image can have/],
    [`${'x'.repeat(256)}`, /name .* is too long/],
    [`${'x/'.repeat(300)}x`, /too many folders/],
  ])('has no entry at %s', async (at, message) => {
    const file = path.join(temporaryFolder(), 'image');
    await expect(imageFile(file, [fileEntry(at, '')])).rejects.toThrow(message);
  });

  test('has one thing at a path, and nothing below a file', async () => {
    const file = path.join(temporaryFolder(), 'image');
    await expect(imageFile(file, [fileEntry('a', ''), fileEntry('a', '')])).rejects.toThrow(/Two things/);
    await expect(imageFile(file, [fileEntry('a', ''), fileEntry('a/b', '')])).rejects.toThrow(/is no folder/);
  });

  test('is not made of a file that changed meanwhile', async () => {
    const folder = temporaryFolder();
    const content = path.join(folder, 'content');
    writeFileSync(content, 'longer than it was');
    const entry: ImageEntry = { kind: 'file', path: 'content', executable: false, size: 3, content };
    await expect(imageFile(path.join(folder, 'image'), [entry])).rejects.toMatchObject({
      code: 'PACK_FILE_CHANGED',
    });
  });
});

describe.skipIf(!hasTools)('an image of mksquashfs (skipped without squashfs-tools)', () => {
  test.each([
    ['zstd', []],
    ['gzip', ['-b', '4096']],
    ['gzip', ['-no-fragments', '-b', '1M']],
    ['zstd', ['-noI', '-noD', '-noF']],
    ['zstd', ['-always-use-fragments', '-exports']],
  ])('with %s %j is read', async (compressor, options) => {
    const folder = temporaryFolder();
    const input = path.join(folder, 'input');
    mkdirSync(path.join(input, 'sub/empty'), { recursive: true });
    for (let row = 0; row < 700; row += 1)
      writeFileSync(path.join(input, `sub/file ${row}`), `content ${row}`);
    writeFileSync(path.join(input, 'large'), Buffer.alloc(700_000, 'pattern'));
    writeFileSync(path.join(input, 'holes'), Buffer.concat([Buffer.alloc(600_000), Buffer.from('end')]));
    writeFileSync(path.join(input, 'run'), 'x');
    chmodSync(path.join(input, 'run'), 0o755);
    symlinkSync('sub/empty', path.join(input, 'link'));
    const image = path.join(folder, 'image');
    execFileSync('mksquashfs', [input, image, '-comp', compressor, '-no-progress', ...options], {
      stdio: 'pipe',
    });
    expect(await contentsOf(readFileSync(image))).toEqual(onDisk(input));
  });

  test('with a compressor that is not read is named', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'a'), 'x'.repeat(10_000));
    const image = path.join(folder, 'image');
    execFileSync('mksquashfs', [path.join(folder, 'a'), image, '-comp', 'xz', '-no-progress'], {
      stdio: 'pipe',
    });
    await expect(readImage(bytesSource(readFileSync(image)))).rejects.toMatchObject({
      code: 'PACK_IMAGE_UNSUPPORTED',
      message: expect.stringContaining('xz'),
    });
  });
});
