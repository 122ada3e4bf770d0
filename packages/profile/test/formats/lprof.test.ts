import { detectFormat, readLprof, type Profile } from '@whetstone/profile';
import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { pythons } from '../../../../scripts/pythons.mjs';
import { outcomeOf } from '../only-profile-errors.ts';
import { inFolder } from '../pstats.ts';

const words = readFileSync(new URL('../fixtures/words.lprof', import.meta.url));

/** By function, then by line. */
function measureOf({ measures, functions, nodes, strings }: Profile, name: 'self' | 'hits') {
  const byLine: Record<string, Record<number, number>> = {};
  for (const measure of measures) {
    if (measure.name !== name) continue;
    for (let i = 0; i < measure.row.length; i++) {
      const f = measure.per === 'node' ? nodes.function[measure.row[i]] : measure.row[i];
      const lines = (byLine[strings[functions.name[f]]] ??= {});
      lines[measure.line[i]] = (lines[measure.line[i]] ?? 0) + measure.value[i];
    }
  }
  return byLine;
}

describe('readLprof', () => {
  test('reads hits and times of every line', () => {
    expect(detectFormat(words)).toBe('lprof');
    const profile = readLprof(words);
    expect(measureOf(profile, 'hits')).toEqual({
      count: { 10: 50, 11: 20_000, 12: 20_000, 13: 50 },
      fib: { 18: 465 },
      main: { 31: 50, 32: 50, 33: 1, 34: 1, 35: 1, 36: 1 },
    });
    expect(measureOf(profile, 'self').count[12]).toBeCloseTo(31_760.6, 1);
    expect(profile.about.wall).toBeCloseTo(67_487.4, 0);
    expect(profile.about.warnings.map(({ code }) => code)).toContain('lines-with-callees');
  });

  const kernprof = pythons.find(({ path: python }) => python !== null && hasKernprof(python));

  test.skipIf(kernprof === undefined)(
    kernprof === undefined
      ? 'reads what line_profiler writes (skipped: no python3-line-profiler)'
      : 'reads what line_profiler writes, as it prints it',
    () =>
      inFolder((folder) => {
        const program = path.join(folder, 'loop.py');
        writeFileSync(
          program,
          '@profile\ndef f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\nf(100)\n',
        );
        const run = (...args: string[]) =>
          execFileSync(kernprof!.path!, args, { cwd: folder, encoding: 'utf8' });
        run('-m', 'kernprof', '-l', '-o', 'loop.lprof', program);
        const profile = readLprof(readFileSync(path.join(folder, 'loop.lprof')));
        const printed = [
          ...run('-m', 'line_profiler', 'loop.lprof').matchAll(/^ +(\d+) +(\d+) +(\d+\.\d)/gm),
        ];
        const times = measureOf(profile, 'self').f;
        expect(measureOf(profile, 'hits').f).toEqual(
          Object.fromEntries(printed.map(([, line, hits]) => [line, Number(hits)])),
        );
        for (const [, line, , time] of printed) expect(times[Number(line)]).toBeCloseTo(Number(time), 0);
      }),
  );

  const [python] = pythons.flatMap(({ path: file }) => file ?? []);

  test.skipIf(python === undefined)(
    python === undefined ? 'reads protocols 2 to 5 (skipped: no Python)' : 'reads protocols 2 to 5',
    () => {
      for (const protocol of [2, 3, 4, 5]) {
        const profile = readLprof(
          pickled(`LineStats({('a.py', 1, 'ä'): [(3, 2**40, 7), (4, 1, 2**33)]}, 1e-6)`, protocol),
        );
        expect(measureOf(profile, 'hits')).toEqual({ ä: { 3: 2 ** 40, 4: 1 } });
        expect(measureOf(profile, 'self').ä[4]).toBeCloseTo(2 ** 33, 0);
      }
    },
  );

  test.skipIf(python === undefined)('makes nothing that a pickle asks for', () => {
    const bytes = pickled(`LineStats(Evil(), 1e-6)`, 4);
    expect(() => readLprof(bytes)).toThrow('Expected timings as a dict in what was read');
  });

  test.skipIf(python === undefined)('refuses lines that functions share', () => {
    const shared = pickled(
      `(lambda lines: LineStats({('a.py', n, 'f'): lines for n in range(2000)}, 1.0))([(1, 1, 1)] * 2000)`,
      4,
    );
    expect(() => readLprof(shared)).toThrow(/at most \d+ lines/);
  });

  test('says what was expected at which byte', () => {
    const read =
      (...bytes: number[]) =>
      () =>
        readLprof(Buffer.from(bytes));
    expect(read(0x80, 4, 0x2e)).toThrow('Expected something on the stack, at byte 2.');
    expect(read(0x80, 4, 0x4b)).toThrow('Expected 1 more byte at byte 3, found the end of the file.');
    expect(read(0x80, 4, 0x69)).toThrow('Expected plain data, found the instruction 0x69, at byte 2.');
    expect(read(0x80, 4, 0x5d, 0x2e)).toThrow(/Expected a LineStats of line_profiler/);
    expect(read(0x80, 4, 0x68, 7)).toThrow(/the number of a value, found 7/);
    expect(read(0x80, 4, 0x8a, 255, ...Array.from({ length: 255 }, () => 1))).toThrow(/at most 12 bytes/);
  });

  test('is read or refused where it is damaged', async () => {
    for (let end = 0; end < words.length; end++) {
      expect(await outcomeOf(() => readLprof(words.subarray(0, end)))).toBe('PROFILE_TRUNCATED');
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(words.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Buffer.from(words);
          for (const [at, value] of changes) bytes[at] = value;
          await outcomeOf(() => readLprof(bytes));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('reads any lines that fit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(65_535), fc.nat(65_535), fc.nat(65_535)), { minLength: 1 }),
        (lines) => {
          const profile = readLprof(pickleOf(lines));
          const total = lines.reduce((sum, [, , time]) => sum + time, 0);
          const self = Object.values(measureOf(profile, 'self').f).reduce((a, b) => a + b, 0);
          expect(self).toBeCloseTo(total * 1e6, 0);
        },
      ),
    );
  });

  function pickled(expression: string, protocol: number): Buffer {
    const script = `
import pickle, sys, types
module = types.ModuleType('_line_profiler'); sys.modules['_line_profiler'] = module
class LineStats:
    def __init__(self, timings, unit): self.timings, self.unit = timings, unit
LineStats.__module__ = '_line_profiler'; module.LineStats = LineStats
class Evil:
    def __reduce__(self): return (print, ('made',))
sys.stdout.buffer.write(pickle.dumps(${expression}, ${protocol}))
`;
    return execFileSync(python!, ['-c', script]);
  }
});

/** The `LineStats` of one function, with a unit of one second. */
function pickleOf(lines: readonly (readonly [number, number, number])[]): Buffer {
  const text = (value: string) => [0x8c, value.length, ...Buffer.from(value)];
  const number = (value: number) => [0x4d, value & 255, value >> 8];
  const before = [0x80, 4, ...text('m'), ...text('LineStats'), 0x93, 0x29, 0x81, 0x7d, 0x28];
  const key = [...text('a.py'), ...number(1), ...text('f'), 0x87, 0x5d, 0x28];
  return Buffer.from([
    ...before,
    ...text('unit'),
    ...number(1),
    ...text('timings'),
    0x7d,
    ...key,
    ...lines.flatMap((line) => [...line.flatMap(number), 0x87]),
    0x65,
    0x73,
    0x75,
    0x62,
    0x2e,
  ]);
}

function hasKernprof(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import line_profiler, kernprof'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
