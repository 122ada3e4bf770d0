import { type Duration, milliseconds, type Milliseconds } from './duration.ts';
import type { RetryState, Wait } from './retry-options.ts';

/** A wait as a function: a duration is a fixed one. */
export function waitOf(name: string, wait: Wait | Duration): Wait {
  if (typeof wait === 'function') return wait;
  const fixed = milliseconds(name, wait);
  return () => fixed;
}

/**
 * What a wait says for this state.
 *
 * @throws `RangeError` or `TypeError`: a timer would take NaN for 0, and storm
 */
export function delayOf(wait: Wait, state: RetryState): Milliseconds {
  return milliseconds('wait()', wait(state));
}
