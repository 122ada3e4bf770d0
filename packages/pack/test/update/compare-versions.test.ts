import { compareVersions } from '@whetstone/pack';
import { expect, test } from 'vitest';

test.each([
  ['1.0.0', '1.0.1'],
  ['1.9.0', '1.10.0'],
  ['1.0.0-alpha', '1.0.0-alpha.1'],
  ['1.0.0-alpha.1', '1.0.0-alpha.beta'],
  ['1.0.0-beta.2', '1.0.0-beta.11'],
  ['1.0.0-rc.1', '1.0.0'],
  ['0.0.0', '0.0.1-0'],
  ['1.2.dev1', '1.2a1'],
  ['1.2a1', '1.2b1'],
  ['1.2b2', '1.2rc1'],
  ['1.2rc1', '1.2'],
  ['1.2', '1.2.post1'],
  ['1.2.post1', '1.3.dev0'],
  ['2026.1', '2026.10'],
  ['9007199254740993.0', '9007199254740994.0'],
])('%s comes before %s', (earlier, later) => {
  expect(compareVersions(earlier, later)).toBeLessThan(0);
  expect(compareVersions(later, earlier)).toBeGreaterThan(0);
});

test.each([
  ['1.0', '1.0.0'],
  ['1.0.0+abc', '1.0.0+def'],
  ['1.2.3', '1.2.3'],
])('%s and %s are the same', (a, b) => {
  expect(compareVersions(a, b)).toBe(0);
});

test('has no order for what is no version', () => {
  for (const text of ['nightly', 'abc.1', 'a1b2']) expect(compareVersions('1.0.0', text)).toBeNull();
});
