import type { Outcome, Statistics } from './retry-options.ts';

/** Throw it to ask for one more attempt, whatever `retryIf` says; `stop` is obeyed. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
  readonly code = 'TRY_AGAIN';
}

/** With `wrapError`, or when the last attempt ended with a result that was not good enough. */
export class RetryError extends Error {
  override readonly name = 'RetryError';
  readonly code = 'RETRY_EXHAUSTED';
  declare readonly statistics: Statistics;
  /** Of the last attempt. */
  declare readonly outcome: Outcome<unknown>;

  constructor(statistics: Statistics, outcome: Outcome<unknown>) {
    super(`${statistics.name}: gave up after attempt ${statistics.attempts}`, causeOf(outcome));
    Object.assign(this, { statistics, outcome });
  }
}

/** An attempt exceeded `attemptTimeout`. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout';
  readonly code = 'ATTEMPT_TIMEOUT';
}

/** The call exceeded `timeout`; `cause` is the latest error, if any. */
export class RetryTimeout extends Error {
  override readonly name = 'RetryTimeout';
  readonly code = 'RETRY_TIMEOUT';
}

/** What a new error has for its cause: the error that an attempt ended with. */
export function causeOf(outcome: Outcome<unknown> | undefined): ErrorOptions | undefined {
  return outcome && !outcome.ok ? { cause: outcome.error } : undefined;
}

/** Whether an attempt threw {@link TryAgain}, of whichever copy of this package. */
export function asksAgain(outcome: Outcome<unknown>): boolean {
  return (outcome as { error?: { code?: unknown } | null }).error?.code === 'TRY_AGAIN';
}
