import {
  categories,
  detectFormat,
  functionTotals,
  readProf,
  writeProf,
  type Profile,
} from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { pythons } from '../../../../scripts/pythons.mjs';
import { arbitraryProfile, recordedProfile } from '../arbitrary-profile.ts';
import { outcomeOf } from '../only-profile-errors.ts';
import { inFolder, pstatsOf, pstatsOfWritten, rowsOf, type PstatsRow } from '../pstats.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const program = new URL('../fixtures/words.py', import.meta.url).pathname;
const written = (profile: Profile) => Buffer.concat([...writeProf(profile)]);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** Equal but for the last digits: our times are microseconds, those of `pstats` seconds. */
function expectSame(found: Record<string, PstatsRow>, expected: Record<string, PstatsRow>, callers = true) {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, row] of Object.entries(expected)) {
    const ours = found[name];
    expect([name, ours.calls, ours.primitive]).toEqual([name, row.calls, row.primitive]);
    expect(ours.self / 1e6).toBeCloseTo(row.self, 9);
    expect(ours.total / 1e6).toBeCloseTo(row.total, 9);
    if (!callers) continue;
    expect(Object.keys(ours.callers).toSorted()).toEqual(Object.keys(row.callers).toSorted());
    for (const [caller, [calls, self]] of Object.entries(row.callers)) {
      expect(ours.callers[caller][0]).toBeCloseTo(calls, 6);
      expect(ours.callers[caller][1] / 1e6).toBeCloseTo(self, 6);
    }
  }
}

describe.each(pythons)('$title', ({ path: python }) => {
  const recorded = () =>
    inFolder((folder) => {
      const file = path.join(folder, 'words.prof');
      execFileSync(python!, ['-m', 'cProfile', '-o', file, program]);
      return { bytes: readFileSync(file), stats: pstatsOf(python!, file) };
    });

  test.skipIf(python === null)('reads its .prof as its pstats does', () => {
    const { bytes, stats } = recorded();
    const profile = readProf(bytes);
    expectSame(rowsOf(profile), stats.rows);
    expect(profile.about.wall / 1e6).toBeCloseTo(stats.time, 9);
  });

  test.skipIf(python === null)('writes a .prof that its pstats loads, the same again', () => {
    const { bytes, stats } = recorded();
    const loaded = pstatsOfWritten(python!, readProf(bytes));
    expect(loaded.calls).toBe(stats.calls);
    expect(loaded.time).toBeCloseTo(stats.time, 9);
    for (const [name, row] of Object.entries(stats.rows)) {
      const { self, total, calls, primitive, callers } = loaded.rows[name];
      expect([calls, primitive]).toEqual([row.calls, row.primitive]);
      expect(self).toBeCloseTo(row.self, 9);
      expect(total).toBeCloseTo(row.total, 9);
      expect(Object.fromEntries(Object.entries(callers).map(([caller, [count]]) => [caller, count]))).toEqual(
        Object.fromEntries(Object.entries(row.callers).map(([caller, [count]]) => [caller, count])),
      );
    }
  });

  test.skipIf(python === null)('loads what is written of any profile', () => {
    const profile = profileOf('main@/app/main.py:3 10', 'main@/app/main.py:3;ü;main@/app/main.py:3 30');
    const { rows } = pstatsOfWritten(python!, profile);
    expect(rows).toMatchObject({
      '/app/main.py:3:main': { calls: 0, self: 40e-6, total: 40e-6 },
      '/app/app.ts:0:ü': { calls: 0, self: 0, total: 30e-6 },
    });
  });
});

describe('readProf', () => {
  test('reads what Python 2.7 wrote', () => {
    const profile = readProf(fixture('python2.7.prof'));
    expect(rowsOf(profile)).toMatchObject({
      'words.py:15:fib': {
        calls: 465,
        primitive: 1,
        callers: { 'words.py:27:main': [1, expect.any(Number)] },
      },
      'words.py:8:count': { calls: 50, primitive: 50 },
      "~:0:<method 'get' of 'dict' objects>": { calls: 20_000 },
    });
    expect(profile.about).toMatchObject({ runtime: { name: 'cpython' }, modes: { counts: true } });
    expect(profile.about.warnings.map(({ code }) => code)).toContain('paths-estimated');
  });

  test('tells PyPy by what it calls a function of its own', () => {
    const profile = readProf(fixture('pypy7.3.prof'));
    expect(profile.about.runtime.name).toBe('pypy');
    expect(rowsOf(profile)).toMatchObject({ 'words.py:15:fib': { calls: 465 } });
  });

  test('reads the primitive calls of yappi where yappi has them', () => {
    expect(rowsOf(readProf(fixture('yappi.pstat')))).toMatchObject({
      'words.py:15:fib': { calls: 465, primitive: 1 },
      'words.py:19:even': { calls: 11, primitive: 1 },
    });
  });

  test('makes call paths whose times are those of the functions', () => {
    const profile = readProf(fixture('python2.7.prof'));
    const { self, total } = functionTotals(profile);
    const rows = rowsOf(profile);
    const names = Array.from(profile.functions.name, (name) => profile.strings[name]);
    for (const name of ['count', 'main', '<time.sleep>', '<module>']) {
      const f = names.indexOf(name);
      const row = Object.entries(rows).find(([key]) => key.endsWith(`:${name}`))![1];
      expect(self[f]).toBeCloseTo(row.self, 3);
      // The profiler's own rounding apart.
      expect(Math.abs(total[f] - row.total)).toBeLessThan(5);
    }
  });

  test('keeps the sum of all times, whatever calls what', () => {
    const figures = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(1000), fc.nat(1000));
    const table = fc.array(fc.tuple(figures, fc.array(fc.tuple(fc.nat(9), figures), { maxLength: 4 })), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(table, (functions) => {
        const profile = readProf(marshalled(functions));
        const { self } = functionTotals(profile);
        expect(sum(self)).toBeCloseTo(sum(functions.map(([[, , own]]) => own * 1e6)), 0);
      }),
    );
  });

  test('ends soon where paths multiply', () => {
    // Each of 40 functions calls the next twice over two others: a million million paths.
    const functions = Array.from({ length: 120 }, (_, f): Entry => {
      const layer = Math.floor(f / 3);
      const above = layer === 0 ? [] : [0, 1, 2].map((i) => layer * 3 - 3 + i);
      return [[3, 3, 1, 1000], above.map((caller) => [caller, [1, 1, 0, 400]])];
    });
    const profile = readProf(marshalled(functions));
    expect(profile.nodes.parent.length).toBeLessThan(400_000);
    expect(sum(functionTotals(profile).self)).toBeCloseTo(120e6, 0);
  });

  test('says what was expected at which byte', () => {
    const read =
      (...bytes: (number | string)[]) =>
      () =>
        readProf(Buffer.from(bytes.map((each) => (typeof each === 'string' ? each.charCodeAt(0) : each))));
    expect(read('{', '0')).toThrow(/no functions/);
    expect(read('[', 0)).toThrow('Expected a dict, found type 0x5b, at byte 0.');
    expect(read('{', ')', 3, 'z', 9)).toThrow('Expected 9 more bytes at byte 5, found the end of the file.');
    expect(read('{', 'r', 0, 0, 0, 0)).toThrow(/a reference to one of 0/);
    expect(read('{', ...Array.from({ length: 9 }, () => [')', 1]).flat())).toThrow(/at most 4 tuples/);
    expect(read('{', '(', 255, 255, 255, 127)).toThrow(/at most 255 values/);
  });

  test('refuses a dict that is referred to, which could stand for a million entries in a few bytes', () => {
    const key = [...tuple(3), 'z', 0, 'i', 1, 0, 0, 0, 'z', 0];
    const numbers = Array.from({ length: 4 }, () => ['i', 0, 0, 0, 0]).flat();
    const bytes = [
      '{',
      ...key,
      ...tuple(5),
      ...numbers,
      0xfb,
      '0',
      ...key,
      ...tuple(5),
      ...numbers,
      'r',
      0,
      0,
      0,
      0,
    ];
    expect(() =>
      readProf(Buffer.from(bytes.map((each) => (typeof each === 'string' ? each.charCodeAt(0) : each)))),
    ).toThrow(/Expected a dict, found type 0x72/);
  });

  test.each(['python2.7.prof', 'pypy7.3.prof', 'yappi.pstat'])(
    '%s, damaged, is read or refused',
    async (name) => {
      const whole = fixture(name);
      for (let end = 0; end < whole.length; end += 3) {
        expect(['PROFILE_TRUNCATED', 'PROFILE_EMPTY']).toContain(
          await outcomeOf(() => readProf(whole.subarray(0, end))),
        );
      }
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          async (changes) => {
            const bytes = Buffer.from(whole);
            for (const [at, value] of changes) bytes[at] = value;
            await outcomeOf(() => readProf(bytes));
          },
        ),
        { numRuns: 2000 },
      );
    },
  );
});

describe('writeProf', () => {
  test('goes over the end of its buffer anywhere', () => {
    // Names of growing lengths put the end of the first 64 kB before every kind of figure.
    const stacks = Array.from({ length: 600 }, (_, i) => `main;f${'x'.repeat(i % 97)}${i} 7`);
    for (let shift = 0; shift < 12; shift++) {
      const profile = profileOf(`main${'y'.repeat(shift)} 5`, ...stacks);
      const { self } = functionTotals(readProf(written(profile)));
      expect(sum(self)).toBeCloseTo(5 + 600 * 7, 6);
    }
  });

  test('comes back with the same times, functions and totals', () => {
    fc.assert(
      fc.property(recordedProfile, (profile) => {
        const again = readProf(written(profile));
        const own = Array.from(profile.functions.name, (name, f) =>
          [
            profile.strings[profile.functions.file[f]] || '',
            profile.functions.line[f],
            profile.strings[name] || '<anonymous>',
          ].join('\n'),
        );
        const found = Array.from(again.functions.name, (name, f) =>
          [again.strings[again.functions.file[f]], again.functions.line[f], again.strings[name]].join('\n'),
        );
        expect(new Set(found)).toEqual(new Set(own));
        expect(sum(functionTotals(again).self)).toBeCloseTo(sum(functionTotals(profile).self), 0);
      }),
    );
  });

  test('writes any profile so that it can be read', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProfile, async (profile) => {
        const bytes = written(profile);
        expect(detectFormat(bytes)).toBe('prof');
        await outcomeOf(() => readProf(bytes));
      }),
    );
  });

  test('says how often a function was called where that was counted, and by whom if there is one caller', () => {
    const profile = profileOf('main@/app/main.py:3 10', 'main@/app/main.py:3;leaf@/app/main.py:9 30');
    const counted: Profile = {
      ...profile,
      measures: [
        ...profile.measures,
        {
          name: 'calls',
          unit: 'count',
          kind: 'measured',
          per: 'function',
          row: Int32Array.of(1),
          line: Int32Array.of(0),
          thread: Int32Array.of(-1),
          value: Float64Array.of(5_000_000_000),
        },
      ],
    };
    expect(rowsOf(readProf(written(counted)))['/app/main.py:9:leaf']).toMatchObject({
      calls: 5_000_000_000,
      callers: { '/app/main.py:3:main': [5_000_000_000, 30] },
    });
  });
});

type Figures = readonly [primitive: number, calls: number, self: number, total: number];
type Entry = readonly [Figures, readonly (readonly [caller: number, Figures])[]];

/** A table of functions `0`, `1`, …, in the plainest types that marshal has. */
function marshalled(functions: readonly Entry[]): Buffer {
  const bytes: number[] = [];
  const put = (...values: (number | string)[]) =>
    bytes.push(...values.map((value) => (typeof value === 'string' ? value.charCodeAt(0) : value)));
  const number = (value: number) =>
    put('i', value & 255, (value >> 8) & 255, (value >> 16) & 255, value >> 24);
  const key = (f: number) => {
    put(...tuple(3), 'z', 1, 'f');
    number(1);
    put('z', String(f).length, ...String(f));
  };
  put('{');
  for (const [f, [figures, callers]] of functions.entries()) {
    key(f);
    put(...tuple(5));
    for (const figure of figures) number(figure);
    put('{');
    for (const [caller, of] of callers) {
      key(caller % functions.length);
      put(...tuple(4));
      for (const figure of of) number(figure);
    }
    put('0');
  }
  put('0');
  return Buffer.from(bytes);
}

function tuple(length: number): (number | string)[] {
  return ['(', length, 0, 0, 0];
}

test('what functions waited for is no computing', () => {
  for (const name of ['python2.7.prof', 'pypy7.3.prof']) {
    const { functions, strings, waits, nodes } = readProf(fixture(name));
    const f = Array.from(functions.name, (row) => strings[row]).findIndex((each) =>
      /time\.sleep>/.test(each),
    );
    expect(categories[functions.category[f]]).toBe('waiting');
    expect(waits.kind).toHaveLength(1);
    expect([strings[waits.kind[0]], strings[waits.call[0]], waits.count[0]]).toEqual([
      'sleep',
      'time.sleep',
      1,
    ]);
    expect(strings[functions.name[nodes.function[waits.node[0]]]]).toBe('main');
    expect(waits.longest[0]).toBe(waits.duration[0]);
  }
});

test.each([
  ['<built-in method time.sleep>', 'sleep'],
  ["<method 'poll' of 'select.epoll' objects>", 'poll'],
  ["<method 'acquire' of '_thread.lock' objects>", 'lock'],
  ["<method 'recv_into' of '_socket.socket' objects>", 'socket'],
  ['<built-in method posix.waitpid>', 'child'],
  ["<method 'get' of 'dict' objects>", undefined],
  ['<built-in method posix.read>', undefined],
])('%s', (name, kind) => {
  const table = marshalled([[[1, 1, 2, 2], []]])
    .toString('latin1')
    .replace('z\x010', `z${String.fromCharCode(name.length)}${name}`)
    .replace('z\x01f', 'z\x01~');
  const { waits, strings } = readProf(Buffer.from(table, 'latin1'));
  expect(Array.from(waits.kind, (row) => strings[row])).toEqual(kind === undefined ? [] : [kind]);
});
