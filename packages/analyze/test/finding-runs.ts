import type { FindingId } from '@whetstone/analyze';
import type { DrawnRun } from './drawn-run.ts';

const waits = { counts: false, waits: true, deopts: false, attached: false };
const second = 1_000_000;
const computing: DrawnRun = { stacks: [`main@/app/a.ts:1 ${second}`] };
const spread = (functions: number) =>
  Array.from({ length: functions }, (_, i) => `f${i}@/app/a.ts:${i + 1} 100000 at ${i + 1}`);
const asleep = { wall: 4 * second, cpu: second, queued: 0, asleep: 3 * second };
const query = ['query@/app/db.ts:40', 42] as const;
const apart = Array.from({ length: 6 }, (_, i) => ({
  at: query,
  start: i * 500_000,
  duration: 500_000,
  charged: 500_000,
}));
const together = Array.from({ length: 6 }, (_, i) => ({
  at: query,
  start: i,
  duration: 3 * second,
  charged: 500_000,
}));

const python = { runtime: { name: 'cpython', version: '3.11.2', path: '/usr/bin/python3' } } as const;
const main = 'main@/app/a.py:1';
/** One second of Python of which `share` is this kind of work, on line 3. */
const work = (name: string, share: number, of = 'bytecode'): DrawnRun => ({
  stacks: [`${main} ${second} at 3`],
  about: python,
  figures: [
    [`state:${of}`, main, 3, second],
    ...(of === 'bytecode' ? [] : ([['state:bytecode', main, 4, second / 10]] as const)),
    [`work:${name}`, main, 3, second * share],
    ['work:control', main, 3, second * (1 - share)],
    ['work:specialised', main, 3, second * 0.1],
  ],
  sources: { '/app/a.py': '\n\n    total += helper(i)' },
});
const working = (name: string) => ({
  holds: work(name, 0.4),
  found: {
    confidence: 'likely',
    gainAtMost: 0.4,
    where: { file: 'a.py', line: 3, function: 'main' },
    evidence: { share: 0.4, placeShare: 1, text: 'total += helper(i)' },
  },
  fails: work(name, 0.1),
});
const contest = (...waited: readonly (readonly [thread: number, from: number, to: number])[]): DrawnRun => ({
  stacks: [`${main} 100000`],
  thread: { wall: second, cpu: 100_000, queued: 0, asleep: 900_000 },
  threads: [{ thread: 1 }, { thread: 2 }],
  about: { ...python, modes: waits },
  moments: waited.map(([thread, from, to]) => [thread, 'lock', main, from, to - from] as const),
  figures: [['state:lock', main, 3, 100]],
});

/** For every finding a run in which it holds, with what is found, and one in which it does not. */
export const findingRuns: Readonly<
  Record<FindingId, { readonly holds: DrawnRun; readonly found: object; readonly fails: DrawnRun }>
> = {
  swapping: {
    holds: { ...computing, about: { swaps: 5_000 } },
    found: { confidence: 'certain', gainAtMost: null, evidence: { pages: 5_000 } },
    fails: { ...computing, thread: { majorFaults: 12 }, about: { swaps: 0 } },
  },
  'busy-machine': {
    holds: { stacks: ['main 1000000'], thread: { wall: 2 * second, cpu: second, queued: second } },
    found: { confidence: 'certain', gainAtMost: 0.5, evidence: { queued: second, share: 0.5, cores: 2 } },
    fails: { stacks: ['main 1000000'], thread: { wall: 2 * second, cpu: second, queued: null } },
  },
  'waiting-dominates': {
    holds: {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits },
      waits: [{ at: query, duration: 3 * second, charged: 3 * second, target: 'db:1' }],
    },
    found: {
      confidence: 'certain',
      gainAtMost: 0.75,
      where: { file: 'db.ts', line: 42, function: 'query' },
      evidence: { call: 'fetch', place: 'db.ts:42', target: 'db:1', count: 1 },
    },
    // Asleep because its workers compute.
    fails: {
      stacks: ['main 1000000'],
      thread: asleep,
      about: { modes: waits, cpu: 4 * second },
      waits: [{ at: query, duration: 3 * second, charged: 3 * second }],
    },
  },
  'waiting-unexplained': {
    holds: { stacks: ['main 1000000'], thread: asleep, about: { modes: waits } },
    found: { confidence: 'likely', gainAtMost: 0.75, evidence: { unexplained: 3 * second } },
    fails: computing,
  },
  'sequential-awaits': {
    holds: { stacks: ['main 1000000'], thread: asleep, about: { modes: waits }, waits: apart },
    found: {
      confidence: 'possible',
      gainAtMost: 0.75 * (5 / 6),
      where: { file: 'db.ts', line: 42, function: 'query' },
      evidence: { count: 6, each: 500_000, time: 3 * second },
    },
    fails: { stacks: ['main 1000000'], thread: asleep, about: { modes: waits }, waits: together },
  },
  'event-loop-blocked': {
    holds: {
      stacks: [
        'start@/app/a.ts:1 300000',
        'hash@/app/a.ts:7;pbkdf2Sync@node:crypto:1 400000',
        'rest@/app/a.ts:20 300000',
      ],
      waits: [{ at: query, count: 40, duration: 100_000 }],
      delays: [
        [250_000, 3_000],
        [300_000, 400_000],
      ],
    },
    found: {
      confidence: 'likely',
      gainAtMost: null,
      where: { file: 'a.ts', line: 7, function: 'hash' },
      evidence: { longest: 400_000, count: 1, waits: 40, at: 300_000 },
    },
    // Nobody waits for it.
    fails: { stacks: ['start@/app/a.ts:1 1000000'], delays: [[700_000, 400_000]] },
  },
  collector: {
    holds: { stacks: ['main 800000', '(garbage collector) 200000'], collections: [['scavenge', 0, 200_000]] },
    found: {
      confidence: 'certain',
      gainAtMost: 0.2,
      evidence: { time: 200_000, count: 1, kind: 'scavenge' },
    },
    fails: { stacks: ['main 980000', '(garbage collector) 20000'] },
  },
  'start-up': {
    holds: { stacks: ['main 60000'], thread: { wall: 100_000, cpu: 100_000, startUp: 40_000 } },
    found: { confidence: 'certain', gainAtMost: 0.4, evidence: { time: 40_000 } },
    fails: { stacks: ['main 960000'], thread: { wall: second, cpu: second, startUp: 40_000 } },
  },
  'module-loading': {
    holds: { stacks: ['main 600000'], thread: { wall: second, cpu: second, loading: 400_000 } },
    found: { confidence: 'certain', gainAtMost: 0.4, evidence: { time: 400_000, files: 1 } },
    fails: { stacks: ['main 60000'], thread: { wall: 100_000, cpu: 100_000, loading: 30_000 } },
  },
  'one-hot-line': {
    holds: {
      stacks: ['main@/app/a.ts:1 500000 at 3', ...spread(5)],
      sources: { '/app/a.ts': '\n\n  q.shift();' },
    },
    found: {
      confidence: 'certain',
      gainAtMost: 0.6,
      where: { file: 'a.ts', line: 3, function: 'main' },
      evidence: { place: 'a.ts:3', text: 'q.shift();', hits: '?' },
    },
    fails: { stacks: spread(20) },
  },
  'one-hot-function': {
    holds: { stacks: [...[2, 3, 4, 5].map((line) => `main@/app/a.ts:1 100000 at ${line}`), ...spread(5)] },
    found: {
      confidence: 'certain',
      where: { file: 'a.ts', line: 1, function: 'main' },
      evidence: { function: 'main', self: 400_000, place: 'a.ts:1' },
    },
    // All of it is one line, which says more.
    fails: { stacks: ['main@/app/a.ts:1 500000 at 3', ...spread(5)] },
  },
  'run-time-code': {
    holds: { stacks: ['(anonymous)@:3 500000', ...spread(5)] },
    found: {
      confidence: 'certain',
      where: { file: '', line: 3, function: '(anonymous)' },
      evidence: { function: '(anonymous)', self: 500_000 },
    },
    fails: { stacks: ['(program) 500000', ...spread(5)] },
  },
  'one-hot-builtin': {
    holds: {
      stacks: [
        'main@/app/a.ts:1;drain@/app/a.ts:9;gz@node:zlib:5;deflate@node:zlib:8 600000',
        'main@/app/a.ts:1 400000',
      ],
    },
    found: {
      confidence: 'certain',
      gainAtMost: 0.6,
      where: { file: 'a.ts', line: 9, function: 'drain' },
      evidence: { builtin: 'deflate', function: 'drain' },
    },
    // The engine's own work has no caller that could be named.
    fails: { stacks: ['(program) 600000', 'main@/app/a.ts:1 400000'] },
  },
  'calls-too-many': {
    holds: { stacks: ['is@/app/a.ts:1 500000', ...spread(5)], calls: { 'is@/app/a.ts:1': 2_000_000 } },
    found: { confidence: 'likely', gainAtMost: 0.5, evidence: { calls: 2_000_000, perCall: 0.25 } },
    fails: { stacks: ['is@/app/a.ts:1 500000', ...spread(5)], calls: { 'is@/app/a.ts:1': 10 } },
  },
  deoptimised: {
    holds: {
      stacks: ['add@/app/a.ts:1 500000', ...spread(5)],
      deopts: [['add@/app/a.ts:1', 2, 'wrong map', 9]],
    },
    found: {
      confidence: 'possible',
      where: { file: 'a.ts', line: 2, function: 'add' },
      evidence: { count: 9, reason: 'wrong map' },
    },
    fails: {
      stacks: ['add@/app/a.ts:1 500000', ...spread(5)],
      deopts: [['add@/app/a.ts:1', 2, 'wrong map', 2]],
    },
  },
  'one-core-only': {
    holds: { stacks: ['main 2000000'] },
    found: { confidence: 'possible', gainAtMost: 0.5, evidence: { cores: 2 } },
    fails: { stacks: ['main 2000000'], about: { cpu: 3_900_000 } },
  },
  'evenly-spread': {
    holds: { stacks: spread(20) },
    found: { confidence: 'likely', where: null, evidence: { functions: 20, share: 0.05 } },
    fails: { stacks: ['main@/app/a.ts:1 500000', ...spread(5)] },
  },
  'waiting-for-gil': {
    holds: contest([1, 0, 400_000], [2, 400_000, 800_000], [1, 790_000, 800_000]),
    found: {
      confidence: 'certain',
      gainAtMost: 0.4,
      where: { file: 'a.py', line: 3, function: 'main' },
      evidence: { threads: 2, share: 0.8, time: 800_000, place: 'a.py:3' },
    },
    // One that waits for a thread that it does not meet again.
    fails: contest([1, 0, 400_000]),
  },
  interpreter: {
    holds: work('calls', 0.4),
    found: {
      confidence: 'certain',
      gainAtMost: 1,
      evidence: { share: 1, calls: 0.4, control: 0.6, globals: 0 },
    },
    fails: work('calls', 0.4, 'c-code'),
  },
  'python-calls': working('calls'),
  'python-attributes': working('attributes'),
  'python-globals': working('globals'),
  'python-arithmetic': working('arithmetic'),
  'python-iteration': working('iteration'),
  'python-containers': working('containers'),
  'generic-instructions': {
    holds: work('generic', 0.3),
    found: { confidence: 'possible', gainAtMost: 0.3, evidence: { share: 0.3, part: 0.75 } },
    fails: work('generic', 0.03),
  },
  'c-code': {
    holds: work('calls', 0, 'c-code'),
    found: {
      confidence: 'certain',
      gainAtMost: 1,
      where: { file: 'a.py', line: 3, function: 'main' },
      evidence: { time: second, without: 0 },
    },
    fails: work('calls', 0.4),
  },
  'import-time': {
    holds: {
      stacks: [
        `main@/app/a.py:1 ${second / 2}`,
        'main@/app/a.py:1;_find_and_load@<frozen importlib._bootstrap>:1022;<module>@/app/table.py:1;fill@/app/table.py:9 500000',
      ],
      about: python,
    },
    found: {
      confidence: 'certain',
      gainAtMost: 0.5,
      where: { file: 'table.py', line: 1, function: '<module>' },
      evidence: { time: second / 2, modules: 1, module: 'table.py' },
    },
    // The program itself has a top level too.
    fails: { stacks: [`<module>@/app/a.py:1;fill@/app/a.py:9 ${second}`], about: python },
  },
};
