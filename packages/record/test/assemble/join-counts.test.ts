import type { RawRecord } from '@whetstone/record/assembling';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coverageOf } from './coverage-of.ts';
import { figures, profileOf, rawOf } from './raw-of.ts';

const text = `'use strict';
function fib(n) {
  if (n < 2) {
    return n;
  }
  return fib(n - 1) + fib(n - 2);
}
const square = (x) => x * x;
let sum = 0;
for (let i = 0; i < 1000; i++) sum += square(i);
for (let i = 0; i < 10; i++) {
  if (i % 2 === 0) continue;
  sum += i;
}
function kind(n) {
  switch (n) {
    case 1:
      return 'one';
    default:
      return 'many';
  }
}
for (const n of [1, 1, 2]) kind(n);
function never() {
  return 1;
}
fib(20);
`;

describe('joinCounts', () => {
  let folder = '';
  let file = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assemble-test-'));
    file = join(folder, 'main.js');
    writeFileSync(file, text);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const names = (measure: Record<string, number>) =>
    Object.fromEntries(Object.entries(measure).map(([key, value]) => [key.replace(`${file}:`, ''), value]));

  async function counted(takes = 1, padding = 0) {
    const functions = (await coverageOf(file)).map(({ functionName, ranges }) => ({
      functionName,
      ranges: ranges.map((range) => ({
        ...range,
        startOffset: range.startOffset + (range.startOffset === 0 ? 0 : padding),
        endOffset: range.endOffset + padding,
      })),
    }));
    const counts: RawRecord = { type: 'counts', scripts: [{ url: file, scriptId: '1', functions }] };
    const script: RawRecord = {
      type: 'script',
      url: file,
      file,
      base: padding,
      lines: 30,
      padding,
      ran: null,
      map: 'none',
    };
    const records = [...(padding > 0 ? [script] : []), ...Array.from({ length: takes }, () => counts)];
    return profileOf(rawOf({ stacks: {} }), { [file]: text }, rawOf({ stacks: {}, records }));
  }

  test('counts calls of functions, also of those that were never sampled', async () => {
    expect(names(figures(await counted(), 'calls'))).toEqual({
      '(module) 0': 1,
      'fib 0': 21_891,
      'square 0': 1000,
      'kind 0': 3,
    });
  });

  test('counts how often control comes to a line', async () => {
    const hits = names(figures(await counted(), 'hits'));
    expect(hits).toMatchObject({
      'fib 2': 21_891,
      'fib 3': 21_891,
      'fib 4': 10_946,
      'fib 6': 10_945,
      'square 8': 1000,
      '(module) 10': 1000,
      '(module) 12': 10,
      '(module) 13': 5,
      'kind 18': 2,
      'kind 20': 1,
      '(module) 23': 3,
      '(module) 27': 1,
    });
  });

  test('adds up takes, beyond what 32 bits hold', async () => {
    const { functions } = { functions: await coverageOf(file) };
    const large = functions.map(({ functionName, ranges }) => ({
      functionName,
      ranges: ranges.map((range) => ({ ...range, count: range.count * 1_000_000 })),
    }));
    const counts: RawRecord = { type: 'counts', scripts: [{ url: file, scriptId: '1', functions: large }] };
    const profile = profileOf(
      rawOf({ stacks: {} }),
      { [file]: text },
      rawOf({ stacks: {}, records: [counts, counts] }),
    );
    expect(names(figures(profile, 'calls'))['fib 0']).toBe(43_782_000_000);
    expect(names(figures(profile, 'hits'))['fib 4']).toBe(21_892_000_000);
  });

  test('takes the padding of modules off', async () => {
    const [plain, padded] = [await counted(), await counted(1, 500)];
    expect(figures(padded, 'calls')).toEqual(figures(plain, 'calls'));
    expect(figures(padded, 'hits')).toEqual(figures(plain, 'hits'));
  });

  test('counts into the rows of the functions that were sampled', async () => {
    const functions = await coverageOf(file);
    const counts: RawRecord = { type: 'counts', scripts: [{ url: file, scriptId: '1', functions }] };
    const raw = rawOf({ version: 'v26.0.0', stacks: { [`fib ${file}:2:12`]: [4, 6] } });
    const profile = profileOf(raw, { [file]: text }, rawOf({ stacks: {}, records: [counts] }));
    const rows = [...profile.functions.name].filter((name) => profile.strings[name] === 'fib');
    expect(rows).toHaveLength(1);
  });
});
