import { formatBytes, formatCount, formatPercent, formatRatio, formatTime } from '@whetstone/profile';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  [412_000, '412 ms'],
  [3.59, '3.59 µs'],
  [4_620_000, '4.62 s'],
  [0, '0 s'],
  [0.0124, '12.4 ns'],
  [999.4, '999 µs'],
  [999.6, '1.00 ms'],
  [9.999, '10.0 µs'],
  [99.96, '100 µs'],
  [999_949_999, '16.7 min'],
  [90e6, '90.0 s'],
  [750e6, '12.5 min'],
  [3 * 3600e6, '3.00 h'],
  [4000 * 3600e6, '4,000 h'],
  [-1500, '-1.50 ms'],
  [null, '?'],
  [Number.NaN, '?'],
])('formatTime(%s) is %s', (time, expected) => {
  expect(formatTime(time)).toBe(expected);
});

test.each([
  [1_180_000_000, '1.18 GB'],
  [512, '512 B'],
  [0, '0 B'],
  [999.7, '1.00 kB'],
  [1000, '1.00 kB'],
  [999_600, '1.00 MB'],
  [-2048, '-2.05 kB'],
  [-0.2, '0 B'],
  [null, '?'],
])('formatBytes(%s) is %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

test.each([
  [2_692_537, '2,692,537'],
  [5_000_000_000, '5,000,000,000'],
  [999, '999'],
  [0, '0'],
  [-1234.4, '-1,234'],
  [null, '?'],
])('formatCount(%s) is %s', (count, expected) => {
  expect(formatCount(count)).toBe(expected);
});

test('formatPercent gives one decimal', () => {
  expect(formatPercent(0.341)).toBe('34.1 %');
  expect(formatPercent(1)).toBe('100.0 %');
  expect(formatPercent(-0.0001)).toBe('0.0 %');
  expect(formatPercent(12.5)).toBe('1,250.0 %');
  expect(formatPercent(null)).toBe('?');
});

test('formatRatio gives two decimals', () => {
  expect(formatRatio(1.04)).toBe('1.04×');
  expect(formatRatio(12.3)).toBe('12.30×');
  expect(formatRatio(null)).toBe('?');
});

test('a time has at most three significant digits below a thousand hours, whatever it is', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 3e12, noNaN: true }), (time) => {
      expect(formatTime(time)).toMatch(/^(?:\d\.\d\d|\d\d\.\d|\d{3}) (?:ns|µs|ms|s|min|h)$/);
    }),
  );
});
