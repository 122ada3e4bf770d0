import { type Duration, milliseconds } from './duration.ts';
import { refuse } from './refuse.ts';
import type { Wait } from './retry-options.ts';
import { waitOf } from './wait-of.ts';

/** Anything from `min` (default 0) up to `max`, each as likely. */
export function waitRandom(range: { min?: Duration; max: Duration }): Wait {
  const min = milliseconds('min', range.min ?? 0);
  const max = milliseconds('max', range.max);
  if (min > max) refuse('min', min, `at most max, ${max}`);
  return ({ random }) => min + random() * (max - min);
}

/** `start`, then `step` more each time, at most `max` (default: no limit). */
export function waitIncrementing(options: { start: Duration; step: Duration; max?: Duration }): Wait {
  const start = milliseconds('start', options.start);
  const step = milliseconds('step', options.step);
  const max = options.max === undefined ? Number.MAX_VALUE : milliseconds('max', options.max);
  if (start > max) refuse('start', start, `at most max, ${max}`);
  return ({ attemptNumber }) => Math.min(max, start + step * (attemptNumber - 1));
}

/** The first wait for the first sleep, and so on; the last repeats. */
export function waitChain(first: Wait | Duration, ...rest: (Wait | Duration)[]): Wait {
  const waits = [first, ...rest].map((wait, i) => waitOf(`waitChain, wait ${i + 1},`, wait));
  return (state) => waits[Math.min(state.attemptNumber, waits.length) - 1]!(state);
}

/** All of them together: a fixed part and a random one, for instance. */
export function waitSum(...waits: (Wait | Duration)[]): Wait {
  if (waits.length === 0) refuse('waitSum', undefined, 'one wait or more');
  const terms = waits.map((wait, i) => waitOf(`waitSum, wait ${i + 1},`, wait));
  return (state) => terms.reduce((sum, wait) => sum + wait(state), 0);
}

/** By the class of the error; the first that fits. A result that is retried waits `otherwise`. */
export function waitByError(
  cases: readonly (readonly [new (...args: any[]) => Error, Wait | Duration])[],
  otherwise: Wait | Duration,
): Wait {
  if (!Array.isArray(cases) || cases.length === 0)
    refuse('waitByError, cases,', cases, 'one pair [class, wait] or more');
  const waits = cases.map(([type, wait], i) => {
    if (typeof type !== 'function') refuse(`waitByError, class ${i + 1},`, type, 'a class of errors');
    return [type, waitOf(`waitByError, wait ${i + 1},`, wait)] as const;
  });
  const rest = waitOf('waitByError, otherwise,', otherwise);
  return (state) => {
    const { outcome } = state;
    const found = outcome?.ok === false && waits.find(([type]) => outcome.error instanceof type);
    return (found ? found[1] : rest)(state);
  };
}
