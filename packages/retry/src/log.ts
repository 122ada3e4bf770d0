import { refuse } from './refuse.ts';
import type { RetryState } from './retry-options.ts';

/** Anything with these two methods, such as `console`. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** A ready-made `beforeSleep`: warns which attempt failed, why, and when the next one comes. */
export function logBeforeSleep(log: Log): (state: RetryState) => void {
  check('logBeforeSleep', log);
  return (state) =>
    log.warn(`${ended(state)}; attempt ${state.attemptNumber + 1} in ${Math.round(state.upcomingDelay)} ms`);
}

/** A ready-made `after`: tells which attempt failed, why, and how long the call has run. */
export function logAfter(log: Log): (state: RetryState) => void {
  check('logAfter', log);
  return (state) => log.info(`${ended(state)}; ${Math.round(state.elapsed)} ms since the call began`);
}

function ended({ name, attemptNumber, outcome }: RetryState): string {
  const how =
    outcome?.ok === false ? `failed: ${String(outcome.error)}` : 'gave a result that is not good enough';
  return `${name || 'retry'}: attempt ${attemptNumber} ${how}`;
}

function check(name: string, log: Log): void {
  if (typeof log?.info !== 'function' || typeof log.warn !== 'function') {
    refuse(name, log, 'an object with the methods info and warn, such as console');
  }
}
