import type { Milliseconds } from './duration.ts';
import type { Clock } from './retry-options.ts';

/** Calls `done` after a time, unless it is cancelled first by calling what it returns. */
export type Timer = (
  duration: Milliseconds,
  done: () => void,
  failed: (error: unknown) => void,
) => () => void;

// In milliseconds. setTimeout takes 2³¹ − 1 at most and fires at once beyond: what is longer goes in
// steps, of any length below that.
const STEP = 1e9;

/** By `setTimeout`, for any duration. */
export function systemTimer(unref: boolean | undefined): Timer {
  return (duration, done) => {
    let handle: ReturnType<typeof setTimeout>;
    const start = (left: Milliseconds) => {
      handle = setTimeout(() => (left > STEP ? start(left - STEP) : done()), Math.min(left, STEP));
      // A browser's timer is a number, and holds nothing open.
      if (unref) (handle as { unref?(): void }).unref?.();
    };
    start(duration);
    return () => clearTimeout(handle);
  };
}

/** By a clock of the caller's. */
export function clockTimer(clock: Clock): Timer {
  return (duration, done, failed) => {
    const controller = new AbortController();
    const { signal } = controller;
    clock.sleep(duration, signal).then(
      () => signal.aborted || done(),
      (error: unknown) => signal.aborted || failed(error),
    );
    return () => controller.abort();
  };
}
