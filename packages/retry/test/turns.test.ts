import {
  ifResult,
  retry,
  retryBudget,
  type RetryError,
  type RetryOptions,
  type RetryState,
  type Statistics,
  stopAfterDelay,
  stopBeforeDelay,
  TryAgain,
} from '@whetstone/retry';
import { ManualClock } from '@whetstone/retry/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorOf, failing } from './failing.ts';

let clock: ManualClock;
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => void unhandled.push(error);
beforeEach(() => {
  clock = new ManualClock();
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(() => {
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

/** A promise, and how it stands. */
function watched<T>(promise: Promise<T>) {
  const watch: { value?: T; error?: any; at?: number } = {};
  promise.then(
    (value) => Object.assign(watch, { value, at: clock.now() }),
    (error) => Object.assign(watch, { error, at: clock.now() }),
  );
  return watch;
}
const drawsMost = () => 1;
const named = (name: string) => Object.assign(new Error(name), { name });
const codeOf = ({ outcome }: RetryState) => outcome?.ok === false && (outcome.error as any).code;
const throwing = () => {
  throw new Error('of the predicate');
};
const hang = () => new Promise<never>(() => {});
const later = (ms: number, value: unknown) => async () => {
  await clock.sleep(ms);
  if (value instanceof Error) throw value;
  return value;
};

describe('a call', () => {
  test('sleeps between attempts, not after the last', async () => {
    const fn = failing(Infinity);
    const call = watched(retry(fn, { attempts: 3, wait: '1s', clock })());
    await clock.advance(999);
    expect(fn.calls).toBe(1);
    await clock.advance(1);
    expect(fn.calls).toBe(2);
    await clock.advance(1000);
    expect(call).toMatchObject({ error: { message: 'failure 3' }, at: 2000 });
  });

  test('by default begins no sleep that would end 45 s after its start', async () => {
    const fn = vi.fn(later(20_000, new Error('slow')));
    const call = watched(retry(fn, { wait: '1s', clock })());
    await clock.advance('5m');
    // 20 s, 21 s asleep, 41 s: another second would end at 42 s; then at 63 s.
    expect(fn).toHaveBeenCalledTimes(3);
    expect(call.at).toBe(62_000);
  });

  test('by default interrupts no attempt, however long', async () => {
    const call = watched(retry(later(3_600_000, 'migrated'), { clock })());
    await clock.advance('2h');
    expect(call.value).toBe('migrated');
  });

  test('has no time limit beside attempts: Infinity, or a timeout of its own', async () => {
    for (const options of [{ attempts: Infinity }, { timeout: '10m' }] as const) {
      const fn = failing(6);
      const call = watched(retry(fn, { ...options, wait: '30s', clock })());
      await clock.advance('5m');
      expect(call.value).toBe('done');
    }
  });

  test('waits by default 0 to 100 ms, then up to twice as much, at most 5 s', async () => {
    const delays: number[] = [];
    const beforeSleep = ({ upcomingDelay }: RetryState) => void delays.push(upcomingDelay);
    void retry(failing(Infinity), { random: drawsMost, beforeSleep, clock, fallback: () => 0 })();
    await clock.advance('5m');
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  test('reports elapsed, idle, previous and upcoming delay', async () => {
    const seen: unknown[] = [];
    const note = (at: string) => (s: RetryState) =>
      void seen.push([at, s.attemptNumber, s.elapsed, s.idle, s.previousDelay, s.upcomingDelay]);
    const options: RetryOptions = {
      before: note('before'),
      after: note('after'),
      beforeSleep: note('sleep'),
    };
    let n = 0;
    const call = retry(() => later(10, n++ < 2 ? new Error() : 1)(), {
      ...options,
      wait: ({ attemptNumber }) => attemptNumber * 100,
      clock,
    })();
    await clock.advance(1000);
    await call;
    expect(seen).toEqual([
      ['before', 1, 0, 0, 0, 0],
      ['after', 1, 10, 0, 0, 0],
      ['sleep', 1, 10, 0, 0, 100],
      ['before', 2, 110, 100, 100, 0],
      ['after', 2, 120, 100, 100, 0],
      ['sleep', 2, 120, 100, 100, 200],
      ['before', 3, 320, 300, 200, 0],
    ]);
  });

  test('keeps the statistics of concurrent calls apart', async () => {
    const all: Statistics[] = [];
    const fn = retry(
      async (name: string, failures: { left: number }) => {
        if (failures.left-- > 0) throw new Error('no');
        return name;
      },
      { wait: 10, clock, onSettled: (statistics) => void all.push(statistics) },
    );
    const calls = Promise.all([fn('two', { left: 1 }), fn('five', { left: 4 })]);
    await clock.advance(1000);
    expect(await calls).toEqual(['two', 'five']);
    expect(all).toEqual([
      { name: expect.any(String), attempts: 2, elapsed: 10, idle: 10, ok: true },
      { name: expect.any(String), attempts: 5, elapsed: 40, idle: 40, ok: true },
    ]);
  });
});

describe('stop', () => {
  test('is asked after each attempt but the last of attempts, and ends the call', async () => {
    const stop = vi.fn(({ attemptNumber }: RetryState) => attemptNumber >= 2);
    const fn = failing(Infinity);
    const call = watched(retry(fn, { stop, wait: 10, clock })());
    await clock.advance(100);
    expect(call.error.message).toBe('failure 2');
    expect(stop).toHaveBeenCalledTimes(2);
  });

  test('sees the coming sleep', async () => {
    const fn = failing(Infinity);
    const before = watched(retry(fn, { stop: stopBeforeDelay(250), wait: 100, clock })());
    const after = watched(retry(failing(Infinity), { stop: stopAfterDelay(250), wait: 100, clock })());
    await clock.advance(1000);
    expect([before.at, after.at]).toEqual([200, 300]);
  });
});

describe('timeout', () => {
  test('interrupts a hung attempt', async () => {
    const call = watched(retry(hang, { timeout: '5s', clock, name: 'door' })());
    await clock.advance(4999);
    expect(call.at).toBeUndefined();
    await clock.advance(1);
    expect(call).toMatchObject({ at: 5000, error: { code: 'RETRY_TIMEOUT', name: 'RetryTimeout' } });
    expect(call.error.message).toBe('door: exceeded timeout, 5000 ms');
    expect('cause' in call.error).toBe(false);
  });

  test('has the latest error for its cause', async () => {
    let n = 0;
    const call = watched(
      retry(() => (n++ ? hang() : Promise.reject(new Error('refused'))), { timeout: 100, wait: 10, clock })(),
    );
    await clock.advance(100);
    expect(call.error).toMatchObject({ code: 'RETRY_TIMEOUT', cause: { message: 'refused' } });
  });

  test('does not begin a sleep that would outlast it', async () => {
    const beforeSleep = vi.fn();
    const call = watched(retry(failing(9), { timeout: 100, wait: 100, beforeSleep, clock })());
    await clock.advance(0);
    expect(call).toMatchObject({ at: 0, error: { code: 'RETRY_TIMEOUT', cause: { message: 'failure 1' } } });
    expect(beforeSleep).not.toHaveBeenCalled();
  });

  test('leaves alone a call that ends in time', async () => {
    const call = watched(retry(later(99, 'in time'), { timeout: 100, clock })());
    await clock.advance(200);
    expect(call).toEqual({ value: 'in time', at: 99 });
  });

  test('aborts the signal of the state, and drops what comes late', async () => {
    let signal: AbortSignal | undefined;
    for (const late of ['late', new Error('late')]) {
      const call = watched(
        retry({ timeout: 50, clock }).run((state) => {
          signal = state.signal;
          return later(100, late)();
        }),
      );
      await clock.advance(200);
      expect(call).toMatchObject({ error: { code: 'RETRY_TIMEOUT' } });
      expect(signal!.reason).toBe(call.error);
    }
  });

  test('interrupts a callback that hangs', async () => {
    const call = watched(retry(failing(0), { before: hang, timeout: 50, clock })());
    await clock.advance(50);
    expect(call.error.code).toBe('RETRY_TIMEOUT');
  });

  test('leaves nothing behind', async () => {
    const sleep = vi.spyOn(clock, 'sleep');
    await retry(failing(0), { timeout: '1h', attemptTimeout: '1h', clock })();
    expect(sleep).toHaveBeenCalled();
    expect(sleep.mock.calls.every(([, signal]) => signal!.aborted)).toBe(true);
  });
});

describe('attemptTimeout', () => {
  test('fails the attempt, and retries', async () => {
    let n = 0;
    const signals: AbortSignal[] = [];
    const call = watched(
      retry({ attemptTimeout: '1s', wait: 0, clock }).run(({ signal }) => {
        signals.push(signal);
        return n++ ? Promise.resolve('up') : hang();
      }),
    );
    await clock.advance(1000);
    expect(call).toEqual({ value: 'up', at: 1000 });
    expect(signals.map((s) => s.aborted)).toEqual([true, false]);
    expect(signals[0]!.reason).toMatchObject({ code: 'ATTEMPT_TIMEOUT', name: 'AttemptTimeout' });
  });

  test('is the last error when every attempt hangs', async () => {
    const call = watched(retry(hang, { attemptTimeout: '1s', attempts: 2, wait: 0, clock })());
    await clock.advance('10s');
    expect(call).toMatchObject({ at: 2000, error: { code: 'ATTEMPT_TIMEOUT' } });
    expect(call.error.message).toMatch('exceeded attemptTimeout, 1000 ms');
  });

  test('begins anew with each attempt, and does not count sleeps', async () => {
    let n = 0;
    const fn = () => later(90, n++ < 3 ? new Error() : 'up')();
    const call = watched(retry(fn, { attemptTimeout: 100, wait: 500, clock })());
    await clock.advance('10s');
    expect(call.value).toBe('up');
  });
});

describe('a signal', () => {
  test('that is aborted already calls nothing', async () => {
    const fn = failing(0);
    const before = vi.fn();
    const onSettled = vi.fn();
    const signal = AbortSignal.abort(new Error('never mind'));
    expect((await errorOf(retry(fn, { signal, before, onSettled })())).message).toBe('never mind');
    expect([fn.calls, before.mock.calls.length]).toEqual([0, 0]);
    expect(onSettled.mock.calls).toMatchObject([[{ attempts: 0, ok: false }]]);
  });

  test('ends a sleep at once, with its reason, and calls no more', async () => {
    const controller = new AbortController();
    const fn = failing(Infinity);
    const call = watched(retry(fn, { signal: controller.signal, wait: '10s', clock })());
    await clock.advance('3s');
    controller.abort('enough');
    await clock.advance('1m');
    expect([call.error, call.at, fn.calls]).toEqual(['enough', 3000, 1]);
  });

  test('ends a hung attempt at once, and aborts the signal of the state', async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const call = watched(
      retry({ signal: controller.signal }).run((state) => {
        signal = state.signal;
        return hang();
      }),
    );
    await clock.advance(0);
    controller.abort('enough');
    await clock.advance(0);
    expect([call.error, signal!.reason]).toEqual(['enough', 'enough']);
  });

  test('is never retried, whatever retryIf says, and asks no fallback', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const retryIf = vi.fn(() => true);
    const fallback = vi.fn();
    const fn = vi.fn(async () => {
      controller.abort(reason);
      throw new Error('because of that');
    });
    const call = retry(fn, { signal: controller.signal, retryIf, fallback, wrapError: false });
    expect(await errorOf(call())).toBe(reason);
    expect([fn.mock.calls.length, retryIf.mock.calls.length, fallback.mock.calls.length]).toEqual([1, 0, 0]);
  });

  test('is let go of when the call ends', async () => {
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    await retry(failing(1), { signal, wait: 0 })();
    await errorOf(retry(failing(9), { signal, wait: 0, attempts: 2 })());
    expect(add.mock.calls.length).toBe(2);
    expect(remove.mock.calls.map(([, f]) => f)).toEqual(add.mock.calls.map(([, f]) => f));
  });

  test('may be shared by a thousand calls', async () => {
    const controller = new AbortController();
    const calls = Array.from({ length: 1000 }, () => errorOf(retry(hang, { signal: controller.signal })()));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort('all');
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['all']));
  });
});

describe('retryIf', () => {
  test('by default retries no AbortError, but a TimeoutError', async () => {
    const abort = failing(9, () => new DOMException('stop', 'AbortError'));
    await errorOf(retry(abort, { wait: 0 })());
    expect(abort.calls).toBe(1);
    const timeout = failing(1, () => named('TimeoutError'));
    expect(await retry(timeout, { wait: 0 })()).toBe('done');
  });

  test('by default retries what is thrown, be it no error at all', async () => {
    for (const thrown of [undefined, null, 'text', 0]) {
      expect(
        await retry(
          failing(1, () => thrown),
          { wait: 0 },
        )(),
      ).toBe('done');
    }
  });

  test('throws at once what it does not hold for, as it is', async () => {
    const fn = failing(9);
    const fallback = vi.fn();
    const error = await errorOf(retry(fn, { retryIf: () => false, fallback })());
    expect([error.message, fn.calls, fallback.mock.calls.length]).toEqual(['failure 1', 1, 0]);
    expect((await errorOf(retry(fn, { retryIf: () => false, wrapError: true })())).message).toBe('failure 2');
  });

  test('may be asynchronous', async () => {
    const fn = failing(2);
    expect(await retry(fn, { retryIf: async ({ outcome }) => outcome?.ok === false, wait: 0 })()).toBe(
      'done',
    );
    expect(fn.calls).toBe(3);
  });

  test('rejects a result, and throws RetryError when none was good enough', async () => {
    let n = 0;
    const next = async () => n++;
    const options = { retryIf: ifResult((v: number) => v < 2), wait: 0 };
    expect(await retry(next, options)()).toBe(2);
    n = -99;
    const error: RetryError = await errorOf(retry(next, { ...options, attempts: 2, name: 'next' })());
    expect(error).toMatchObject({
      code: 'RETRY_EXHAUSTED',
      message: 'next: gave up after attempt 2',
      outcome: { ok: true, value: -98 },
      statistics: { attempts: 2, ok: false },
    });
    expect('cause' in error).toBe(false);
  });

  test('that throws ends the call with its error', async () => {
    expect((await errorOf(retry(failing(9), { retryIf: throwing })())).message).toBe('of the predicate');
  });
});

describe('TryAgain', () => {
  test('forces one more attempt, whatever retryIf says', async () => {
    const fn = failing(2, () => new TryAgain('not yet'));
    expect(await retry(fn, { retryIf: () => false, wait: 0 })()).toBe('done');
  });

  test('of another copy of the package does, too', async () => {
    const fn = failing(1, () => Object.assign(new Error(), { code: 'TRY_AGAIN' }));
    expect(await retry(fn, { retryIf: () => false, wait: 0 })()).toBe('done');
  });

  test('obeys stop', async () => {
    const fn = failing(9, () => new TryAgain('not yet'));
    expect((await errorOf(retry(fn, { attempts: 3, wait: 0 })())).code).toBe('TRY_AGAIN');
    expect(fn.calls).toBe(3);
  });
});

describe('callbacks', () => {
  test('run in order, and are awaited', async () => {
    const seen: string[] = [];
    const slow = (at: string) => async () => {
      await clock.sleep(5);
      seen.push(at);
    };
    const fn = failing(1);
    const call = retry(
      async () => {
        seen.push('call');
        return fn();
      },
      {
        before: slow('before'),
        after: slow('after'),
        beforeSleep: slow('beforeSleep'),
        onSettled: slow('onSettled'),
        wait: 0,
        clock,
      },
    )();
    await clock.advance(1000);
    expect(await call).toBe('done');
    expect(seen).toEqual(['before', 'call', 'after', 'beforeSleep', 'before', 'call', 'onSettled']);
  });

  test('that throw end the call with their error', async () => {
    for (const name of ['before', 'after', 'beforeSleep', 'onSettled', 'stop', 'wait'] as const) {
      const error = new Error(name);
      const fn = failing(1);
      const options = {
        [name]: () => {
          throw error;
        },
      };
      expect(await errorOf(retry(fn, { wait: 0, ...options })())).toBe(error);
    }
  });

  test('settle once for each call, however it ended', async () => {
    const onSettled = vi.fn();
    await retry(failing(0), { onSettled })();
    await errorOf(retry(failing(9), { onSettled, attempts: 2, wait: 0 })());
    await errorOf(retry(failing(9), { onSettled, retryIf: () => false })());
    await retry(failing(9), { onSettled, attempts: 1, fallback: () => 0 })();
    await errorOf(retry(failing(0), { onSettled, signal: AbortSignal.abort() })());
    await errorOf(retry(failing(0), { onSettled, before: () => Promise.reject(new Error()) })());
    expect(onSettled.mock.calls.map(([s]) => [s.attempts, s.ok])).toEqual([
      [1, true],
      [2, false],
      [1, false],
      [1, false],
      [0, false],
      [1, false],
    ]);
  });
});

describe('fallback', () => {
  test('gives the result when all attempts are used up', async () => {
    const fallback = vi.fn(async ({ outcome, attemptNumber }: RetryState) => [outcome, attemptNumber]);
    const result = await retry(failing(9), { attempts: 2, wait: 0, fallback })();
    expect(result).toEqual([{ ok: false, error: expect.objectContaining({ message: 'failure 2' }) }, 2]);
  });

  test('gives the result when the time is used up', async () => {
    const call = watched(retry(hang, { timeout: 10, fallback: codeOf, clock })());
    await clock.advance(10);
    expect(call.value).toBe('RETRY_TIMEOUT');
  });

  test('is not asked by a call that succeeds', async () => {
    const fallback = vi.fn();
    expect(await retry(failing(1), { wait: 0, fallback })()).toBe('done');
    expect(fallback).not.toHaveBeenCalled();
  });

  test('is not asked for the time limit of a call around it', async () => {
    const inner = retry({ fallback: () => 'inner' });
    const call = watched(retry({ timeout: 10, clock }).run(({ signal }) => inner.run(hang, { signal })));
    await clock.advance(10);
    expect(call.error.code).toBe('RETRY_TIMEOUT');
  });
});

describe('wrapError', () => {
  test('wraps the last error', async () => {
    const error = await errorOf(retry(failing(9), { attempts: 2, wait: 0, wrapError: true })());
    expect(error).toMatchObject({
      name: 'RetryError',
      code: 'RETRY_EXHAUSTED',
      cause: { message: 'failure 2' },
      statistics: { name: 'fn', attempts: 2, ok: false },
      outcome: { ok: false, error: { message: 'failure 2' } },
    });
  });

  test('false throws the error itself', async () => {
    const error = new Error('itself');
    expect(
      await errorOf(
        retry(
          failing(9, () => error),
          { attempts: 2, wait: 0, wrapError: false },
        )(),
      ),
    ).toBe(error);
  });
});

describe('enabled: false', () => {
  test('calls once, as if it were not wrapped', async () => {
    const callback = vi.fn();
    const fn = failing(9);
    const error = await errorOf(
      retry(fn, {
        enabled: false,
        before: callback,
        after: callback,
        onSettled: callback,
        fallback: callback,
        retryIf: callback,
        timeout: '1s',
      })(),
    );
    expect([error.message, fn.calls, callback.mock.calls.length]).toEqual(['failure 1', 1, 0]);
    expect(await retry(failing(0), { enabled: false })()).toBe('done');
    expect((await errorOf(retry(failing(9), { enabled: false, wrapError: true })())).message).toBe(
      'failure 1',
    );
  });

  test('returns a result that retryIf would reject', async () => {
    expect(await retry(async () => 1, { enabled: false, retryIf: () => true })()).toBe(1);
  });

  test("still hands the caller's abort on, and leaves the rest to the function", async () => {
    for (const early of [true, false]) {
      const controller = new AbortController();
      if (early) controller.abort('enough');
      const result = await retry({ enabled: false, signal: controller.signal }).run(async ({ signal }) => {
        controller.abort('enough');
        return signal.reason;
      });
      expect(result).toBe('enough');
    }
  });
});

describe('a budget', () => {
  test('stops retries when it is empty, for all who share it', async () => {
    const budget = retryBudget({ capacity: 3 });
    const [one, two] = [failing(Infinity), failing(Infinity)];
    await errorOf(retry(one, { attempts: 3, wait: 0, budget })());
    expect((await errorOf(retry(two, { wait: 0, budget })())).message).toBe('failure 2');
    expect([one.calls, two.calls, budget.tokens]).toEqual([3, 2, 0]);
  });

  test('is refilled by successes, ten for a retry', async () => {
    const budget = retryBudget({ capacity: 1 });
    await errorOf(retry(failing(9), { wait: 0, budget })());
    const ok = retry(async () => 1, { budget });
    for (let i = 0; i < 10; i++) {
      expect(budget.tokens).toBeCloseTo(i / 10);
      await ok();
    }
    expect(budget.tokens).toBe(1);
    await ok();
    expect(budget.tokens).toBe(1);
    const fn = failing(1);
    expect(await retry(fn, { wait: 0, budget })()).toBe('done');
  });

  test('holds a thousand callers of a service that is down', async () => {
    const budget = retryBudget();
    const fn = failing(Infinity);
    const calls = Array.from({ length: 1000 }, () => errorOf(retry(fn, { wait: 0, budget })()));
    await Promise.all(calls);
    expect(fn.calls).toBe(1010);
  });
});
