// What Tenacity documents of itself, as cases of our own.
import {
  ifResult,
  retry,
  type RetryState,
  stopAfterAttempt,
  stopAfterDelay,
  stopBeforeDelay,
  TryAgain,
  waitChain,
  waitExponential,
} from '@whetstone/retry';
import { ManualClock } from '@whetstone/retry/testing';
import { expect, test, vi } from 'vitest';

import { errorOf, failing } from './failing.ts';

const state = (over: Partial<RetryState>) =>
  ({ attemptNumber: 1, elapsed: 0, upcomingDelay: 0, ...over }) as RetryState;

test('stop_after_attempt, stop_after_delay and stop_before_delay hold at >=', () => {
  expect([2, 3].map((attemptNumber) => stopAfterAttempt(3)(state({ attemptNumber })))).toEqual([false, true]);
  expect([0.999, 1].map((elapsed) => stopAfterDelay(1)(state({ elapsed })))).toEqual([false, true]);
  expect([0.499, 0.5].map((elapsed) => stopBeforeDelay(1)(state({ elapsed, upcomingDelay: 0.5 })))).toEqual([
    false,
    true,
  ]);
});

test('a retrying that is not enabled calls once', async () => {
  const fn = failing(9);
  await errorOf(retry(fn, { enabled: false })());
  expect(fn.calls).toBe(1);
});

test('before runs before every attempt, after only after a failed one', async () => {
  const [before, after] = [vi.fn(), vi.fn()];
  await retry(failing(2), { before, after, wait: 0 })();
  expect([before.mock.calls.length, after.mock.calls.length]).toEqual([3, 2]);
  await errorOf(retry(failing(9), { before, after, wait: 0, attempts: 4 })());
  expect([before.mock.calls.length, after.mock.calls.length]).toEqual([7, 6]);
});

test('n attempts sleep n − 1 times, and before_sleep runs before each', async () => {
  const clock = new ManualClock();
  const sleep = vi.spyOn(clock, 'sleep');
  const beforeSleep = vi.fn();
  const call = errorOf(retry(failing(9), { attempts: 5, wait: 10, beforeSleep, clock })());
  await clock.advance(1000);
  await call;
  expect([sleep.mock.calls.length, beforeSleep.mock.calls.length]).toEqual([4, 4]);
});

test('the mean of full jitter is half the window', () => {
  const wait = waitExponential({ initial: 1000, jitter: 'full' });
  let seed = 1;
  // Park and Miller's generator: the same draws in every run.
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const draws = Array.from({ length: 20_000 }, () => wait(state({ random })));
  expect(Math.abs(draws.reduce((a, b) => a + b) / draws.length - 500)).toBeLessThan(10);
});

test('interleaved calls keep separate numbers', async () => {
  const clock = new ManualClock();
  const numbers: Record<string, number[]> = {};
  const fn = retry(
    async (name: string, failures: number) => {
      if (numbers[name]!.length <= failures) throw new Error(name);
      return name;
    },
    { wait: 10, clock, before: (s) => void (numbers[s.args[0] as string] ??= []).push(s.attemptNumber) },
  );
  const calls = Promise.all([fn('a', 1), fn('b', 3), fn('c', 0)]);
  await clock.advance(100);
  await calls;
  expect(numbers).toEqual({ a: [1, 2], b: [1, 2, 3, 4], c: [1] });
});

test('wait_chain repeats its last wait', () => {
  const wait = waitChain(3, 7, 9);
  expect([1, 2, 3, 4, 99].map((attemptNumber) => wait(state({ attemptNumber })))).toEqual([3, 7, 9, 9, 9]);
});

test('TryAgain retries whatever the condition, and is what is thrown at the end', async () => {
  expect(
    (
      await errorOf(
        retry(
          failing(9, () => new TryAgain()),
          { attempts: 2, retryIf: () => false, wait: 0 },
        )(),
      )
    ).name,
  ).toBe('TryAgain');
});

test('a condition on results alone lets errors through', async () => {
  const fn = failing(9);
  await errorOf(retry(fn, { retryIf: ifResult((v: string) => v === '') })());
  expect(fn.calls).toBe(1);
});

test('retry_error_callback gives the result when all attempts are used up', async () => {
  expect(await retry(failing(9), { attempts: 2, wait: 0, fallback: (s) => s.outcome?.ok })()).toBe(false);
});
