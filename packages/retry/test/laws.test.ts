import {
  anyOf,
  retry,
  retryBudget,
  type RetryState,
  stopBeforeDelay,
  waitChain,
  waitExponential,
  waitIncrementing,
  waitRandom,
} from '@whetstone/retry';
import { ManualClock } from '@whetstone/retry/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { errorOf, failing } from './failing.ts';

const jitters = fc.constantFrom('none', 'full', 'equal', 'decorrelated', 'proportional' as const);
const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const number = fc.integer({ min: 1, max: 10_000 });
const time = fc.integer({ min: 0, max: 1e9 });
const state = (over: Partial<RetryState>) =>
  ({ attemptNumber: 1, previousDelay: 0, random: () => 0, ...over }) as RetryState;
const within = (delay: number, low: number, high: number) => delay >= low - 1e-6 && delay <= high + 1e-6;

test('delays stay within their bounds', () => {
  fc.assert(
    fc.property(
      jitters,
      drawn,
      number,
      time,
      time,
      fc.double({ min: 1, max: 10, noNaN: true }),
      (jitter, r, attemptNumber, a, b, base) => {
        const [initial, max] = [Math.min(a, b), Math.max(a, b)];
        const s = state({ attemptNumber, random: () => r, previousDelay: r * max });
        expect(waitExponential({ initial, max, base, jitter })(s)).toSatisfy((d) => within(d, 0, max));
        expect(waitRandom({ min: initial, max })(s)).toSatisfy((d) => within(d, initial, max));
        expect(waitIncrementing({ start: initial, step: b, max })(s)).toSatisfy((d) =>
          within(d, initial, max),
        );
      },
    ),
  );
});

test('the total sleep never exceeds the time that stop allows, and no sleep ends later', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 2000 }),
      drawn,
      async (delays, limit, r) => {
        const clock = new ManualClock();
        const wait = waitChain(...(delays as [number]));
        let ended = 0;
        const call = errorOf(
          retry(failing(Infinity), {
            attempts: 40,
            clock,
            wait: anyWait(wait, r),
            stop: stopBeforeDelay(limit),
            before: () => void (ended = clock.now()),
            wrapError: true,
          })(),
        );
        await clock.advance('1h');
        const { statistics } = await call;
        expect(statistics.idle).toBeLessThan(limit);
        expect(ended).toBeLessThan(limit);
        expect(statistics.attempts).toBeLessThanOrEqual(40);
      },
    ),
    { numRuns: 40 },
  );
});
const anyWait = (wait: (s: RetryState) => number, r: number) => (s: RetryState) => wait(s) * r;

test('a call makes as many attempts as it fails, one more, and never more than it may', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 1, max: 8 }),
      async (failures, attempts) => {
        const clock = new ManualClock();
        const fn = failing(failures);
        const call = retry(fn, { attempts, wait: 1, clock, fallback: () => 'given up' })();
        await clock.advance(100);
        expect(await call).toBe(failures < attempts ? 'done' : 'given up');
        expect(fn.calls).toBe(Math.min(failures + 1, attempts));
      },
    ),
    { numRuns: 60 },
  );
});

test('a budget never allows more retries than its capacity and what successes put back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      async (oks, capacity) => {
        const budget = retryBudget({ capacity, perSuccess: 0.25 });
        const clock = { now: () => 0, sleep: async () => {} };
        let calls = 0;
        for (const ok of oks) {
          await retry(
            async () => {
              calls++;
              if (!ok) throw new Error();
            },
            { budget, clock, fallback: () => {} },
          )();
          expect(budget.tokens).toSatisfy((tokens) => within(tokens, 0, capacity));
        }
        expect(calls - oks.length).toBeLessThanOrEqual(capacity + oks.filter(Boolean).length / 4);
      },
    ),
    { numRuns: 40 },
  );
});

test('anyOf stops where one of its stops does', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1 }), (held) => {
      expect(anyOf(...held.map((h) => () => h))(state({}))).toBe(held.includes(true));
    }),
  );
});
