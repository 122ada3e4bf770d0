import {
  formatAddress,
  readAddress,
  sortColumns,
  start,
  views,
  type Address,
} from '@whetstone/viewer/address.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const row = fc.integer({ min: -1, max: 1e9 });
const anyAddress: fc.Arbitrary<Address> = fc.record({
  view: fc.constantFrom(...views),
  thread: fc.integer({ min: -1, max: 1000 }),
  waiting: fc.boolean(),
  colours: fc.constantFrom('code', 'states'),
  range: fc.option(
    fc
      .tuple(fc.nat(1e9), fc.integer({ min: 1, max: 1e9 }))
      .map(([from, span]) => [from, from + span] as const),
  ),
  query: fc.string({ unit: 'grapheme' }),
  function: row,
  node: row,
  zoom: row,
  file: row,
  line: fc.nat(1e6),
  sort: fc.constantFrom(...sortColumns),
  descending: fc.boolean(),
});

describe('the address', () => {
  test('holds all that is shown', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(readAddress(`#${formatAddress(address)}`)).toEqual(address);
      }),
    );
  });

  test('is short where nothing was chosen', () => {
    expect(formatAddress(start)).toBe('overview');
  });

  test('may be anything', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(views).toContain(readAddress(text).view);
      }),
    );
    expect(readAddress('#table?time=9-3&function=x&sort=__proto__')).toEqual({ ...start, view: 'table' });
  });
});
