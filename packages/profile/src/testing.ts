import { ProfileBuilder } from './profile-builder.ts';
import type { Category, Profile, ProfileAbout, Thread } from './profile.ts';

/**
 * A profile drawn as text, for tests: each line is a stack, root first, with its self time in µs.
 *
 * ```ts
 * profileOf('main 10', 'main;parse@/app/parse.ts:84 30 at 88', '(idle) 5');
 * ```
 *
 * `name@file:line` says where a function is (`name@:line`: in no file), else it is in `/app/app.ts` with no line;
 * `at 88` says which line ran. Files below `node_modules` are dependencies, `node:` is the runtime, and V8's names in
 * brackets are what V8 means by them.
 */
export function profileOf(...lines: readonly string[]): Profile {
  const builder = new ProfileBuilder();
  const thread = builder.addThread(threadOf());
  let now = 0;
  for (const line of lines) {
    const drawn = /^(.+?) (\d+(?:\.\d+)?)(?: at (\d+))?$/.exec(line);
    if (drawn === null) throw new RangeError(`Expected 'main;parse 30 at 88', found '${line}'`);
    const [, stack, time, at] = drawn as unknown as [string, string, string, string?];
    let node = -1;
    for (const frame of stack.split(';')) node = builder.nodeRow(node, functionRow(builder, frame));
    builder.addSample(thread, node, Number(at ?? 0), now, Number(time));
    now += Number(time);
  }
  builder.replaceThread(thread, threadOf({ wall: now, cpu: now, queued: 0, asleep: 0 }));
  return builder.build(aboutOf({ wall: now, cpu: now }));
}

/** A thread for tests; fields left out are 0, or `null` where that means unknown. */
export function threadOf(fields: Partial<Thread> = {}): Thread {
  return {
    process: 1,
    thread: 0,
    name: 'main',
    start: 0,
    wall: 0,
    cpu: null,
    queued: null,
    asleep: null,
    startUp: null,
    loading: null,
    majorFaults: null,
    minorFaults: null,
    samples: { taken: 0, rejected: 0 },
    ...fields,
  };
}

/** Circumstances for tests; fields left out are plausible and the same everywhere. */
export function aboutOf(fields: Partial<ProfileAbout> = {}): ProfileAbout {
  return {
    command: ['node', 'app.ts'],
    runtime: { name: 'node', version: '20.20.2', path: '/usr/bin/node' },
    machine: { system: 'linux', processor: 'test', cores: 2, memory: 4e9, load: null },
    started: '2026-11-21T10:12:00.000Z',
    workingDirectory: '/app',
    revision: null,
    exit: { code: 0, signal: null },
    wall: 0,
    cpu: null,
    peakMemory: null,
    swaps: null,
    interval: 1000,
    modes: { counts: false, waits: false, deopts: false, attached: false },
    influence: { value: 1, low: 1, high: 1, kind: 'estimated', longestPause: 0, pauses: 0 },
    warnings: [],
    saved: null,
    ...fields,
  };
}

const special: ReadonlyMap<string, Category> = new Map([
  ['(program)', 'runtime'],
  ['(idle)', 'idle'],
  ['(garbage collector)', 'collector'],
  ['(waiting)', 'waiting'],
]);

function functionRow(builder: ProfileBuilder, frame: string): number {
  const category = special.get(frame);
  if (category !== undefined) return builder.functionRow(frame, '', 0, 0, category);
  const [, name = frame, file = '/app/app.ts', line = '0'] = /^(.*?)@(.*):(\d+)$/.exec(frame) ?? [];
  return builder.functionRow(name, file, Number(line), line === '0' ? 0 : 1, categoryOf(file));
}

function categoryOf(file: string): Category {
  if (file.startsWith('node:')) return 'runtime';
  return file.includes('/node_modules/') ? 'dependency' : 'own';
}
