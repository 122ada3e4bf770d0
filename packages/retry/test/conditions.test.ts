import {
  allOf,
  anyOf,
  ifCause,
  ifError,
  ifMessage,
  ifResult,
  logAfter,
  logBeforeSleep,
  not,
  retry,
  type RetryState,
  stopAfterAttempt,
  stopAfterDelay,
  stopBeforeDelay,
  unlessError,
} from '@whetstone/retry';
import { expect, test, vi } from 'vitest';

const failed = (error: unknown) => ({ outcome: { ok: false, error } }) as RetryState;
const gave = (value: any) => ({ outcome: { ok: true, value } }) as RetryState<any>;
const at = (over: Partial<RetryState>) =>
  ({ attemptNumber: 1, elapsed: 0, upcomingDelay: 0, ...over }) as RetryState;
class Mine extends RangeError {}

test('ifError holds for its classes and what extends them, never for a result', () => {
  const condition = ifError(RangeError, SyntaxError);
  expect([new Mine(), new SyntaxError(), new TypeError(), 'text'].map((e) => condition(failed(e)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(condition(gave(new Mine()))).toBe(false);
});

test('unlessError holds for all others, never for a result', () => {
  const condition = unlessError(RangeError, SyntaxError);
  expect([new Mine(), new SyntaxError(), new TypeError(), 'text'].map((e) => condition(failed(e)))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(condition(gave(1))).toBe(false);
});

test('ifMessage looks for a text or a pattern', () => {
  expect(ifMessage('busy')(failed(new Error('it is busy')))).toBe(true);
  expect(ifMessage('busy')(failed(new Error('gone')))).toBe(false);
  const global = ifMessage(/^busy/gi);
  expect([1, 2, 3].map(() => global(failed(new Error('BUSY now'))))).toEqual([true, true, true]);
  expect(global(failed(new Error('not busy')))).toBe(false);
  expect([null, undefined, 'busy'].map((e) => ifMessage('busy')(failed(e)))).toEqual([false, false, true]);
  expect(global(gave({ message: 'busy' }))).toBe(false);
});

test('ifCause goes down the causes, and ends in a cycle', () => {
  const condition = ifCause((e) => (e as any)?.code === 'ECONNREFUSED');
  const deep = new Error('a', { cause: new Error('b', { cause: { code: 'ECONNREFUSED' } }) });
  expect([condition(failed(deep)), condition(failed(deep.cause)), condition(failed(new Error('a')))]).toEqual(
    [true, true, false],
  );
  const cycle = new Error('a');
  cycle.cause = new Error('b', { cause: cycle });
  expect([
    condition(failed(cycle)),
    condition(failed(null)),
    condition(gave({ code: 'ECONNREFUSED' })),
  ]).toEqual([false, false, false]);
});

test('ifResult looks at results alone, at once or later', async () => {
  expect([-1, 1].map((v) => ifResult((x: number) => x < 0)(gave(v)))).toEqual([true, false]);
  expect(await ifResult(async (x: number) => x < 0)(gave(-1))).toBe(true);
  expect(ifResult(() => true)(failed(new Error()))).toBe(false);
});

test('anyOf, allOf and not combine, and stay synchronous where all are', () => {
  const [yes, no] = [() => true, () => false];
  expect(
    [anyOf(no, yes), anyOf(no, no), allOf(yes, yes), allOf(yes, no), not(yes), not(no)].map((c) =>
      c(gave(1)),
    ),
  ).toEqual([true, false, true, false, false, true]);
});

test('combined conditions are asked in order, until one decides', () => {
  const never = vi.fn(() => true);
  expect(anyOf(() => true, never)(gave(1))).toBe(true);
  expect(allOf(() => false, never)(gave(1))).toBe(false);
  expect(never).not.toHaveBeenCalled();
});

test('asynchronous conditions combine', async () => {
  const [yes, no] = [async () => true, async () => false];
  const all = [anyOf(no, () => true), anyOf(no, no), allOf(yes, () => true), allOf(() => true, no), not(yes)];
  expect(await Promise.all(all.map((c) => c(gave(1))))).toEqual([true, false, true, false, false]);
});

test('stops are reached at their boundary', () => {
  expect([2, 3, 4].map((attemptNumber) => stopAfterAttempt(3)(at({ attemptNumber })))).toEqual([
    false,
    true,
    true,
  ]);
  expect(
    [999, 1000, 1001].map((elapsed) => stopAfterDelay('1s')(at({ elapsed, upcomingDelay: 500 }))),
  ).toEqual([false, true, true]);
  expect(
    [999, 1000, 1001].map((sum) => stopBeforeDelay('1s')(at({ elapsed: sum - 500, upcomingDelay: 500 }))),
  ).toEqual([false, true, true]);
});

test('the loggers tell which attempt failed, why and what follows', () => {
  const log = { info: vi.fn(), warn: vi.fn() };
  const state = {
    ...failed(new TypeError('refused')),
    name: 'fetch',
    attemptNumber: 2,
    upcomingDelay: 12.4,
    elapsed: 99.9,
  };
  logBeforeSleep(log)(state);
  logAfter(log)(state);
  logAfter(log)({ ...state, ...gave(503), name: '' });
  expect(log.warn.mock.calls).toEqual([['fetch: attempt 2 failed: TypeError: refused; attempt 3 in 12 ms']]);
  expect(log.info.mock.calls).toEqual([
    ['fetch: attempt 2 failed: TypeError: refused; 100 ms since the call began'],
    ['retry: attempt 2 gave a result that is not good enough; 100 ms since the call began'],
  ]);
});

test('conditions on errors alone are not asked about a result', async () => {
  const fn = retry(async () => 'done', { retryIf: ifError(RangeError) });
  expect(await fn()).toBe('done');
  let n = 0;
  const flaky = async (): Promise<number> => {
    if (n++ < 2) throw n === 1 ? new RangeError() : new TypeError();
    return n;
  };
  await expect(retry(flaky, { retryIf: ifError(RangeError), wait: 0 })()).rejects.toBeInstanceOf(TypeError);
  // What is made of them may well hold for a result.
  expect(
    await retry(async () => n++, {
      retryIf: not(ifError(RangeError)),
      wait: 0,
      attempts: 2,
      fallback: () => 'no',
    })(),
  ).toBe('no');
});
