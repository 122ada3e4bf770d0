import { createHash } from 'node:crypto';
import { nodeHasIt, zstdCompressor, zstdDecompressor } from '@whetstone/pack';
import { describe, expect, test } from 'vitest';

/** What zstd 1.5.7 makes of {@link block}, by level: both libraries must. */
const expected: Readonly<Record<number, string>> = {
  3: '21213c513f90ccd3e79d812486238ea333483609ae9bda0a5769015302ad9b03',
  15: 'df24285f6c117366cccf92f67237b164c7d9d867a615d3aad362da6410025b9d',
  19: '4afd82496a0fa742a1538f7aada854fb972fadd0dd2c481a8229f21b5470ec75',
};

/** 100,000 bytes with repetitions near and far, the same on every machine. */
function block(): Uint8Array {
  const bytes = new Uint8Array(100_000);
  let state = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[at] = at > 2000 && state % 7 !== 0 ? bytes[at - 1000 - (state % 3)]! : (state >> 8) % 32;
  }
  return bytes;
}

test.skipIf(!nodeHasIt()).each([131_072, 131_073, 262_144, 400_000, 1_048_576])(
  'both make the same of %i bytes, now and in a thread (skipped where this Node has no zstd 1.5.7)',
  async (size) => {
    const [node, wasm] = [await zstdCompressor(5, 'node'), await zstdCompressor(5, 'wasm')];
    try {
      // A part of a larger buffer, as the blocks of a runtime are.
      const part = Buffer.concat(Array.from({ length: 12 }, block)).subarray(1000, 1000 + size);
      const now = Buffer.from(wasm.compressNow(part));
      expect(now.equals(node.compressNow(part))).toBe(true);
      for (const { compress } of [node, wasm]) expect(now.equals(await compress(part))).toBe(true);
    } finally {
      await Promise.all([node.close(), wasm.close()]);
    }
  },
);

describe.each(['wasm', 'node'] as const)('the zstd of %s', (from) => {
  test.skipIf(from === 'node' && !nodeHasIt()).each(Object.entries(expected))(
    'makes the bytes that every machine makes at level %s (skipped where this Node has no zstd 1.5.7)',
    async (level, hash) => {
      const compressor = await zstdCompressor(Number(level), from);
      try {
        const now = compressor.compressNow(block());
        const later = await Promise.all([1, 2, 3, 4].map(() => compressor.compress(block())));
        for (const packed of [now, ...later])
          expect(createHash('sha256').update(packed).digest('hex')).toBe(hash);
        const decompress = await zstdDecompressor(from);
        expect(Buffer.from(decompress(now, 100_000)).equals(block())).toBe(true);
      } finally {
        await compressor.close();
      }
    },
  );

  test.skipIf(from === 'node' && !nodeHasIt())(
    'refuses what is no frame, or holds more than it may (skipped where this Node has no zstd 1.5.7)',
    async () => {
      const compressor = await zstdCompressor(3, from);
      const packed = compressor.compressNow(block());
      await compressor.close();
      const decompress = await zstdDecompressor(from);
      const damaged = expect.objectContaining({ code: 'PACK_IMAGE_DAMAGED' });
      expect(() => decompress(packed, 99_999)).toThrow(damaged);
      expect(() => decompress(packed.subarray(0, 50), 100_000)).toThrow(damaged);
      expect(() => decompress(Buffer.from('no frame at all'), 100_000)).toThrow(damaged);
      expect(() => decompress(new Uint8Array(0), 100_000)).toThrow(damaged);
    },
  );
});
