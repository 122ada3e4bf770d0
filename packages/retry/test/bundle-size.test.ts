import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';

/** Bytes, minified and compressed. */
async function sizeOf(contents: string): Promise<number> {
  return gzipSync(await bundled(contents), { level: 9 }).length;
}

// 3 KB: what a loop written by hand is worth being replaced by.
test('import { retry } takes at most 3 KB', async () => {
  expect(await sizeOf(`export { retry } from '@whetstone/retry'`)).toBeLessThanOrEqual(3072);
});

test('strategies cost only where they are imported', async () => {
  expect(await bundled(`export { retry } from '@whetstone/retry'`)).not.toMatch(/decorrelated|retry-after/);
  expect(await sizeOf(`export { ifError } from '@whetstone/retry'`)).toBeLessThan(512);
});

test('importing does nothing', async () => {
  expect((await bundled(`import '@whetstone/retry'; import '@whetstone/retry/testing'`)).trim()).toBe('');
});
