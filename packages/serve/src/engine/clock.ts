import type { Limits } from '../limits.ts';

/** The clock of one listener: it stands still between ticks, so that reading it costs nothing. */
export interface Clock {
  /** Milliseconds since some moment, as of the last tick. */
  now: number;
}

/** Between two ticks, milliseconds: a quarter of the smallest limit, and no more than a second. */
export function tickOf(limits: Limits): number {
  const { headerTime, bodyTime, idleTime, sendTime, handlerTime } = limits;
  const smallest = Math.min(headerTime, bodyTime, idleTime, sendTime, handlerTime);
  return Math.min(1000, Math.max(10, smallest / 4));
}
