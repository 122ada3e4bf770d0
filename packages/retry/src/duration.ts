import { refuse } from './refuse.ts';

/** A time, or a span of it, in milliseconds: the unit of every figure in this package. */
export type Milliseconds = number;

/** Milliseconds, or text with a unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`. */
export type Duration = Milliseconds | `${number}${'ms' | 's' | 'm' | 'h'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5 };

/**
 * A duration as a number of milliseconds, 0 or more and finite.
 *
 * @param name what the duration is for, as the error shall name it
 * @throws `RangeError` for a number that is no duration, `TypeError` for anything else that is none
 */
export function milliseconds(name: string, duration: Duration): Milliseconds {
  let result = duration;
  if (typeof duration === 'string') {
    const [, amount, unit] = /^(\S+?)(ms|[smh])$/.exec(duration) ?? [];
    result = Number(amount) * UNITS[unit!]!;
  }
  return Number.isFinite(result) && (result as Milliseconds) >= 0
    ? (result as Milliseconds)
    : refuse(name, duration, '0 or more milliseconds, "250ms", "30s", "5m", "1h"');
}

/**
 * A number within bounds.
 *
 * @throws `TypeError` for what is no number, `RangeError` for one out of bounds
 */
export function numberWithin(name: string, value: number, least: number, allowed: string): number {
  return typeof value === 'number' && value >= least && value < Infinity
    ? value
    : refuse(name, value, allowed);
}
