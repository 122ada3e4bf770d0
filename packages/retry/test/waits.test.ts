import {
  retry,
  type RetryState,
  type Wait,
  waitByError,
  waitChain,
  waitExponential,
  waitIncrementing,
  waitRandom,
  waitRetryAfter,
  waitSum,
} from '@whetstone/retry';
import { afterEach, describe, expect, test, vi } from 'vitest';

const state = (over: Partial<RetryState> = {}) =>
  ({ attemptNumber: 1, previousDelay: 0, random: () => 0.5, ...over }) as RetryState;
const first = (wait: Wait, n: number, over: Partial<RetryState> = {}) =>
  Array.from({ length: n }, (_, i) => wait(state({ attemptNumber: i + 1, ...over })));

test('waitRandom draws from its range', () => {
  const wait = waitRandom({ min: '1s', max: '3s' });
  expect([0, 0.5, 1].map((drawn) => wait(state({ random: () => drawn })))).toEqual([1000, 2000, 3000]);
  expect(waitRandom({ max: 10 })(state({ random: () => 0 }))).toBe(0);
});

test('waitIncrementing goes up by steps, to max', () => {
  expect(first(waitIncrementing({ start: 100, step: 50 }), 3)).toEqual([100, 150, 200]);
  expect(first(waitIncrementing({ start: 100, step: 50, max: 120 }), 3)).toEqual([100, 120, 120]);
});

test('waitChain goes through its waits, and repeats the last', () => {
  expect(first(waitChain('1s', waitIncrementing({ start: 0, step: 1 }), 5), 5)).toEqual([1000, 1, 5, 5, 5]);
});

test('waitSum adds up', () => {
  expect(waitSum('1s', waitRandom({ max: 100 }))(state())).toBe(1050);
});

test('waitByError waits by the first class that fits', () => {
  const wait = waitByError(
    [
      [RangeError, '5s'],
      [Error, () => 7],
    ],
    '1s',
  );
  const after = (outcome: RetryState['outcome']) => wait(state({ outcome }));
  expect(after({ ok: false, error: new RangeError() })).toBe(5000);
  expect(after({ ok: false, error: new TypeError() })).toBe(7);
  expect(after({ ok: false, error: 'text' })).toBe(1000);
  expect(after({ ok: true, value: new RangeError() })).toBe(1000);
});

const drawsOften = () => 0.3;

describe('waitExponential', () => {
  test('grows to max, and does not overflow', () => {
    expect(first(waitExponential({ jitter: 'none' }), 8)).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
    for (const jitter of ['none', 'full', 'equal', 'decorrelated', 'proportional'] as const) {
      for (const initial of [0, 1]) {
        const delay = waitExponential({ jitter, initial, base: 3 })(state({ attemptNumber: 5000 }));
        expect(delay).toSatisfy((d) => d >= 0 && d <= 5000);
      }
    }
    expect(waitExponential({ jitter: 'none', initial: '10s' })(state())).toBe(10_000);
  });

  test.each([
    ['full', [0, 100, 200]],
    ['equal', [100, 150, 200]],
    ['proportional', [160, 200, 240]],
  ] as const)('spreads with jitter %s', (jitter, expected) => {
    const wait = waitExponential({ jitter });
    const delays = [0, 0.5, 1].map((drawn) => wait(state({ attemptNumber: 2, random: () => drawn })));
    expect(delays).toEqual(expected);
  });

  test('mirrors proportional jitter at max', () => {
    const wait = waitExponential({ initial: 5000, jitter: 'proportional' });
    expect([0, 0.5, 1].map((drawn) => Math.round(wait(state({ random: () => drawn }))))).toEqual([
      4000, 5000, 4000,
    ]);
  });

  test('draws decorrelated jitter from the previous delay', () => {
    const wait = waitExponential({ jitter: 'decorrelated' });
    const after = (previousDelay: number, drawn: number) =>
      wait(state({ previousDelay, random: () => drawn }));
    expect([after(0, 0), after(0, 1), after(200, 0), after(200, 1), after(4000, 1)]).toEqual([
      100, 300, 100, 600, 5000,
    ]);
  });

  test('with full jitter waits half the window on average', () => {
    const wait = waitExponential({ initial: 1000 });
    const n = 10_000;
    const total = Array.from({ length: n }, (_, i) => wait(state({ random: () => (i + 0.5) / n }))).reduce(
      (a, b) => a + b,
    );
    expect(total / n).toBeCloseTo(500);
  });

  test('is what waits by default', async () => {
    const delays: number[] = [];
    await retry(async () => Promise.reject(new Error()), {
      random: drawsOften,
      clock: { now: () => 0, sleep: async () => {} },
      beforeSleep: (s) => void delays.push(s.upcomingDelay),
      fallback: () => 0,
    })();
    expect(delays).toEqual(first(waitExponential(), 9, { random: drawsOften }));
  });
});

const date = (ms: number) => new Date(Date.UTC(2026, 0, 1, 12) + ms).toUTCString();

describe('waitRetryAfter', () => {
  afterEach(() => void vi.useRealTimers());
  const wait = waitRetryAfter({ fallback: 7, max: '1m' });
  const failed = (error: unknown) => wait(state({ outcome: { ok: false, error } }));

  test('reads seconds from headers of any kind', () => {
    expect(failed({ headers: new Headers({ 'Retry-After': '3' }) })).toBe(3000);
    expect(failed({ headers: { 'Retry-After': '3' } })).toBe(3000);
    expect(failed({ headers: { 'retry-after': 3 } })).toBe(3000);
    expect(failed({ headers: { 'RETRY-AFTER': ['3'] } })).toBe(3000);
  });

  test('looks at the result, the error, its response and its cause', () => {
    const headers = { 'retry-after': '0' };
    expect(wait(state({ outcome: { ok: true, value: { headers } } }))).toBe(0);
    expect(failed({ response: { headers } })).toBe(0);
    expect(failed(new Error('', { cause: { headers } }))).toBe(0);
    expect(failed(new Error('', { cause: { response: { headers } } }))).toBe(0);
  });

  test('reads the three forms of an HTTP date', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12) });
    for (const text of [date(5000), 'Thursday, 01-Jan-26 12:00:05 GMT', 'Thu Jan  1 12:00:05 2026']) {
      expect(failed({ headers: { 'retry-after': text } })).toBe(5000);
    }
    expect(failed({ headers: { 'retry-after': date(-5000) } })).toBe(0);
  });

  test('cuts off at max', () => {
    expect(failed({ headers: { 'retry-after': '3600' } })).toBe(60_000);
    expect(
      waitRetryAfter({ fallback: 7 })(
        state({ outcome: { ok: false, error: { headers: { 'retry-after': '9'.repeat(400) } } } }),
      ),
    ).toBeLessThan(Infinity);
  });

  test('falls back without one that makes sense', () => {
    for (const text of ['-5', '', 'soon', '1e3', undefined])
      expect(failed({ headers: { 'retry-after': text } })).toBe(7);
    for (const error of [null, undefined, 'text', {}, { headers: 'x' }, { headers: null }])
      expect(failed(error)).toBe(7);
  });
});
