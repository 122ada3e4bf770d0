import { retry, stopAfterDelay } from '@whetstone/retry';
import { disableRetries, ManualClock, skipSleeps } from '@whetstone/retry/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { errorOf, failing } from './failing.ts';

describe('skipSleeps', () => {
  test('lets sleeps take no time; delays are still reported', async () => {
    using _ = skipSleeps();
    const error = await errorOf(retry(failing(9), { attempts: 3, wait: '10s', wrapError: true })());
    expect(error.statistics).toMatchObject({ attempts: 3, idle: 20_000 });
  });

  test('counts them as elapsed, so that a call stops as it would', async () => {
    using _ = skipSleeps();
    const fn = failing(Infinity);
    await errorOf(retry(fn, { attempts: Infinity, stop: stopAfterDelay('1h'), wait: '10m' })());
    expect(fn.calls).toBe(7);
    expect((await errorOf(retry(fn, { timeout: '1h', attempts: Infinity, wait: '10m' })())).code).toBe(
      'RETRY_TIMEOUT',
    );
  });

  test('lets timers run, though a call retries for ever', async () => {
    using _ = skipSleeps();
    let up = false;
    setTimeout(() => (up = true), 1);
    expect(await retry(async () => up || Promise.reject(new Error()), { attempts: Infinity })()).toBe(true);
  });
});

describe('disableRetries', () => {
  test('calls every wrapped function once, whenever it was wrapped', async () => {
    const fn = failing(Infinity);
    const wrapped = retry(fn, { wait: 0, attempts: 3 });
    {
      using _ = disableRetries();
      expect((await errorOf(wrapped())).message).toBe('failure 1');
    }
    await errorOf(wrapped());
    expect(fn.calls).toBe(4);
  });
});

test('switches nest, and end in any order', async () => {
  const [a, b, c] = [disableRetries(), skipSleeps(), disableRetries()];
  a[Symbol.dispose]();
  a[Symbol.dispose]();
  const fn = failing(Infinity);
  await errorOf(retry(fn)());
  expect(fn.calls).toBe(1);
  c[Symbol.dispose]();
  await errorOf(retry(fn)());
  expect(fn.calls).toBe(11);
  b[Symbol.dispose]();
});

test('makes up for a runtime without Symbol.dispose', async () => {
  const native = Object.getOwnPropertyDescriptor(Symbol, 'dispose')!;
  if (!native.configurable) {
    // Then `using` lowers to the native symbol, and there is nothing to make up for here.
    return expect(typeof Symbol.dispose).toBe('symbol');
  }
  Reflect.deleteProperty(Symbol, 'dispose');
  const dispose = (disableRetries() as any)[Symbol.for('Symbol.dispose')];
  Object.defineProperty(Symbol, 'dispose', native);
  expect(dispose).toBeTypeOf('function');
  dispose();
});

describe('ManualClock', () => {
  test('moves only when told, and wakes in order, each at its own time', async () => {
    const clock = new ManualClock();
    const woken: unknown[] = [];
    for (const ms of [30, 10, 20]) void clock.sleep(ms).then(() => woken.push([ms, clock.now()]));
    await clock.advance(5);
    expect(woken).toEqual([]);
    await clock.advance('1s');
    expect(woken).toEqual([
      [10, 10],
      [20, 20],
      [30, 30],
    ]);
    expect(clock.now()).toBe(1005);
  });

  test('includes sleeps that begin meanwhile', async () => {
    const clock = new ManualClock();
    let woken = 0;
    void (async () => {
      for (;;) {
        await clock.sleep(10);
        woken = clock.now();
      }
    })();
    await clock.advance(55);
    expect(woken).toBe(50);
  });

  test('rejects with the reason of a signal, before or during a sleep', async () => {
    const clock = new ManualClock();
    expect(await errorOf(clock.sleep(1, AbortSignal.abort('early')))).toBe('early');
    const controller = new AbortController();
    const sleep = errorOf(clock.sleep(1, controller.signal));
    controller.abort('late');
    expect(await sleep).toBe('late');
  });

  test('refuses to go back', async () => {
    expect(await errorOf(new ManualClock().advance(-1))).toBeInstanceOf(RangeError);
  });
});

describe('fake timers', () => {
  afterEach(() => void vi.useRealTimers());

  test('drive sleeps, limits and the elapsed time', async () => {
    vi.useFakeTimers();
    const fn = failing(Infinity);
    const call = errorOf(retry(fn, { wait: '20s', wrapError: true })());
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await call).statistics).toMatchObject({ attempts: 3, elapsed: 40_000, idle: 40_000 });
    const hung = errorOf(retry(() => new Promise(() => {}), { timeout: '1m' })());
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await hung).code).toBe('RETRY_TIMEOUT');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('show that a delay beyond 2³¹ − 1 ms really waits', async () => {
    vi.useFakeTimers();
    const fn = failing(1);
    const call = retry(fn, { wait: '1000h', attempts: Infinity })();
    await vi.advanceTimersByTimeAsync(3_599_999_999);
    expect(fn.calls).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await call).toBe('done');
  });
});
