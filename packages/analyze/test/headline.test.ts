import { headline, runReport } from '@whetstone/analyze';
import { expect, test } from 'vitest';
import { drawnRun, type DrawnRun } from './drawn-run.ts';

const waits = { counts: false, waits: true, deopts: false, attached: false };
const asleep = { wall: 4_620_000, cpu: 1_000_000, queued: 0, asleep: 3_620_000 };
const spread = Array.from({ length: 20 }, (_, i) => `f${i}@/app/a.ts:${i + 1} 100000`);

/** The main thread waits for one of its own, which computes little in a machine that is busy. */
const joining: DrawnRun = {
  stacks: ['main@/app/a.py:1 0'],
  thread: asleep,
  threads: [{ thread: 1, name: 'spin' }],
  about: { modes: waits, runtime: { name: 'cpython', version: '3.11.2', path: '/usr/bin/python3' } },
  waits: [
    {
      at: ['main@/app/a.py:1', 4],
      kind: 'lock',
      call: 'Thread.join',
      duration: 3_100_000,
      charged: 3_100_000,
    },
  ],
};

const cases: readonly (readonly [string, DrawnRun])[] = [
  [
    'Waiting, not computing: 3.10 s of 4.62 s went to fetch at db.ts:42.',
    {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [{ at: ['q@/app/db.ts:40', 42], duration: 3_100_000, charged: 3_100_000 }],
    },
  ],
  [
    // A call that holds the thread is charged whole, with what it computed.
    'Waiting, not computing: 3.62 s of 4.62 s went to child_process.execSync at db.ts:42.',
    {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [
        {
          at: ['q@/app/db.ts:40', 42],
          kind: 'child',
          call: 'child_process.execSync',
          duration: 3_700_000,
          charged: 3_700_000,
        },
      ],
    },
  ],
  [
    "Waiting for the interpreter's lock: 3.10 s of 4.62 s went by at seal.py:4 while other threads had it.",
    {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [
        {
          at: ['seal@/app/seal.py:1', 4],
          kind: 'lock',
          call: 'GIL',
          duration: 3_100_000,
          charged: 3_100_000,
        },
      ],
    },
  ],
  [
    "Waiting for the program's own work: 3.00 s of 4.62 s went by, most in Thread.join at a.py:4, while spin worked or queued.",
    {
      ...joining,
      moments: [
        [0, 'waiting', 'main@/app/a.py:1', 0, 3_100_000],
        [1, 'bytecode', 'spin@/app/a.py:8', 100_000, 1_000_000],
        [1, 'queued', 'spin@/app/a.py:8', 1_100_000, 2_000_000],
      ],
    },
  ],
  [
    'Waiting, not computing: 3.10 s of 4.62 s went to Thread.join at a.py:4.',
    {
      ...joining,
      moments: [
        [0, 'waiting', 'main@/app/a.py:1', 0, 3_100_000],
        [1, 'waiting', 'spin@/app/a.py:8', 0, 3_100_000],
      ],
    },
  ],
  [
    'Waiting, not computing: 3.00 s of 4.62 s in 3 places, the most in fetch at a.ts:2.',
    {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [1, 2, 3].map((line) => ({
        at: ['q@/app/a.ts:1', line] as const,
        duration: 1e6,
        charged: line === 2 ? 1.2e6 : 0.9e6,
      })),
    },
  ],
  [
    'Waiting, not computing: 3.62 s of 4.62 s asleep; the longest known wait is fetch at db.ts:42.',
    {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [{ at: ['q@/app/db.ts:40', 42], duration: 3_000_000 }],
    },
  ],
  [
    'Waiting, not computing: 3.62 s of 4.62 s asleep, and nothing says for what.',
    { stacks: ['main 1000000'], thread: asleep },
  ],
  [
    'Waiting or queueing, not computing: 3.62 s of 4.62 s asleep, and nothing says for what.',
    { stacks: ['main 1000000'], thread: { ...asleep, queued: null } },
  ],
  [
    'Computing elsewhere: other threads and processes took 3.00 s of CPU while the main thread slept 3.62 s of 4.62 s.',
    { stacks: ['main 1000000'], thread: asleep, about: { cpu: 4_000_000 } },
  ],
  [
    'Queueing, not computing: 7.40 s of 10.1 s went to waiting for a core that other programs had.',
    { stacks: ['main 1300000'], thread: { wall: 10_100_000, cpu: 1_300_000, queued: 7_400_000 } },
  ],
  [
    'Queueing, not computing: 7.40 s of 10.1 s went to waiting for a core that its own threads and processes or other programs had.',
    {
      stacks: ['main 1300000'],
      thread: { wall: 10_100_000, cpu: 1_300_000, queued: 7_400_000 },
      about: { cpu: 5_300_000 },
    },
  ],
  [
    'Computing, mostly on one line: 412 ms of 500 ms went to a.ts:3.',
    { stacks: ['main@/app/a.ts:1 412000 at 3', 'x@/app/a.ts:9 88000'] },
  ],
  [
    'Computing, mostly in one function: 400 ms of 500 ms went to main at a.ts:1.',
    { stacks: [...[2, 3, 4, 5, 6].map((line) => `main@/app/a.ts:1 80000 at ${line}`), '(program) 100000'] },
  ],
  [
    'Computing, mostly in one function: 400 ms of 500 ms went to writeSync at node:fs:9.',
    { stacks: ['writeSync@node:fs:9 400000', 'main 100000'] },
  ],
  [
    'Collecting garbage: 300 ms of 500 ms, more than any line of the program took.',
    { stacks: ['(garbage collector) 300000', 'main 200000'] },
  ],
  ['Computing, spread out: the hottest function, f0, has 5.0 % of 2.00 s.', { stacks: spread }],
  [
    "Starting: 41.0 ms of 52.0 ms passed before the program's first line.",
    {
      stacks: ['main 11000'],
      thread: { wall: 52_000, cpu: 52_000, startUp: 41_000, samples: { taken: 11, rejected: 0 } },
    },
  ],
  [
    'Too short to say where: it ended after 3.00 ms with 1 sample.',
    { stacks: ['main 3000'], thread: { samples: { taken: 1, rejected: 0 } } },
  ],
  [
    'Computing: 1.90 s of CPU in 2.00 s. Only the operating system measured this program.',
    {
      thread: { wall: 2e6, cpu: 1.9e6, samples: { taken: 0, rejected: 0 } },
      about: { runtime: { name: 'other', version: '', path: '/usr/bin/make' } },
    },
  ],
  [
    'No samples were taken: all that is known is 1.90 s of CPU in 2.00 s.',
    { thread: { wall: 2e6, cpu: 1.9e6, samples: { taken: 0, rejected: 0 } } },
  ],
  ['Nothing was measured.', { thread: { wall: 0 } }],
];

test.each(cases)('%s', (sentence, run) => {
  expect(headline(runReport(drawnRun(run)))).toBe(sentence);
});
