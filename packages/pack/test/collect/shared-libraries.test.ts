import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { collectProject } from '@whetstone/pack';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readElf, strippedElf } from '../../src/collect/elf.ts';
import { imageFile, unpack } from '../image-file.ts';
import { temporaryFolder } from '../small-pack.ts';
import { writeFiles } from './node-project.ts';

const openssl = '/usr/bin/openssl';

test.skipIf(!existsSync(openssl))(
  'carries the libraries that native files need, but for those of glibc (skipped without openssl)',
  async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'pack.json': { entry: 'main.js', files: ['bin'] }, 'main.js': '' });
    mkdirSync(path.join(folder, 'bin'));
    copyFileSync(openssl, path.join(folder, 'bin/openssl'));
    const { collection, arch, glibc } = await collectProject(folder);
    const carried = collection.files
      .filter(({ owner }) => owner === 'libraries')
      .map(({ entry }) => entry.path);
    expect(carried).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^lib\/libssl\.so/),
        expect.stringMatching(/^lib\/libcrypto\.so/),
      ]),
    );
    for (const name of carried) expect(name).not.toMatch(/libc\.so|libm\.so|ld-linux|libpthread/);
    expect(arch).toBe(readElf(readFileSync(openssl))!.arch);
    expect(glibc).toMatch(/^2\.\d+$/);
    const root = path.join(folder, 'root');
    await unpack(
      await imageFile(
        path.join(folder, 'image'),
        collection.files.map(({ entry }) => entry),
      ),
      root,
    );
    const start = readFileSync(path.join(root, '.pack/start'), 'utf8').replace(
      /^exec .*$/m,
      '"$WPK_MOUNT/app/bin/openssl" version; cat /proc/self/environ',
    );
    const out = execFileSync('/bin/sh', ['-c', start], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], WPK_MOUNT: root },
    });
    expect(out).toMatch(/^OpenSSL /);
    expect(out).toContain(`LD_LIBRARY_PATH=${root}/lib`);
  },
);

test('a program without what nobody loads still runs', () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'node');
  const stripped = strippedElf(readFileSync(process.execPath));
  writeFileSync(file, stripped, { mode: 0o755 });
  expect(execFileSync(file, ['-p', 'process.version'], { encoding: 'utf8' })).toBe(`${process.version}\n`);
  expect(stripped.length).toBeLessThanOrEqual(readFileSync(process.execPath).length);
});

test('a file that only begins as ELF is none, whatever its bytes', () => {
  const whole = existsSync('/bin/true')
    ? readFileSync('/bin/true')
    : readFileSync(process.execPath).subarray(0, 100_000);
  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
      (size, changes) => {
        const bytes = Buffer.from(whole.subarray(0, size));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        readElf(bytes);
        strippedElf(bytes);
      },
    ),
    { numRuns: 200 },
  );
});
