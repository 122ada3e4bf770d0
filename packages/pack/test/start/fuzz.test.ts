import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { fileEntry, imageFile } from '../image-file.ts';
import { smallPack, temporaryFolder } from '../small-pack.ts';
import { noise, notTested } from './ground.ts';

const build = fileURLToPath(new URL('../../driver/build.sh', import.meta.url));
const driver = fileURLToPath(new URL('../../driver/build/asan/whetstone-pack', import.meta.url));
const IMAGES = 40;

/** Values on which a reader of lengths and offsets stumbles. */
const HARD = [0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Repeatable chance: xorshift. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The image with a few changes, most of them where its structure stands: at both ends. */
function mutated(image: Buffer, seed: number): Buffer {
  const next = chance(seed);
  const bytes = Buffer.from(image);
  const end = Math.min(bytes.length, 12_000);
  for (let change = 0; change <= next(6); change++) {
    const at = next(3) === 0 ? next(96) : bytes.length - 4 - next(end - 4);
    if (next(2) === 0) bytes[at]! ^= 1 << next(8);
    else bytes.writeUInt32LE(HARD[next(HARD.length)]!, at);
  }
  return next(12) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
}

describe('the driver under AddressSanitizer', () => {
  let missing: string | undefined;
  beforeAll(() => {
    const { status, stderr } = spawnSync('sh', [build, '--asan', driver], { encoding: 'utf8' });
    if (status !== 0) missing = `it cannot be built: ${stderr.split('\n')[0]}`;
  }, 180_000);

  test('reads or refuses every malformed image and writes nothing outside', async (context) => {
    if (missing !== undefined) notTested(context, 'malformed images', missing);
    const folder = temporaryFolder();
    const files = Array.from({ length: 120 }, (_, i) => fileEntry(`many/name-${i}`, `${i}`.repeat(i)));
    const image = await imageFile(path.join(folder, 'whole'), [
      ...files,
      fileEntry('deep/er/still/file', noise(140_000)),
      { kind: 'link', path: 'link', target: 'many/name-7' },
    ]);
    mkdirSync(path.join(folder, 'in'));
    let refused = 0;
    for (let seed = 1; seed <= IMAGES; seed++) {
      const file = path.join(folder, 'in', 'image');
      const out = path.join(folder, 'in', 'out');
      writeFileSync(file, mutated(image, seed));
      const { status, signal, stderr } = spawnSync(driver, ['extract', '--image', '0', file, out], {
        encoding: 'utf8',
        timeout: 50_000,
        env: { ASAN_OPTIONS: 'allocator_may_return_null=1:detect_leaks=0' },
      });
      expect({
        seed,
        signal,
        asan: stderr.includes('Sanitizer') || stderr.includes('runtime error'),
      }).toEqual({
        seed,
        signal: null,
        asan: false,
      });
      expect([0, 125]).toContain(status);
      if (status === 125) {
        expect(stderr.trim().split('\n')).toHaveLength(1);
        refused++;
      }
      expect(readdirSync(path.join(folder, 'in')).filter((name) => !['image', 'out'].includes(name))).toEqual(
        [],
      );
      rmSync(out, { recursive: true, force: true });
    }
    expect(refused).toBeGreaterThan(0);
  }, 180_000);

  test('refuses a pack wherever one bit of it is changed', async (context) => {
    if (missing !== undefined) notTested(context, 'changed packs', missing);
    const folder = temporaryFolder();
    const file = path.join(folder, 'whole.wpk');
    const header = await smallPack(file, { a: 'one', b: 'two'.repeat(30_000) });
    const place = [
      '--image',
      `${header.imageOffset}:${header.imageSize}`,
      '--tree',
      `${header.treeOffset}:${header.treeSize}`,
      '--seal',
      String(header.sealOffset),
      '--root',
      header.root,
    ];
    const verify = (pack: string) => spawnSync(driver, ['verify', ...place, pack], { encoding: 'utf8' });
    expect(verify(file)).toMatchObject({ status: 0, stderr: '' });
    const whole = readFileSync(file);
    const next = chance(7);
    const last = whole.length - header.sealOffset;
    for (let change = 0; change < 40; change++) {
      const bytes = Buffer.from(whole);
      const at = change % 2 === 0 ? next(whole.length) : header.treeOffset + next(last);
      bytes[at]! ^= 1 << next(8);
      const bad = path.join(folder, 'bad.wpk');
      writeFileSync(bad, bytes);
      const { status, stderr } = verify(bad);
      expect({ at, status }).toEqual({ at, status: 125 });
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  }, 120_000);
});
