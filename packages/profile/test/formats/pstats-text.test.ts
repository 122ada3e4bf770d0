import { detectFormat, readPstatsText } from '@whetstone/profile';
import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pythons } from '../../../../scripts/pythons.mjs';
import { outcomeOf } from '../only-profile-errors.ts';
import { rowsOf } from '../pstats.ts';

const printed = readFileSync(new URL('../fixtures/python3.6.pstats.txt', import.meta.url));
const program = new URL('../fixtures/words.py', import.meta.url).pathname;
const heading = '   ncalls  tottime  percall  cumtime  percall filename:lineno(function)\n';

describe('readPstatsText', () => {
  test('reads what pstats prints', () => {
    expect(detectFormat(printed)).toBe('pstats');
    const profile = readPstatsText(printed);
    const rows = rowsOf(profile);
    expect(Object.keys(rows)).toHaveLength(16);
    expect(rows).toMatchObject({
      'words.py:15:fib': { calls: 465, primitive: 1, self: 0, total: 0 },
      'words.py:8:count': { calls: 50, primitive: 50, self: 1000, total: 3000 },
      '~:0:<built-in method time.sleep>': { calls: 1, self: 12_000, total: 12_000 },
    });
    expect(profile.about.wall).toBe(15_000);
  });

  describe.each(pythons)('$title', ({ path }) => {
    test.skipIf(path === null)('prints what is read', () => {
      const output = execFileSync(path!, ['-m', 'cProfile', program]);
      const [, calls] = /(\d+) function calls/.exec(output.toString())!;
      const rows = Object.values(rowsOf(readPstatsText(output)));
      expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(Number(calls));
    });
  });

  test('passes over what stands before and after, as a notebook has it', () => {
    const text = ` \n[1, 2]\n         4 function calls in 0.500 seconds\n\n   Ordered by: internal time\n\n${heading}        1    0.400    0.400    0.500    0.500 {built-in method builtins.exec}\n    20/10    0.100    0.005    0.100    0.010 <string>:1(a b)\n\n\nFunction was called by...\n`;
    const profile = readPstatsText(Buffer.from(text));
    expect(rowsOf(profile)).toMatchObject({
      '~:0:<built-in method builtins.exec>': { calls: 1, self: 400_000, total: 500_000 },
      '<string>:1:a b': { calls: 20, primitive: 10, self: 100_000 },
    });
    expect(profile.about.wall).toBe(500_000);
  });

  test('says what was expected at which byte', () => {
    const read = (text: string) => () => readPstatsText(Buffer.from(text));
    expect(read(heading)).toThrow('The table has no functions.');
    expect(read(`${heading}nonsense\n`)).toThrow(
      `Expected calls, times and a function, at byte ${heading.length}.`,
    );
  });

  test('is read or refused where it is damaged', async () => {
    for (let end = 0; end < printed.length; end += 5) {
      await outcomeOf(() => readPstatsText(printed.subarray(0, end)));
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(printed.length - 1), fc.uint8Array({ maxLength: 5 }), async (at, bytes) => {
        await outcomeOf(() =>
          readPstatsText(Buffer.concat([printed.subarray(0, at), bytes, printed.subarray(at + 3)])),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('is not mistaken in text that speaks of it', () => {
    expect(detectFormat(Buffer.from('The ncalls  tottime  percall columns'))).toBeNull();
  });
});
