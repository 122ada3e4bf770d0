import { retry, type Statistics } from '@whetstone/retry';
import { ManualClock } from '@whetstone/retry/testing';
import { describe, expect, test, vi } from 'vitest';

import { errorOf } from './failing.ts';

const collected = async <T>(stream: AsyncIterable<T>) => {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
};

describe('policy.stream(fn)', () => {
  test('starts again after an error, told how far the last one came', async () => {
    const starts: unknown[] = [];
    const lines = retry({ wait: 0 }).stream(async function* ({ count, last }, end: number) {
      starts.push([count, last]);
      for (let i = count; i < end; i++) {
        yield i;
        if (i % 3 === 1) throw new Error('cut off');
      }
    });
    expect(await collected(lines(6))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(starts).toEqual([
      [0, undefined],
      [2, 1],
      [5, 4],
    ]);
  });

  test('throws the last error when all attempts are used up', async () => {
    let starts = 0;
    const lines = retry({ wait: 0, attempts: 3 }).stream(async function* () {
      starts++;
      yield 1;
      throw new Error('cut off');
    });
    const items: number[] = [];
    const error = await errorOf(
      (async () => {
        for await (const item of lines()) items.push(item);
      })(),
    );
    expect([error.message, starts, items]).toEqual(['cut off', 3, [1, 1, 1]]);
  });

  test('counts the time for stop from the latest failure after progress', async () => {
    const clock = new ManualClock();
    const lines = retry({ wait: 0, clock }).stream(async function* ({ count }) {
      await clock.sleep(60_000);
      yield count;
      if (count < 3) throw new Error('cut off');
    });
    const items = collected(lines());
    await clock.advance('10m');
    expect(await items).toEqual([0, 1, 2, 3]);
  });

  test('closes the source when the consumer leaves, and settles', async () => {
    const settled: Statistics[] = [];
    const closed = vi.fn();
    const lines = retry({ onSettled: (s) => void settled.push(s) }).stream(async function* () {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        await Promise.resolve();
        closed();
      }
    });
    for await (const line of lines()) if (line === 2) break;
    expect(closed).toHaveBeenCalledOnce();
    expect(settled).toMatchObject([{ attempts: 1, ok: true }]);
  });

  test('gives each item attemptTimeout, however slow its consumer', async () => {
    const clock = new ManualClock();
    const lines = retry({ attemptTimeout: 100, wait: 0, clock }).stream(async function* ({ count, signal }) {
      for (let i = count; i < 4; i++) {
        if (i === 2 && count === 0) await new Promise((_, fail) => signal.addEventListener('abort', fail));
        await clock.sleep(60);
        yield i;
      }
    });
    const items: number[] = [];
    const all = (async () => {
      for await (const item of lines()) {
        items.push(item);
        await clock.sleep(500);
      }
    })();
    await clock.advance('1m');
    await all;
    expect(items).toEqual([0, 1, 2, 3]);
  });

  test('ends with the reason of the signal, though its source hangs', async () => {
    const controller = new AbortController();
    const lines = retry({ signal: controller.signal }).stream(async function* () {
      yield 1;
      await new Promise(() => {});
    });
    const error = errorOf(
      (async () => {
        for await (const _ of lines()) setTimeout(() => controller.abort('enough'));
      })(),
    );
    expect(await error).toBe('enough');
  });

  test('keeps this', async () => {
    const device = {
      port: 7,
      lines: retry({}).stream(async function* (this: any) {
        yield this.port;
      } as never) as () => AsyncGenerator<number>,
    };
    expect(await collected(device.lines())).toEqual([7]);
  });

  test('refuses a fallback, and what is no function', () => {
    const policy = retry({ fallback: () => 0 });
    expect(() => policy.stream(async function* () {})).toThrow(TypeError);
    expect(() => retry({}).stream(3 as never)).toThrow('fn is 3; allowed: function');
  });
});
