import { type Duration, milliseconds } from './duration.ts';
import { refuse } from './refuse.ts';
import type { Stop } from './retry-options.ts';

/** Stops after so many attempts, the first included. `attempts` in the options does the same. */
export function stopAfterAttempt(attempts: number): Stop {
  if (!(attempts >= 1)) refuse('stopAfterAttempt', attempts, 'a number from 1');
  return (state) => state.attemptNumber >= attempts;
}

/** Stops when an attempt ends so long after the call began, or later. */
export function stopAfterDelay(elapsed: Duration): Stop {
  const limit = milliseconds('stopAfterDelay', elapsed);
  return (state) => state.elapsed >= limit;
}

/**
 * Stops rather than begin a sleep that would end so long after the call began, or later: the coming
 * sleep is counted in.
 */
export function stopBeforeDelay(elapsed: Duration): Stop {
  const limit = milliseconds('stopBeforeDelay', elapsed);
  return (state) => state.elapsed + state.upcomingDelay >= limit;
}
