import {
  callees,
  callers,
  functionLines,
  functionNames,
  matchFunctions,
  pathFilter,
} from '@whetstone/analyze';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordedProfile } from '../../profile/test/arbitrary-profile.ts';
import { drawnRun } from './drawn-run.ts';

const rows = (found: ReturnType<typeof callers>) =>
  found.rows.map(({ function: name, self, total }) => [name, self, total]);

describe('callers', () => {
  test('share the function’s time', () => {
    const found = callers(profileOf('load;parse 3', 'load;parse;split 4', 'save;parse 2', 'save 9'), 'parse');
    expect(found).toMatchObject({ self: 5, total: 9 });
    expect(rows(found)).toEqual([
      ['load', 3, 7],
      ['save', 2, 2],
    ]);
  });

  test('count a recursive call’s total where it was entered', () => {
    const found = callers(profileOf('main;fib 1', 'main;fib;fib 2', 'fib 4'), 'fib');
    expect(rows(found)).toEqual([
      ['(root)', 4, 4],
      ['main', 1, 3],
      ['fib', 2, 0],
    ]);
  });

  test('of a name that no function has are none', () => {
    expect(callers(profileOf('main 1'), 'mian')).toMatchObject({ of: [], rows: [], total: 0 });
  });

  test('have totals and selves that add up to the function’s', () => {
    fc.assert(
      fc.property(recordedProfile, fc.nat(), (profile, pick) => {
        const names = functionNames(profile);
        const found = callers(profile, names[pick % names.length]);
        expect(found.rows.reduce((sum, { total }) => sum + total, 0)).toBeCloseTo(found.total, 3);
        expect(found.rows.reduce((sum, { self }) => sum + self, 0)).toBeCloseTo(found.self, 3);
      }),
    );
  });
});

describe('callees', () => {
  test('and the function itself make up its total', () => {
    const found = callees(
      profileOf('main;parse 3', 'main;parse;split 4', 'main;parse;trim 2', 'main 9'),
      'parse',
    );
    expect(found).toMatchObject({ self: 3, total: 9 });
    expect(rows(found)).toEqual([
      ['split', 4, 4],
      ['trim', 2, 2],
    ]);
  });

  test('that call the function again are charged once', () => {
    const found = callees(profileOf('f 1', 'f;g 2', 'f;g;f 4', 'f;g;f;g 8'), 'f');
    expect(found.total).toBe(15);
    expect(rows(found)).toEqual([['g', 10, 14]]);
  });
});

describe('functionLines', () => {
  const run = drawnRun({
    stacks: [
      'sum@/app/a.ts:2 10 at 4',
      'sum@/app/a.ts:2;each@/app/a.ts:4 30 at 4',
      'other@/app/a.ts:9 5 at 9',
    ],
    calls: { 'sum@/app/a.ts:2': 2 },
    hits: { 'sum@/app/a.ts:2': { 3: 2, 4: 2000 } },
    lastLines: { 'sum@/app/a.ts:2': 5, 'each@/app/a.ts:4': 4 },
    sources: {
      '/app/a.ts': '// head\nfunction sum(xs) {\n  let s = 0;\n  for (const x of xs) s += f(x);\n}\n',
    },
  });

  test('ends somewhere where the last line is not known, however many are', () => {
    const hits = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [i + 1, 1]));
    const long = drawnRun({ stacks: ['data@/app/a.ts:1 10'], hits: { 'data@/app/a.ts:1': hits } });
    expect(functionLines(long, 'data')[0]!.lines[0]).toMatchObject({ line: 1, hits: 1 });
  });

  test('lists every line, with those that took no time and with functions inside', () => {
    const [listing] = functionLines(run, 'sum');
    expect(listing).toMatchObject({
      function: 'sum',
      file: 'a.ts',
      line: 2,
      lastLine: 5,
      self: 40,
      total: 40,
      calls: 2,
    });
    expect(listing.lines).toMatchObject([
      { line: 2, text: 'function sum(xs) {', hits: null, self: 0, share: 0 },
      { line: 3, text: '  let s = 0;', hits: 2, self: 0, share: 0 },
      { line: 4, text: '  for (const x of xs) s += f(x);', hits: 2000, self: 40, share: 1 },
      { line: 5, text: '}', hits: null, self: 0, share: 0 },
    ]);
  });

  test('ends at the last line that was seen where the end is not known', () => {
    expect(functionLines(run, 'other')[0]).toMatchObject({ line: 9, lastLine: 9 });
  });

  test('finds nothing for a name that no function has', () => {
    expect(functionLines(run, 'summ')).toEqual([]);
  });
});

describe('matchFunctions', () => {
  const profile = profileOf(
    'Reader.parse@/app/a.ts:1 1',
    'parse@/app/b.ts:7 1',
    '@/app/c.ts:3 1',
    'Reader.read@/app/a.ts:9 1',
  );
  const names = (name: string) =>
    matchFunctions(profile, name).map((f) => profile.strings[profile.functions.name[f]]);

  test.each([
    ['parse', ['parse']],
    ['read', ['Reader.read']],
    ['(anonymous)', ['']],
    ['b.ts:7', ['parse']],
    ['/app/a.ts:9', ['Reader.read']],
    ['nothing', []],
  ])('%s means %j', (name, found) => expect(names(name)).toEqual(found));
});

describe('pathFilter', () => {
  test.each([
    ['src', 'src/a.ts', true],
    ['src', 'lib/src/a.ts', true],
    ['src/parse', 'src/parser.ts', false],
    ['./src/', 'src/a.ts', true],
    ['src/*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/deep/a.ts', false],
    ['**/*.test.ts', 'a.test.ts', true],
    ['**/*.test.ts', 'src/deep/a.test.ts', true],
    ['node_modules', '/x/node_modules/zod/index.js', true],
    ['a+(b).ts', 'a+(b).ts', true],
  ])('%s, and %s: %s', (pattern, file, shown) => {
    expect(pathFilter([pattern], [])(file)).toBe(shown);
    expect(pathFilter([], [pattern])(file)).toBe(!shown);
  });
});
