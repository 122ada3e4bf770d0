import { readWhet, writeWhet, type Profile } from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile } from '../arbitrary-profile.ts';
import { outcomeOf } from '../only-profile-errors.ts';
import { plainCodec, zlibCodec } from '../zlib-codec.ts';
import { resealed, whetFile, whetParts } from './whet-parts.ts';

const small = profileOf(
  'main@/app/main.ts:1 10 at 3',
  'main@/app/main.ts:1;parse@/app/parse.ts:84 30',
  '(idle) 5',
);

describe('.whet', () => {
  test('gives back what was written', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProfile, async (profile) => {
        expect(await readWhet(await writeWhet(profile, zlibCodec), zlibCodec)).toEqual(profile);
        expect(await readWhet(await writeWhet(profile, plainCodec), plainCodec)).toEqual(profile);
      }),
    );
  });

  test('gives back fractions, large numbers and minus zero to the last bit', async () => {
    const value = Float64Array.of(0.1, -0, 2 ** 53 + 2, 1e300, 5e-324, -12.5, 0.001);
    const column = {
      row: new Int32Array(7),
      line: Int32Array.of(0, 1, 2, 3, 4, 5, 2 ** 31 - 1),
      thread: new Int32Array(7),
    };
    const odd: Profile = {
      ...small,
      measures: [{ name: 'self', unit: 'microseconds', kind: 'sampled', per: 'node', ...column, value }],
    };
    const [measure] = (await readWhet(await writeWhet(odd, zlibCodec), zlibCodec)).measures;
    expect(measure?.value.every((read, row) => Object.is(read, value[row]))).toBe(true);
    expect(measure?.line).toEqual(column.line);
  });

  test('keeps fields of about that this version does not know, but no prototypes', async () => {
    const { directory, blocks } = whetParts(await writeWhet(small, plainCodec));
    const changed = directory.replace('"about":{', '"about":{"later":[1],"__proto__":{"polluted":true},');
    const { about } = await readWhet(whetFile({ directory: changed, blocks }), plainCodec);
    expect(about).toHaveProperty('later', [1]);
    expect(about).not.toHaveProperty('polluted');
  });

  test('passes over columns that this version does not know', async () => {
    const { directory, blocks } = whetParts(await writeWhet(small, plainCodec));
    const parsed = JSON.parse(directory) as { columns: unknown[] };
    parsed.columns.push({
      name: 'later',
      type: 'u8',
      length: 2,
      codec: 'plain',
      scale: 1,
      bytes: 2,
      stored: 2,
      crc: 0,
    });
    const file = whetFile(
      resealed({ directory: JSON.stringify(parsed), blocks: [...blocks, Uint8Array.of(1, 2)] }),
    );
    expect(await readWhet(file, plainCodec)).toEqual(small);
  });

  test('never writes what it could not read', async () => {
    const odd: Profile = { ...small, about: { ...small.about, wall: Number.NaN } };
    await expect(writeWhet(odd, zlibCodec)).rejects.toThrow('a finite number at profile.about.wall');
    const lost: Profile = { ...small, nodes: { ...small.nodes, function: Int32Array.of(0, 1, 9) } };
    await expect(writeWhet(lost, zlibCodec)).rejects.toThrow('nodes.function[2]');
  });

  test('copies what it reads, so that the file can go', async () => {
    const file = await writeWhet(small, plainCodec);
    const profile = await readWhet(file, plainCodec);
    file.fill(0);
    expect(profile).toEqual(small);
  });

  test('names a version that is too new', async () => {
    const file = await writeWhet(small, zlibCodec);
    file[8] = 9;
    await expect(readWhet(file, zlibCodec)).rejects.toMatchObject({
      code: 'PROFILE_VERSION',
      message: expect.stringContaining('version 9') as string,
    });
  });

  test.each([
    ['PROFILE_EMPTY', ''],
    ['PROFILE_UNKNOWN_FORMAT', '{"nodes":[]}'],
    ['PROFILE_TRUNCATED', '\x89WHET'],
  ])('says %s', async (code, text) => {
    await expect(readWhet(Buffer.from(text, 'latin1'), zlibCodec)).rejects.toMatchObject({ code });
  });

  test.each([
    ['deflated', zlibCodec],
    ['plain', plainCodec],
  ])('says where a %s file ends that was cut anywhere', async (_, codec) => {
    const file = await writeWhet(small, codec);
    for (let length = 1; length < file.length; length++) {
      await expect(readWhet(file.subarray(0, length), codec)).rejects.toMatchObject({
        code: 'PROFILE_TRUNCATED',
        message: expect.stringContaining(`byte ${length}`) as string,
      });
    }
    await expect(readWhet(Buffer.concat([file, Buffer.alloc(1)]), codec)).rejects.toMatchObject({
      code: 'PROFILE_MALFORMED',
      message: expect.stringContaining(`byte ${file.length}`) as string,
    });
  });

  test('finds every byte that was changed', async () => {
    const file = await writeWhet(small, zlibCodec);
    for (let at = 0; at < file.length; at++) {
      const damaged = Uint8Array.from(file);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      expect(await outcomeOf(() => readWhet(damaged, zlibCodec)), `byte ${at}`).not.toBe('profile');
    }
  });

  test('survives blocks that were forged with right checksums', async () => {
    const parts = whetParts(await writeWhet(small, plainCodec));
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat({ max: 255 }), async (which, at, value) => {
        const filled = parts.blocks.flatMap((block, i) => (block.length > 0 ? [i] : []));
        const chosen = filled[which % filled.length] as number;
        const blocks = parts.blocks.map((block) => Uint8Array.from(block));
        const block = blocks[chosen] as Uint8Array;
        block[at % block.length] = value;
        const file = whetFile(resealed({ ...parts, blocks }));
        outcomes.add(await outcomeOf(() => readWhet(file, plainCodec)));
      }),
      { numRuns: 2000 },
    );
    expect([...outcomes].toSorted()).toEqual(['PROFILE_MALFORMED', 'profile']);
  });

  test('survives a directory that was forged with the right checksum', async () => {
    const { directory, blocks } = whetParts(await writeWhet(small, plainCodec));
    const words = fc.constantFrom(
      '',
      '0',
      '1',
      '-1',
      '9',
      '4294967296',
      '1e999',
      'null',
      '"',
      ',',
      '{',
      ']',
      '.5',
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(directory.length), fc.nat(3), words, async (at, drop, word) => {
        const changed = directory.slice(0, at) + word + directory.slice(at + drop);
        await outcomeOf(() => readWhet(whetFile({ directory: changed, blocks }), plainCodec));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    [
      'more rows than bytes',
      '"name":"nodes.parent","type":"i32","length":3',
      '"name":"nodes.parent","type":"i32","length":100000000',
      /nodes\.parent/,
    ],
    [
      'rows beyond all memory',
      '"name":"nodes.parent","type":"i32","length":3',
      '"name":"nodes.parent","type":"i32","length":9007199254740991',
      /at most/,
    ],
    [
      'another type',
      '"name":"nodes.parent","type":"i32"',
      '"name":"nodes.parent","type":"f64"',
      /expected type i32/,
    ],
    ['a column twice', '"name":"nodes.parent"', '"name":"nodes.function"', /once/],
    ['a column that is missing', '"name":"waits.kind"', '"name":"waits.kin"', /waits\.kind/],
    ['a scale that is none', '"scale":1', '"scale":7', /scale/],
    ['figures that are none', '"wall":45', '"wall":1e999', /about\.wall/],
    ['a list for an object', '"modes":{', '"modes":[],"was":{', /about\.modes/],
  ])('refuses %s', async (_, from, to, message) => {
    const { directory, blocks } = whetParts(await writeWhet(small, plainCodec));
    expect(directory).toContain(from);
    await expect(
      readWhet(whetFile({ directory: directory.replace(from, to), blocks }), plainCodec),
    ).rejects.toThrow(message);
  });

  test('refuses a block that unpacks to more than it says, and one that says more than deflate can hold', async () => {
    const { directory, blocks } = whetParts(await writeWhet(small, plainCodec));
    const parsed = JSON.parse(directory) as { columns: { name: string; bytes: number; stored: number }[] };
    const at = parsed.columns.findIndex(({ name }) => name === 'strings.bytes');
    const column = parsed.columns[at] as { bytes: number; stored: number };
    const bomb = deflateRawSync(new Uint8Array(100_000));
    const forged = (bytes: number) => {
      Object.assign(column, { bytes, stored: bomb.length });
      const changed = blocks.map((block, i) => (i === at ? bomb : block));
      return whetFile(resealed({ directory: JSON.stringify(parsed), blocks: changed }));
    };
    await expect(readWhet(forged(1000), zlibCodec)).rejects.toMatchObject({ code: 'PROFILE_MALFORMED' });
    await expect(readWhet(forged(2 ** 30), zlibCodec)).rejects.toMatchObject({ code: 'PROFILE_MALFORMED' });
  });
});
