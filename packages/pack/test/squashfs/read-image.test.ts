import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bytesSource, type PackError, readImage } from '@whetstone/pack';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fileEntry, imageFile } from '../image-file.ts';

let image: Buffer;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'whetstone-pack-'));
  image = await imageFile(path.join(folder, 'image'), [
    fileEntry('large', Buffer.alloc(140_000, 'pattern')),
    ...Array.from({ length: 40 }, (_, row) => fileEntry(`folder/${row % 5}/file ${row}`, `content ${row}`)),
    { kind: 'link', path: 'link', target: 'folder' },
  ]);
  rmSync(folder, { recursive: true });
});

/** Reads all that an image says it has; the code of what it threw, if it did. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    let read = 0;
    for (const entry of (await readImage(bytesSource(bytes))).walk()) {
      expect(entry.path.split('/')).not.toContain('..');
      for (const block of entry.content()) {
        read += block.length;
        // A file may say that it is large, and be zeros that nobody stored.
        if (read > 1e7) break;
      }
    }
    return 'read';
  } catch (error) {
    // Anything else than a PackError is a bug.
    if ((error as Error).name !== 'PackError') throw error;
    return (error as PackError).code;
  }
}

const codes = ['read', 'PACK_IMAGE_DAMAGED', 'PACK_IMAGE_UNSUPPORTED'];

describe('reading an image', () => {
  test('ends with an error that has a code, whatever bytes are changed', async () => {
    const change = fc.tuple(fc.nat(image.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(image);
        for (const [at, value] of changes) bytes[at] = value;
        expect(codes).toContain(await outcome(bytes));
      }),
      { numRuns: 200 },
    );
  });

  test('ends with an error that has a code, whatever its superblock and tables say', async () => {
    const width = fc.constantFrom(1, 2, 4, 8);
    const where = fc.oneof(
      fc.nat(95),
      fc.nat(Math.min(2000, image.length - 9)).map((back) => image.length - 9 - back),
    );
    const edge = fc.constantFrom(
      0n,
      1n,
      3n,
      0x7fn,
      0xffn,
      0x7f_ffn,
      0xff_ffn,
      0xff_ff_ff_ffn,
      2n ** 40n,
      2n ** 63n,
      2n ** 64n - 1n,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(where, width, edge), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Buffer.from(image);
          for (const [at, size, value] of changes) {
            const word = Buffer.alloc(8);
            word.writeBigUInt64LE(value);
            bytes.set(word.subarray(0, size), at);
          }
          expect(codes).toContain(await outcome(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('ends with an error where it is cut off', async () => {
    const { bytesUsed } = await readImage(bytesSource(image));
    // Behind that, zeros fill it up.
    for (let size = 0; size < bytesUsed; size += 7)
      expect(await outcome(image.subarray(0, size)), `${size} bytes`).toBe('PACK_IMAGE_DAMAGED');
  });

  test('ends with an error for what is no image', async () => {
    expect(await outcome(Buffer.from('no image'))).toBe('PACK_IMAGE_DAMAGED');
    expect(await outcome(Buffer.alloc(5000, 0xff))).toBe('PACK_IMAGE_DAMAGED');
  });
});
