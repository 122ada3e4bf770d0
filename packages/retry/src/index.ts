export { allOf, anyOf, not } from './combine.ts';
export { ifCause, ifError, ifMessage, ifResult, unlessError } from './conditions.ts';
export type { Duration, Milliseconds } from './duration.ts';
export { AttemptTimeout, RetryError, RetryTimeout, TryAgain } from './errors.ts';
export { type Log, logAfter, logBeforeSleep } from './log.ts';
export type { AsyncMethod, Attempt, Policy, Resume, Retried, Retry } from './retried.ts';
export { type RetryBudget, retryBudget } from './retry-budget.ts';
export type {
  Clock,
  Maybe,
  Outcome,
  RetryIf,
  RetryOptions,
  RetryState,
  Statistics,
  Stop,
  Wait,
} from './retry-options.ts';
export { type RetriedSync, retrySync, type RetrySyncOptions } from './retry-sync.ts';
export { retry } from './retry.ts';
export { stopAfterAttempt, stopAfterDelay, stopBeforeDelay } from './stops.ts';
export { type Jitter, waitExponential } from './wait-exponential.ts';
export { waitRetryAfter } from './wait-retry-after.ts';
export { waitByError, waitChain, waitIncrementing, waitRandom, waitSum } from './waits.ts';
