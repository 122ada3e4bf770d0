import { type Duration, milliseconds, type Milliseconds, numberWithin } from './duration.ts';
import { refuse } from './refuse.ts';
import type { Wait } from './retry-options.ts';

/**
 * How a delay is spread, so that callers who failed together do not come back together. Of the
 * window `w = initial · base^(n − 1)`, at most `max`:
 *
 * - `none`: `w`
 * - `full`: 0 to `w`
 * - `equal`: `w / 2` to `w`
 * - `decorrelated`: `initial` to three times the previous delay, at most `max`; `base` is not used
 * - `proportional`: `w` give or take a fifth, mirrored at `max`
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated' | 'proportional';

type Spread = (
  window: Milliseconds,
  drawn: number,
  max: Milliseconds,
  initial: Milliseconds,
  previous: Milliseconds,
) => Milliseconds;

const SPREADS: Readonly<Record<Jitter, Spread>> = {
  none: (window) => window,
  full: (window, drawn) => window * drawn,
  equal: (window, drawn) => (window * (1 + drawn)) / 2,
  decorrelated: (_, drawn, max, initial, previous) =>
    Math.min(max, initial + drawn * (Math.max(previous, initial) * 3 - initial)),
  proportional: (window, drawn, max) => max - Math.abs(max - window * (0.8 + drawn * 0.4)),
};

/** `initial · base^(n − 1)`, at most `max`, then spread by `jitter`. Defaults: 100 ms, 2, 5 s, full. */
export function waitExponential(
  options: { initial?: Duration; base?: number; max?: Duration; jitter?: Jitter } = {},
): Wait {
  const { jitter = 'full' } = options;
  const initial = milliseconds('initial', options.initial ?? 100);
  const max = milliseconds('max', options.max ?? Math.max(5000, initial));
  const base = numberWithin('base', options.base ?? 2, 1, 'a finite number from 1');
  if (initial > max) refuse('initial', initial, `at most max, ${max}`);
  const spread = Object.hasOwn(SPREADS, jitter)
    ? SPREADS[jitter]
    : refuse('jitter', jitter, Object.keys(SPREADS).join());
  return ({ attemptNumber, previousDelay, random }) =>
    spread(
      // The power overflows to Infinity: `min` brings that back to `max`, but 0 · Infinity is NaN.
      initial && Math.min(max, initial * base ** (attemptNumber - 1)),
      random(),
      max,
      initial,
      previousDelay,
    );
}
