import { fromBase64 } from '@whetstone/viewer/worker/from-base64.ts';
import { inflate } from '@whetstone/viewer/worker/inflate.ts';
import * as fc from 'fast-check';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

describe('fromBase64', () => {
  test('reads what others write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(fromBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
      }),
    );
  });
});

describe('inflate', () => {
  test('gives back what was packed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        expect(await inflate(deflateRawSync(bytes), bytes.length)).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  test('stops at the length that was announced', async () => {
    await expect(inflate(deflateRawSync(new Uint8Array(10_000_000)), 1000)).rejects.toThrow('1000 bytes');
  });
});
