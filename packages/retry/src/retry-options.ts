import type { Duration, Milliseconds } from './duration.ts';
import type { RetryBudget } from './retry-budget.ts';

/** A value, or the promise of one. */
export type Maybe<T> = T | PromiseLike<T>;

/** How an attempt ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/**
 * Where one call stands. Two calls of one wrapped function never share a state, nor do two attempts
 * of a call: an attempt that was given up on cannot read the numbers of its successor.
 */
export interface RetryState<T = unknown, A extends readonly unknown[] = readonly unknown[]> {
  /** The option `name`, else the function's own name. */
  readonly name: string;
  readonly args: A;
  /** Counts from 1. */
  readonly attemptNumber: number;
  /** Of the latest attempt; `undefined` before the first one has ended. */
  readonly outcome: Outcome<T> | undefined;
  /** Since the call began; in a stream, since it last gave items and then failed. */
  readonly elapsed: Milliseconds;
  /** Slept so far. */
  readonly idle: Milliseconds;
  /** The sleep about to begin; 0 outside `beforeSleep` and `stop`. */
  readonly upcomingDelay: Milliseconds;
  /** The latest sleep; 0 before the first. */
  readonly previousDelay: Milliseconds;
  /**
   * Aborts when the caller's signal, `timeout` or `attemptTimeout` does. Hand it to `fetch`. Made
   * when first read.
   */
  readonly signal: AbortSignal;
  /** The option `random`: waits with jitter draw from it. */
  readonly random: () => number;
}

/** When to give up: true ends the call. A plain function of the state. */
export type Stop<T = unknown> = (state: RetryState<T>) => boolean;
/** How long to sleep before the next attempt: 0 or more, finite. A plain function of the state. */
export type Wait<T = unknown> = (state: RetryState<T>) => Milliseconds;
/** What to retry: true asks for one more attempt. A plain function of the state. */
export type RetryIf<T = unknown> = (state: RetryState<T>) => Maybe<boolean>;

/** What may be set; all of it is optional. `undefined` in `.with(…)` puts a default back. */
export interface RetryOptions<T = unknown, F = never> {
  /** Attempts at most, the first included; `Infinity` for no limit. Default 10. */
  attempts?: number;
  /**
   * For the call as a whole; interrupts a hung attempt with `RetryTimeout`, and begins no sleep that
   * would outlast it. Default none.
   */
  timeout?: Duration;
  /**
   * For each attempt; one that exceeds it fails with `AttemptTimeout`, and is retried. In a stream,
   * for each item. Default none.
   */
  attemptTimeout?: Duration;
  /** Ends the call at once, asleep or not, with the signal's reason. Never retried. */
  signal?: AbortSignal;
  /**
   * Stops in addition to `attempts`. Default `stopBeforeDelay('45s')`, no sleep ends later than that;
   * but none beside a `timeout` or `attempts: Infinity`, which say themselves how long.
   */
  stop?: Stop<T>;
  /** A duration is a fixed wait. Default `waitExponential()`. */
  wait?: Wait<T> | Duration;
  /** What to retry. Default: every error but an `AbortError`, no result. */
  retryIf?: RetryIf<T>;
  /** Before every attempt. */
  before?(state: RetryState<T>): Maybe<void>;
  /** After every attempt that will not be the result: it failed, or `retryIf` held. */
  after?(state: RetryState<T>): Maybe<void>;
  /** Before every sleep: `upcomingDelay` is known. */
  beforeSleep?(state: RetryState<T>): Maybe<void>;
  /** Once for each call, however it ended. */
  onSettled?(statistics: Statistics): Maybe<void>;
  /** Its value becomes the result when all attempts, or the time for them, are used up. */
  fallback?(state: RetryState<T>): Maybe<F>;
  /** Throw a `RetryError` around the last error. Default false: the last error itself. */
  wrapError?: boolean;
  /** False calls the function once, as if it were not wrapped. Default true. */
  enabled?: boolean;
  /** For states, statistics and messages. Default: the function's own. */
  name?: string;
  /** Shared by many calls: see {@link retryBudget}. */
  budget?: RetryBudget;
  /** Default: `performance.now` and `setTimeout`. */
  clock?: Clock;
  /** In [0, 1), as `Math.random`. */
  random?(): number;
  /** Let the process end while a call sleeps or waits for a time limit. Default false. A `clock` of your own decides itself. */
  unref?: boolean;
}

/** Of one call. */
export interface Statistics {
  readonly name: string;
  /** How often the function was called. */
  readonly attempts: number;
  /** From the beginning of the call to its end, without `onSettled`. */
  readonly elapsed: Milliseconds;
  readonly idle: Milliseconds;
  /** Whether an attempt gave the result; false when `fallback` did. */
  readonly ok: boolean;
}

/** Where the time comes from. */
export interface Clock {
  /** Since any moment, as long as it is always the same one; must not go back. */
  now(): Milliseconds;
  /** Rejects with the signal's reason when it aborts. */
  sleep(duration: Milliseconds, signal?: AbortSignal): Promise<void>;
}
