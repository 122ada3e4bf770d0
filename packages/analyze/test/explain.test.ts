import { explain, findingIds, type FindingId } from '@whetstone/analyze';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile } from '../../profile/test/arbitrary-profile.ts';
import { findingRuns } from './finding-runs.ts';
import { drawnRun } from './drawn-run.ts';

describe.each(findingIds.map((id) => [id]))('%s', (id: FindingId) => {
  const [found] = explain(drawnRun(findingRuns[id].holds)).filter((finding) => finding.id === id);

  test('is found where it holds', () => expect(found).toMatchObject(findingRuns[id].found));

  test('is not found where it does not hold', () => {
    expect(explain(drawnRun(findingRuns[id].fails)).map((finding) => finding.id)).not.toContain(id);
  });

  test('has evidence that is known', () => {
    for (const value of Object.values(found.evidence)) {
      if (typeof value === 'number') expect(value).not.toBeNaN();
    }
  });
});

test('puts what makes the figures doubtful first, then the largest gain', () => {
  const found = explain(
    drawnRun({
      stacks: ['a@/app/a.ts:1 400000 at 2', '(garbage collector) 300000', 'b@/app/a.ts:9 100000'],
      thread: { wall: 1_000_000, cpu: 800_000, queued: 200_000 },
    }),
  );
  expect(found.map(({ id }) => id)).toEqual(['busy-machine', 'one-hot-line', 'collector']);
});

test('does not say that nothing stands out beside code without a file that does', () => {
  const found = explain(
    drawnRun({
      stacks: ['(anonymous)@:3 900000', 'main@/app/a.ts:1 50000 at 2', 'rest@/app/a.ts:9 50000 at 10'],
    }),
  ).map(({ id }) => id);
  expect(found).toContain('run-time-code');
  expect(found).not.toContain('evenly-spread');
});

test.each([
  [0, 1_500_000, '?'],
  [1_500_000, 1_500_000, 2],
])(
  'asks for more at once only where waits do not overlap: the second from %d on',
  (start, charged, apart) => {
    const wait = { at: ['ask@/app/db.ts:40', 42] as const, duration: 1_500_000 };
    const asleep = charged + (start > 0 ? charged : 0);
    const [found] = explain(
      drawnRun({
        stacks: ['main 100000'],
        thread: { wall: asleep + 100_000, cpu: 100_000, queued: 0, asleep },
        about: { modes: { counts: false, waits: true, deopts: false, attached: false } },
        waits: [
          { ...wait, charged },
          { ...wait, start, charged: asleep - charged },
        ],
      }),
    );
    expect(found).toMatchObject({ id: 'waiting-dominates', evidence: { apart } });
  },
);

test('says nothing of a run that was too short to sample', () => {
  expect(
    explain(drawnRun({ stacks: ['a@/app/a.ts:1 900 at 2'], thread: { samples: { taken: 3, rejected: 0 } } })),
  ).toEqual([]);
});

test('has bounds of gain between 0 and 1 for every profile', () => {
  fc.assert(
    fc.property(arbitraryProfile, (profile) => {
      for (const { gainAtMost } of explain(profile)) {
        if (gainAtMost !== null) expect(gainAtMost >= 0 && gainAtMost <= 1).toBe(true);
      }
    }),
  );
});

test('names of a function its largest line, and beside it the others', () => {
  const found = explain(
    drawnRun({
      stacks: [
        ...[3, 4, 5].map((line, i) => `find@/app/a.py:1 ${300_000 - i * 50_000} at ${line}`),
        'other@/app/a.py:9 250000 at 10',
      ],
      sources: { '/app/a.py': '\n\n        if order in seen: continue\n\n\n\n\n\n\n    for x in y: pass' },
    }),
  ).filter(({ id }) => id === 'one-hot-line');
  expect(found).toMatchObject([
    { where: { line: 3 }, evidence: { others: 'line 4 (25.0 %), line 5 (20.0 %)', searching: 'in' } },
    { where: { line: 10 }, evidence: { others: '', searching: '' } },
  ]);
});

test('finds lines of mixed types in a program whose loops and calls run fast', () => {
  const at = 'add@/app/a.py:1';
  const run = (generic: number) =>
    explain(
      drawnRun({
        stacks: [`${at} 1000000 at 2`],
        about: { runtime: { name: 'cpython', version: '3.11.2', path: '/usr/bin/python3' } },
        figures: [
          ['state:bytecode', at, 2, 1_000_000],
          ['work:generic', at, 2, generic],
          ['work:specialised', at, 2, 100_000],
          ['work:specialised', at, 3, 600_000],
        ],
      }),
    ).filter(({ id }) => id === 'generic-instructions');
  expect(run(100_000)).toMatchObject([{ where: { line: 2 }, evidence: { lines: 1, share: 0.1, part: 0.5 } }]);
  expect(run(20_000)).toEqual([]);
});

test.each([
  ['more than the sleep', 3_100_000, 3_000_000, 0],
  ['what its own work took', 3_000_000, 2_900_000, 100_000],
])(
  'names no part of the waiting that is larger than the whole: charged with %s',
  (_, charged, waiting, joined) => {
    const wait = { at: ['main@/app/a.py:1', 4] as const, kind: 'child', call: 'wait', duration: 3_000_000 };
    const found = explain(
      drawnRun({
        stacks: ['main@/app/a.py:1 0'],
        thread: { wall: 4_000_000, cpu: 1_000_000, queued: 0, asleep: 3_000_000 },
        threads: [{ thread: 1 }],
        about: { modes: { counts: false, waits: true, deopts: false, attached: false } },
        waits: [{ ...wait, charged }],
        moments: [
          [0, 'waiting', 'main@/app/a.py:1', 0, 3_000_000],
          [1, 'queued', 'spin@/app/a.py:8', 0, joined],
        ],
      }),
    ).find(({ id }) => id === 'waiting-dominates');
    expect(found).toMatchObject({
      evidence: { waiting, charged: waiting },
    });
  },
);

test.each([
  ['Thread.join', 'lock', 'queued', []],
  ['wait', 'child', 'bytecode', []],
  ['recv', 'socket', 'bytecode', ['waiting-dominates']],
  ['Thread.join', 'lock', 'waiting', ['waiting-dominates']],
])('says of %s on a %s while another thread is %s: %j', (call, kind, state, found) => {
  const wait = { at: ['main@/app/a.py:1', 4] as const, kind, call, duration: 3_000_000, charged: 3_000_000 };
  const run = drawnRun({
    stacks: ['main@/app/a.py:1 0'],
    thread: { wall: 4_000_000, cpu: 1_000_000, queued: 0, asleep: 3_000_000 },
    threads: [{ thread: 1 }],
    about: {
      modes: { counts: false, waits: true, deopts: false, attached: false },
      runtime: { name: 'cpython', version: '3.11.2', path: '/usr/bin/python3' },
    },
    waits: [wait],
    moments: [
      [0, 'waiting', 'main@/app/a.py:1', 0, 3_000_000],
      [1, state, 'spin@/app/a.py:8', 0, 3_000_000],
    ],
  });
  const ids = explain(run).map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith('waiting'))).toEqual(found);
});
