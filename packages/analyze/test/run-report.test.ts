import { runReport } from '@whetstone/analyze';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile, recordedProfile } from '../../profile/test/arbitrary-profile.ts';
import { drawnRun } from './drawn-run.ts';

describe('functions', () => {
  test('are charged with themselves and with what they call', () => {
    const { functions } = runReport(profileOf('main 10', 'main;parse 30', '(idle) 60'));
    expect(functions.map(({ function: name, self, total }) => [name, self, total])).toEqual([
      ['parse', 30, 30],
      ['main', 10, 40],
    ]);
  });

  test('count recursion once', () => {
    const { functions } = runReport(profileOf('fib 1', 'fib;fib 2', 'fib;fib;fib 4', 'fib;add;fib 8'));
    expect(functions.find((row) => row.function === 'fib')).toMatchObject({
      self: 15,
      total: 15,
      gainAtMost: 1,
    });
  });

  test('can gain no more than their total', () => {
    const { functions } = runReport(profileOf('main 10', 'main;parse 30'));
    expect(functions.map(({ gainAtMost }) => gainAtMost)).toEqual([0.75, 1]);
  });

  test('are named with paths below the working directory, and whole ones elsewhere', () => {
    const { functions } = runReport(
      profileOf('a@/app/src/a.ts:1 4', 'b@/lib/b.js:2 3', 'c@/apple/c.js:1 2', 'd@node:fs:9 1'),
    );
    expect(functions.map(({ file }) => file)).toEqual(['src/a.ts', '/lib/b.js', '/apple/c.js', 'node:fs']);
  });

  test('that were only counted come last, with their calls', () => {
    const { functions } = runReport(
      drawnRun({ stacks: ['main@/app/a.ts:1 9'], calls: { 'log@/app/a.ts:5': 40 } }),
    );
    expect(functions.map(({ function: name, self, calls }) => [name, self, calls])).toEqual([
      ['main', 9, null],
      ['log', 0, 40],
    ]);
  });
});

describe('lines', () => {
  const run = drawnRun({
    stacks: [
      'main@/app/a.ts:1 7 at 3',
      'main@/app/a.ts:1;each@/app/a.ts:3 5 at 3',
      'main@/app/a.ts:1 4 at 2',
    ],
    hits: { 'main@/app/a.ts:1': { 3: 12 } },
    sources: { '/app/a.ts': 'function main() {\r\n  start();\r\n  xs.map((x) => x + 1);\r\n}' },
  });

  test('hold the time of every function on them, with their text', () => {
    expect(runReport(run).lines).toEqual([
      {
        file: 'a.ts',
        line: 3,
        function: 'main',
        self: 12,
        hits: 12,
        text: '  xs.map((x) => x + 1);',
        allocated: null,
        resident: null,
        states: {},
      },
      {
        file: 'a.ts',
        line: 2,
        function: 'main',
        self: 4,
        hits: null,
        text: '  start();',
        allocated: null,
        resident: null,
        states: {},
      },
    ]);
  });

  test('have no text where the source was left out', () => {
    const { lines } = runReport(
      drawnRun({ stacks: ['main@/app/a.ts:1 7 at 3'], sources: { '/app/a.ts': null } }),
    );
    expect(lines[0]).toMatchObject({ line: 3, text: null });
  });
});

describe('waits', () => {
  test('of nobody have no place', () => {
    const run = drawnRun({ stacks: ['main 5', '(waiting) 5'], waits: [{ duration: 5, charged: 5 }] });
    const node = Int32Array.of(run.nodes.function.length - 1);
    const [wait] = runReport({ ...run, waits: { ...run.waits, node } }).waits;
    expect(wait).toMatchObject({ file: '', line: 0, function: '', call: 'fetch' });
  });
});

describe('the split of the time', () => {
  test('is the operating system’s: what nobody explains is left over', () => {
    const { time } = runReport(
      drawnRun({
        stacks: ['main 30'],
        thread: { wall: 100, cpu: 30, queued: 10, asleep: 60 },
        about: { modes: { counts: false, waits: true, deopts: false, attached: false } },
        waits: [{ duration: 70, charged: 45 }],
      }),
    );
    expect(time).toMatchObject({
      wall: 100,
      cpu: 30,
      queued: 10,
      asleep: 60,
      waiting: 45,
      unexplained: 15,
      collector: 0,
    });
  });

  test('has no queueing where the system does not tell, and no waits where nobody looked', () => {
    const { time } = runReport(
      drawnRun({ stacks: ['main 30'], thread: { wall: 100, cpu: 30, queued: null, asleep: null } }),
    );
    expect(time).toMatchObject({
      cpu: 30,
      queued: null,
      asleep: 70,
      waiting: null,
      unexplained: null,
      collector: null,
    });
  });

  test('knows no waits of a program that nobody looked into', () => {
    const modes = { counts: false, waits: true, deopts: false, attached: false };
    const { time } = runReport(
      drawnRun({ thread: { wall: 100, cpu: 30, samples: { taken: 0, rejected: 0 } }, about: { modes } }),
    );
    expect(time).toMatchObject({ asleep: 70, waiting: null, unexplained: null, collector: null });
  });

  test('is that of the samples in a file without the system’s figures', () => {
    const { time } = runReport(
      drawnRun({
        stacks: ['main 30', '(garbage collector) 5', '(idle) 65'],
        thread: { cpu: null, queued: null },
        about: { cpu: null },
      }),
    );
    expect(time).toMatchObject({ kind: 'sampled', wall: 100, cpu: 35, asleep: 65, collector: 5 });
  });

  test('has the collector’s pauses as they were measured', () => {
    const report = runReport(
      drawnRun({
        stacks: ['main 90', '(garbage collector) 10'],
        collections: [
          ['scavenge', 0, 6],
          ['scavenge', 50, 8],
        ],
      }),
    );
    expect(report.time.collector).toBe(14);
    expect(report.collections).toEqual([{ kind: 'scavenge', count: 2, time: 14, longest: 8 }]);
  });

  test('lets pauses of the collector hold waiting for a core, and so be more than was computed', () => {
    const { time } = runReport(
      drawnRun({
        stacks: ['main 10', '(garbage collector) 10'],
        thread: { wall: 100, cpu: 20, queued: 60 },
        collections: [['scavenge', 0, 45]],
      }),
    );
    expect(time).toMatchObject({ cpu: 20, queued: 60, collector: 45 });
  });
});

describe('waits', () => {
  test('are added up by place, call and target; only the main thread’s are charged', () => {
    const at = ['query@/app/db.ts:40', 42] as const;
    const { waits } = runReport(
      drawnRun({
        threads: [{ thread: 1, name: 'worker' }],
        waits: [
          { at, target: 'db:1', duration: 5, charged: 4, longest: 5 },
          { at, target: 'db:1', duration: 9, charged: 8, longest: 7, count: 3 },
          { at, target: 'db:2', duration: 1, charged: 1 },
          { at, target: 'db:1', duration: 2, charged: 2, thread: 1 },
        ],
      }),
    );
    expect(waits).toEqual([
      {
        file: 'db.ts',
        line: 42,
        function: 'query',
        kind: 'http',
        call: 'fetch',
        target: 'db:1',
        count: 5,
        time: 16,
        charged: 12,
        longest: 7,
      },
      {
        file: 'db.ts',
        line: 42,
        function: 'query',
        kind: 'http',
        call: 'fetch',
        target: 'db:2',
        count: 1,
        time: 1,
        charged: 1,
        longest: 1,
      },
    ]);
  });
});

describe('a wait that took longer than another', () => {
  test('comes first, though it cost the main thread less', () => {
    const { waits } = runReport(
      drawnRun({
        waits: [
          { at: ['query@/app/db.ts:40', 42], duration: 5, charged: 4 },
          { at: ['beat@/app/beat.ts:1', 2], duration: 9, charged: 1 },
        ],
      }),
    );
    expect(waits.map(({ file }) => file)).toEqual(['beat.ts', 'db.ts']);
  });
});

describe('marks', () => {
  const stacks = ['load@/app/a.ts:1 10 at 2', 'work@/app/a.ts:5 20 at 6', 'load@/app/a.ts:1 30 at 2'];

  test('of regions select the time inside them; counts, which are of the whole run, are left out', () => {
    const report = runReport(
      drawnRun({
        stacks,
        marks: [
          ['region', 'first', 5, 15],
          ['region', 'inner', 6, 2],
        ],
        calls: { 'load@/app/a.ts:1': 2 },
      }),
    );
    expect(report.functions.map(({ function: name, self, calls }) => [name, self, calls])).toEqual([
      ['work', 10, null],
      ['load', 5, null],
    ]);
    expect(report.about.sampled).toBe(15);
    expect(report.regions).toEqual([
      { name: 'first', count: 1, time: 15 },
      { name: 'inner', count: 1, time: 2 },
    ]);
  });

  test.each(['work', 'work (/app/a.ts:5:1)', '/app/a.ts:5', 'a.ts:6'])(
    'of a function (%s) list it line by line',
    (name) => {
      const report = runReport(
        drawnRun({ stacks, marks: [['function', name, 0, 0]], lastLines: { 'work@/app/a.ts:5': 7 } }),
      );
      expect(report.marked).toMatchObject([
        {
          function: 'work',
          line: 5,
          lastLine: 7,
          self: 20,
          lines: [{ line: 5 }, { line: 6, self: 20, share: 1 }, { line: 7 }],
        },
      ]);
      // A mark of a function adds its listing, and takes nothing away.
      expect(report.about.sampled).toBe(60);
    },
  );
});

describe('every profile', () => {
  test('gives a report whose parts add up', () => {
    fc.assert(
      fc.property(recordedProfile, (profile) => {
        const { functions, lines, time, about } = runReport(profile);
        const selves = functions.reduce((sum, { self }) => sum + self, 0);
        // The builder names its root functions as it likes, `(root)` too.
        if (!functions.some(({ function: name }) => name === '(root)'))
          expect(selves).toBeCloseTo(about.sampled, 3);
        expect(lines.reduce((sum, { self }) => sum + self, 0)).toBeLessThanOrEqual(
          about.sampled * (1 + 1e-9) + 1e-6,
        );
        expect(time.cpu + (time.queued ?? 0) + time.asleep).toBeCloseTo(time.wall, 3);
        for (const { gainAtMost, self, total } of functions) {
          expect(gainAtMost).toBeGreaterThanOrEqual(0);
          expect(gainAtMost).toBeLessThanOrEqual(1);
          expect(total).toBeGreaterThanOrEqual(self * (1 - 1e-9) - 1e-6);
        }
      }),
    );
  });

  test('that the builder can make gives a report that JSON can hold', () => {
    fc.assert(
      fc.property(arbitraryProfile, (profile) => {
        const report = runReport(profile);
        expect(JSON.parse(JSON.stringify(report))).toBeTypeOf('object');
      }),
    );
  });
});
