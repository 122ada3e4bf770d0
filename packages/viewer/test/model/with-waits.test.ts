import { ProfileBuilder } from '@whetstone/profile';
import { aboutOf, threadOf } from '@whetstone/profile/testing';
import { addWaits, withWaits } from '@whetstone/viewer/model/with-waits.ts';
import { describe, expect, test } from 'vitest';

/** `main` computes 10, the thread sleeps 100, of which a fetch that `main` asked for explains 70. */
function sleeper() {
  const builder = new ProfileBuilder();
  const thread = builder.addThread(threadOf());
  const main = builder.nodeRow(-1, builder.functionRow('main', '/app/app.ts', 1, 1, 'own'));
  const idle = builder.nodeRow(-1, builder.functionRow('(idle)', '', 0, 0, 'idle'));
  builder.addSample(thread, main, 1, 0, 10);
  builder.addSample(thread, idle, 0, 10, 100);
  const wait = { thread, node: main, line: 1, kind: 'http', call: 'fetch', target: 'db:5432', start: 10 };
  builder.addWait({ ...wait, duration: 40, charged: 30 });
  builder.addWait({ ...wait, start: 60, duration: 40, charged: 40 });
  return withWaits(builder.build(aboutOf()));
}

const whole = { thread: 0, range: null, waiting: true };

describe('withWaits', () => {
  test('puts waits of one call and target below the call that asked', () => {
    const { profile, nodeOfWait } = sleeper();
    expect([...nodeOfWait]).toEqual([2, 2]);
    expect([...profile.nodes.parent]).toEqual([-1, -1, 0]);
    expect(profile.strings[profile.functions.name[profile.nodes.function[2]!]!]).toBe('fetch db:5432');
    expect(profile.functions.category).toHaveLength(profile.functions.name.length);
  });
});

describe('addWaits', () => {
  test('takes from idling what the waits explain', () => {
    const self = Float64Array.of(10, 100, 0);
    addWaits(sleeper(), whole, self);
    expect([...self]).toEqual([10, 30, 70]);
  });

  test('takes first what a call slept itself', () => {
    const builder = new ProfileBuilder();
    const thread = builder.addThread(threadOf());
    const main = builder.nodeRow(-1, builder.functionRow('main', '/app/app.ts', 1, 1, 'own'));
    const asleep = builder.functionRow('(waiting)', '', 0, 0, 'waiting');
    builder.addSample(thread, builder.nodeRow(main, asleep), 0, 0, 50);
    builder.addSample(
      thread,
      builder.nodeRow(-1, builder.functionRow('(idle)', '', 0, 0, 'idle')),
      0,
      50,
      20,
    );
    const call = { kind: 'child', call: 'execSync', target: 'ls' };
    builder.addWait({ ...call, thread, node: main, line: 1, start: 0, duration: 45, charged: 45 });
    const self = Float64Array.of(0, 50, 20, 0);
    addWaits(withWaits(builder.build(aboutOf())), whole, self);
    expect([...self]).toEqual([0, 5, 20, 45]);
  });

  test('takes the part of a wait that lies in the stretch', () => {
    const self = Float64Array.of(0, 100, 0);
    addWaits(sleeper(), { ...whole, range: [30, 80] }, self);
    expect(self[2]).toBe(30 * (20 / 40) + 40 * (20 / 40));
  });

  test('leaves the figures alone where waiting is left out', () => {
    const self = Float64Array.of(10, 0, 0);
    addWaits(sleeper(), { ...whole, waiting: false }, self);
    expect([...self]).toEqual([10, 0, 0]);
  });
});
