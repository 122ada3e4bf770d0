import {
  ifResult,
  retryBudget,
  retrySync,
  type RetryState,
  stopAfterDelay,
  TryAgain,
} from '@whetstone/retry';
import { disableRetries, skipSleeps } from '@whetstone/retry/testing';
import { describe, expect, test, vi } from 'vitest';

const failing = (n: number, error: (call: number) => unknown = (call) => new Error(`failure ${call}`)) => {
  const fn = (..._unused: unknown[]): string => {
    fn.calls++;
    if (fn.calls <= n) throw error(fn.calls);
    return 'done';
  };
  fn.calls = 0;
  return fn;
};
const manual = () => {
  const clock = { time: 0, now: () => clock.time, sleep: (ms: number) => void (clock.time += ms) };
  return clock;
};
const caught = (fn: () => unknown): any => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('not thrown');
};

describe('retrySync', () => {
  test('calls again until it succeeds, really asleep meanwhile', () => {
    const wait = vi.spyOn(Atomics, 'wait');
    const fn = failing(2);
    expect(retrySync(fn, { wait: 1 })()).toBe('done');
    expect(fn.calls).toBe(3);
    expect(wait.mock.calls.map((args) => args[3])).toEqual([1, 1]);
    wait.mockRestore();
  });

  test('keeps name, length, this and arguments', () => {
    const device = {
      port: 7,
      open: retrySync(function open(this: { port: number }, a: string, b: string) {
        return a + b + this.port;
      }),
    };
    expect(device.open('a', 'b')).toBe('ab7');
    expect([device.open.name, device.open.length]).toEqual(['open', 2]);
  });

  test('by default stops after ten attempts, or before 45 s, with the last error', () => {
    const clock = manual();
    const fn = failing(Infinity);
    expect(caught(retrySync(fn, { clock })).message).toBe('failure 10');
    const slow = vi.fn(() => {
      clock.time += 20_000;
      throw new Error('slow');
    });
    caught(retrySync(slow, { clock, wait: '1s' }));
    expect(slow).toHaveBeenCalledTimes(3);
  });

  test('runs callbacks, and reports statistics', () => {
    const seen: unknown[] = [];
    const note = (at: string) => (s: RetryState) =>
      void seen.push([at, s.attemptNumber, s.idle, s.previousDelay, s.upcomingDelay, s.elapsed]);
    const onSettled = vi.fn();
    const fn = failing(2);
    retrySync(fn, {
      clock: manual(),
      wait: 10,
      before: note('before'),
      after: note('after'),
      beforeSleep: note('sleep'),
      onSettled,
    })();
    expect(seen).toEqual([
      ['before', 1, 0, 0, 0, 0],
      ['after', 1, 0, 0, 0, 0],
      ['sleep', 1, 0, 0, 10, 0],
      ['before', 2, 10, 10, 0, 10],
      ['after', 2, 10, 10, 0, 10],
      ['sleep', 2, 10, 10, 10, 10],
      ['before', 3, 20, 10, 0, 20],
    ]);
    expect(onSettled.mock.calls).toEqual([[{ name: 'fn', attempts: 3, elapsed: 20, idle: 20, ok: true }]]);
  });

  test('looks at timeout between attempts', () => {
    const clock = manual();
    const slow = vi.fn(() => {
      clock.time += 100;
      throw new Error('slow');
    });
    expect(caught(retrySync(slow, { timeout: 250, wait: 0, clock }))).toMatchObject({
      code: 'RETRY_TIMEOUT',
      cause: { message: 'slow' },
    });
    expect(slow).toHaveBeenCalledTimes(3);
    expect(
      retrySync(slow, { timeout: 50, wait: 0, clock, fallback: (s) => (s.outcome as any).error.code })(),
    ).toBe('RETRY_TIMEOUT');
  });

  test('stops, falls back and wraps', () => {
    const clock = manual();
    expect(caught(retrySync(failing(9), { stop: stopAfterDelay(20), wait: 10, clock })).message).toBe(
      'failure 3',
    );
    expect(retrySync(failing(9), { attempts: 2, wait: 0, fallback: (s) => s.attemptNumber })()).toBe(2);
    expect(caught(retrySync(failing(9), { attempts: 2, wait: 0, wrapError: true }))).toMatchObject({
      code: 'RETRY_EXHAUSTED',
      cause: { message: 'failure 2' },
      statistics: { attempts: 2 },
    });
  });

  test('retries what retryIf holds for, and nothing else', () => {
    let n = 0;
    expect(retrySync(() => n++, { retryIf: ifResult((v: number) => v < 2), wait: 0 })()).toBe(2);
    const fn = failing(9);
    caught(retrySync(fn, { retryIf: () => false }));
    expect(fn.calls).toBe(1);
    const abort = failing(9, () => new DOMException('stop', 'AbortError'));
    caught(retrySync(abort));
    expect(abort.calls).toBe(1);
    const again = failing(1, () => new TryAgain());
    expect(retrySync(again, { retryIf: () => false, wait: 0 })()).toBe('done');
  });

  test('refuses a function or a condition that returns a promise', () => {
    const fn = vi.fn(async () => 1);
    expect(caught(retrySync(fn as never)).message).toMatch('the function returned a promise; use retry');
    expect(caught(retrySync(fn as never, { before() {} })).message).toMatch(
      'the function returned a promise',
    );
    expect(fn).toHaveBeenCalledTimes(2);
    expect(caught(retrySync(() => 1, { retryIf: (async () => true) as never })).message).toMatch(
      'retryIf returned a promise',
    );
  });

  test('takes part in budgets, .with, and the switches of a test run', () => {
    const budget = retryBudget({ capacity: 1 });
    const fn = failing(Infinity);
    const wrapped = retrySync(fn, { wait: '1h', attempts: Infinity });
    caught(wrapped.with({ budget, wait: 0 }));
    expect(fn.calls).toBe(2);
    const skip = skipSleeps();
    expect(
      caught(wrapped.with({ attempts: 3, stop: () => false, wrapError: true })).statistics,
    ).toMatchObject({ attempts: 3, idle: 7_200_000 });
    skip[Symbol.dispose]();
    const disabled = disableRetries();
    caught(wrapped);
    disabled[Symbol.dispose]();
    caught(wrapped.with({ enabled: false }));
    expect(fn.calls).toBe(7);
  });
});
