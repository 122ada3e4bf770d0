import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { profileOf, rawOf, selfTimes, startOf } from './raw-of.ts';

const figures = {
  process: 10,
  parent: 1,
  tid: 10,
  name: 'node',
  first: 0,
  last: 7000,
  cpu: 3500,
  queued: 500,
  majorFaults: 0,
  minorFaults: 9,
};

describe('assemble', () => {
  test('charges a sample with the time after it', () => {
    const raw = rawOf({ stacks: { 'f /a.js:1:10': [0], 'g /a.js:2:10': [0] } });
    const piece = raw.threads[0]?.records.at(-1);
    const profile = {
      ...(piece as never as { profile: object }).profile,
      timeDeltas: [100, 700],
      endTime: 1000,
    };
    const thread = { start: startOf('v20.0.0'), records: [{ ...piece, profile } as never], ended: true };
    expect(selfTimes(profileOf({ ...raw, threads: [thread] }))).toEqual({
      'f /a.js:0': 0.7,
      'g /a.js:0': 0.2,
    });
  });

  test('tells states and code apart', () => {
    const stacks = {
      '(idle)': [0],
      '(garbage collector)': [0],
      '(program)': [0],
      'f /app/a.js:1:10': [0],
      'g /app/node_modules/x/a.js:1:10': [0],
      'emit node:events:9:3': [0],
      'f /app/a.js:1:10 > sort': [0],
    };
    const { functions, strings } = profileOf(rawOf({ stacks }));
    const category = Object.fromEntries(
      [...functions.name].map((name, row) => [
        strings[name],
        ['own', 'dependency', 'runtime', 'native', 'collector', 'waiting', 'idle'][
          functions.category[row] as number
        ],
      ]),
    );
    expect(category).toMatchObject({
      '(idle)': 'idle',
      '(garbage collector)': 'collector',
      '(program)': 'native',
      f: 'own',
      g: 'dependency',
      emit: 'runtime',
      sort: 'native',
    });
  });

  test('folds the recorder itself away', () => {
    const stacks = {
      [`(module) ${realpathSync(tmpdir())}/whetstone-AbC123/preload.cjs:1:1`]: [0],
      'mine /home/me/whetstone-server/preload.cjs:1:1': [0],
      'f /a.js:1:10 > apply /agents/waits-files.cjs:3:10 > readFile node:fs:9:3': [0],
      'f /a.js:1:10 > apply /agents/waits-files.cjs:3:10': [0],
      'timer node:timers:5:3 > tick /agents/sampler.cjs:8:3 > writeSync node:fs:20:3': [0],
      'timer node:timers:5:3 > tick /agents/sampler.cjs:8:3': [0],
    };
    expect(selfTimes(profileOf(rawOf({ stacks })))).toEqual({
      '(measuring) :0': 1,
      'mine /home/me/whetstone-server/preload.cjs:0': 1,
      'f > readFile node:fs:0': 1,
      'f > (measuring) :0': 1,
      'timer > (measuring) :0': 2,
    });
  });

  test('puts sleep in calls under the call, and leaves the lines of what ran alone', () => {
    const raw = rawOf({
      version: 'v26.0.0',
      stacks: { 'f /a.js:1:10': [2, 2, 3, 3] },
      records: [
        {
          type: 'sites',
          sites: [
            { id: 1, url: '/a.js', line: 3, column: 5, function: 'f', call: 'Atomics.wait', kind: 'lock' },
          ],
        },
        {
          type: 'waits',
          site: [1],
          target: [-1],
          targets: [],
          start: [2500],
          duration: [2500],
          charged: [2500],
          count: [1],
          longest: [2500],
        },
      ],
    });
    const profile = profileOf(raw, { '/a.js': 'function f() {\n  work();\n  Atomics.wait();\n}\n' });
    expect(selfTimes(profile)).toEqual({ 'f /a.js:2': 2, 'f > (waiting) :0': 2 });
    expect(profile.waits.line).toEqual(Int32Array.of(3));
    expect(profile.functions.name[profile.nodes.function[profile.waits.node[0] as number] as number]).toBe(
      profile.strings.indexOf('f'),
    );
  });

  test('names the calls that slept, none of the recorder among them', () => {
    const raw = rawOf({
      stacks: {
        'f /a.js:1:10 > readSync node:fs:9:3 > read': [0, 0],
        'f /a.js:1:10 > flush /agents/sampler.cjs:8:3 > writeSync node:fs:20:3 > write': [0, 0],
      },
      interval: 10_000,
    });
    const asleep = { ...figures, last: 50_000, cpu: 1000, queued: 0 };
    const profile = profileOf({ ...raw, figures: [asleep] }, {}, null, {
      modes: { counts: false, waits: true, deopts: false, attached: false },
    });
    expect(profile.waits.call.length).toBe(1);
    expect(profile.strings[profile.waits.call[0] as number]).toBe('fs.readSync (sampled)');
  });

  test('takes no page that was read from disk for a swapped one', () => {
    const profile = profileOf({ ...rawOf({ stacks: {} }), figures: [{ ...figures, majorFaults: 900 }] });
    expect([profile.threads[0]?.majorFaults, profile.about.swaps]).toEqual([900, null]);
  });

  test('makes code add up to the CPU time of the thread, with what ran before and after', () => {
    const raw = rawOf({ stacks: { 'f /a.js:1:10': [0, 0, 0, 0], '(idle)': [0, 0] }, cpu: 3000 });
    const profile = profileOf({ ...raw, figures: [figures] });
    expect(selfTimes(profile)).toEqual({ '(start-up) :0': 0.5, 'f /a.js:0': 3, '(idle) :0': 2 });
    expect(profile.threads[0]).toMatchObject({
      wall: 7000,
      cpu: 3500,
      queued: 500,
      asleep: 3000,
      minorFaults: 9,
    });
  });

  test('puts the program first, workers after it, and then its children', () => {
    const raw = rawOf({ stacks: {} });
    const thread = (pid: number, threadId: number, began: number) => ({
      start: { ...startOf('v20.0.0'), pid, threadId, began, tid: null, name: `/app/${pid}-${threadId}.js` },
      records: [],
      ended: true,
    });
    const threads = [thread(30, 0, 300), thread(20, 1, 200), thread(20, 0, 100)];
    // Process 10 is a shell.
    expect(profileOf({ ...raw, threads }).threads.map(({ name }) => name)).toEqual([
      '20-0.js',
      '20-1.js',
      '30-0.js',
    ]);
  });

  test('names the time after the last samples as not sampled where more were to come', () => {
    const raw = rawOf({ stacks: { 'f /a.js:1:10': [0] } });
    const later = { ...raw, end: raw.end + 1000 };
    const nameOfLast = (ended: boolean) => {
      const threads = raw.threads.map((thread) => ({ ...thread, ended }));
      return Object.keys(selfTimes(profileOf({ ...later, threads, figures: [figures] }))).at(-1);
    };
    expect(nameOfLast(true)).toBe('(exit) :0');
    expect(nameOfLast(false)).toBe('(not sampled) :0');
  });

  test('says that a process was killed, and that the recorder was not loaded', () => {
    const raw = rawOf({ stacks: {} });
    const killed = raw.threads.map((thread) => ({ ...thread, ended: false }));
    expect(profileOf({ ...raw, threads: killed }).about.warnings.map(({ code }) => code)).toEqual([
      'ended-early',
    ]);
    expect(profileOf({ ...raw, threads: [] }).about.warnings.map(({ code }) => code)).toEqual(['no-agent']);
  });

  test('keeps sources, or leaves them out', () => {
    const raw = rawOf({ stacks: { 'f /a.js:1:10': [1] } });
    const files = { '/a.js': 'function f() {}' };
    expect(profileOf(raw, files).sources.map(({ text }) => text)).toEqual(['function f() {}']);
    expect(profileOf(raw, files, null, { sources: false }).sources.map(({ text }) => text)).toEqual([null]);
  });
});
