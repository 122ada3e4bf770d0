import {
  allOf,
  anyOf,
  ifCause,
  ifError,
  ifMessage,
  ifResult,
  logAfter,
  not,
  retry,
  retryBudget,
  retrySync,
  stopAfterAttempt,
  stopAfterDelay,
  stopBeforeDelay,
  unlessError,
  waitByError,
  waitChain,
  waitExponential,
  waitIncrementing,
  waitRandom,
  waitRetryAfter,
  waitSum,
} from '@whetstone/retry';
import { describe, expect, test } from 'vitest';

import { errorOf } from './failing.ts';

const fn = async () => 1;
const any = (value: unknown) => value as never;

describe('bad input is refused at creation:', () => {
  const durations = [-1, NaN, Infinity, '30 sec', '', 's', '5', '-5s', 'Infinitys', null, {}];
  test.each<unknown[]>([
    ...['timeout', 'attemptTimeout'].flatMap((name) => [...durations, 0, '0s'].map((value) => [name, value])),
    ...durations.map((value) => ['wait', value]),
    ...[0, -1, 2.5, NaN, '3', null].map((value) => ['attempts', value]),
    ...['stop', 'retryIf', 'before', 'after', 'beforeSleep', 'onSettled', 'fallback', 'random'].map(
      (name) => [name, 3],
    ),
    ...['wrapError', 'enabled', 'unref'].map((name) => [name, 'no']),
    ['name', 7],
    ['signal', {}],
    ['signal', null],
    ['budget', { tokens: 3 }],
    ['clock', { now: () => 0 }],
    ['attemps', 3],
    ['constructor', 3],
    ['maxAttempts', undefined],
  ])('%s: %o', (name, value) => {
    const options = { [String(name)]: value };
    for (const create of [
      () => retry(fn, options),
      () => retry(options),
      () => retry(fn).with(options),
      () => retry({}).with(options),
      () => retrySync(() => 1, options),
    ]) {
      let error: any;
      try {
        create();
      } catch (caught) {
        error = caught;
      }
      expect(error).toSatisfy((e) => e instanceof TypeError || e instanceof RangeError);
      expect(error.message).toContain(name);
    }
  });

  test('names the option, its value and what is allowed', () => {
    expect(() => retry(fn, { attempts: -1 })).toThrow(new RangeError('attempts is -1; allowed: 1 and up'));
    expect(() => retry(fn, { timeout: any('30 sec') })).toThrow(
      new TypeError('timeout is "30 sec"; allowed: 0 or more milliseconds, "250ms", "30s", "5m", "1h"'),
    );
    expect(() => retry(fn, any({ attemps: 3 }))).toThrow(/^option is "attemps"; allowed: .*attempts/);
  });

  test('contradictions', () => {
    expect(() => retry(fn, { timeout: '1s', attemptTimeout: '2s' })).toThrow(/attemptTimeout is 2000/);
    expect(() => retry(fn, { timeout: '1s', attemptTimeout: '1s' })).not.toThrow();
    expect(() => retry(fn, { fallback: () => 0, wrapError: true })).toThrow(/wrapError.*fallback/);
    expect(() => waitExponential({ initial: '9s', max: '5s' })).toThrow(RangeError);
    expect(() => waitRandom({ min: 2, max: 1 })).toThrow(RangeError);
    expect(() => waitIncrementing({ start: 2, step: 1, max: 1 })).toThrow(RangeError);
  });

  test('options that are none', () => {
    for (const options of [null, 3, 'x', true]) {
      expect(() => retry(fn, any(options))).toThrow(/^options? is/);
      expect(() => retry(any(options))).toThrow(/^options? is/);
    }
    expect(() => retry(any(undefined))).toThrow(TypeError);
    expect(() => retrySync(any(3))).toThrow('fn is 3');
  });

  test('what is run that is no function', async () => {
    expect((await errorOf(retry({}).run(any(3)))).message).toBe('fn is 3; allowed: function');
    expect((await errorOf(retry({}).run(fn, any({ attempts: 3 })))).message).toMatch('option is "attempts"');
    expect(() => retry({})(any(3))).toThrow('fn is 3');
  });

  test('options that retrySync cannot have', () => {
    for (const option of ['attemptTimeout', 'signal', 'unref']) {
      expect(() => retrySync(() => 1, any({ [option]: 1 }))).toThrow(option);
    }
  });

  test.each<[string, () => unknown]>([
    ['an empty chain', () => (waitChain as () => unknown)()],
    ['an empty sum', () => waitSum()],
    ['no cases', () => waitByError([], 1)],
    ['a case without a class', () => waitByError([[any('Error'), 1]], 1)],
    ['a negative wait in a chain', () => waitChain(1, -1)],
    ['a negative initial', () => waitExponential({ initial: -1 })],
    ['a base below 1', () => waitExponential({ base: 0.5 })],
    ['a base that is no number', () => waitExponential({ base: NaN })],
    ['an unknown jitter', () => waitExponential({ jitter: any('some') })],
    ['a jitter of Object', () => waitExponential({ jitter: any('toString') })],
    ['a negative step', () => waitIncrementing({ start: 1, step: -1 })],
    ['a negative cap', () => waitRetryAfter({ fallback: 1, max: -1 })],
    ['no fallback', () => waitRetryAfter(any({}))],
    ['zero attempts', () => stopAfterAttempt(0)],
    ['a negative time', () => stopAfterDelay(-1)],
    ['a time of another unit', () => stopBeforeDelay(any('2d'))],
    ['no class', () => ifError()],
    ['no class to except', () => unlessError()],
    ['what is no class', () => ifError(any('Error'))],
    ['no pattern', () => ifMessage(any(undefined))],
    ['no predicate', () => ifResult(any(undefined))],
    ['no predicate of causes', () => ifCause(any(undefined))],
    ['nothing to combine', () => anyOf()],
    ['nothing to combine at all', () => allOf()],
    ['no condition', () => not(any(true))],
    ['a log without warn', () => logAfter(any({ info() {} }))],
    ['a budget of less than one', () => retryBudget({ capacity: 0.5 })],
    ['a negative refill', () => retryBudget({ perSuccess: -1 })],
  ])('%s', (_, create) => {
    expect(create).toThrow(/allowed: /);
  });

  test('a wait that returns what is no time ends the call', async () => {
    for (const delay of [NaN, -1, Infinity, undefined]) {
      const error = await errorOf(
        retry(
          async () => {
            throw new Error('no');
          },
          { wait: () => any(delay) },
        )(),
      );
      expect(error.message).toMatch(/^wait\(\) is /);
    }
  });
});

test('durations may be written with a unit', () => {
  const state = any({ attemptNumber: 1, random: () => 0 });
  const read = (duration: any) => waitChain(duration)(state);
  expect(['250ms', '30s', '5m', '1h', '1.5s', '.5s', 7].map(read)).toEqual([
    250, 30_000, 300_000, 3_600_000, 1500, 500, 7,
  ]);
});
