import type { Instrument } from '../instrument.ts';
import type { Target } from '../recording.ts';
import { pythonBelow } from './python-below.ts';
import { pythonIdentity } from './python-identity.ts';
import { pythonInside } from './python-passes.ts';
import { pythonSampling } from './python-sampling.ts';

/** Mean time between two looks, in microseconds: from outside, and from inside, where each costs the program time. */
const OUTSIDE_INTERVAL = 1000;
const INSIDE_INTERVAL = 5000;

interface TimingOptions {
  readonly workingDirectory: string;
  /** Mean time between two looks that people asked for. */
  readonly interval: number | null;
  /** Measuring ends after so many milliseconds, `null` for the program's end. */
  readonly for: number | null;
}

/**
 * Measures where Python spends its time: from outside, and where that cannot be, from inside. Behind scripts and
 * commands, and below a Node, nobody knows which Python will come: then from outside alone.
 *
 * @returns `null` where there is no way
 */
export async function pythonTiming(target: Target, options: TimingOptions): Promise<Instrument | null> {
  const { workingDirectory, interval } = options;
  const identity =
    target.kind === 'python'
      ? await pythonIdentity(target.command, { workingDirectory, environment: process.env })
      : null;
  if (identity !== null && identity.refusal !== null) {
    // PyPy throws compiled code away at every look: looks that are closer double the time.
    const least = identity.name === 'pypy' ? INSIDE_INTERVAL : 0;
    const inside = Math.max(interval ?? INSIDE_INTERVAL, least);
    return pythonInside({ interval: inside, for: options.for }, identity, identity.refusal);
  }
  if (process.platform !== 'linux') return null;
  const outside = { interval: interval ?? OUTSIDE_INTERVAL, for: options.for };
  return target.kind === 'node' ? pythonBelow(outside) : await pythonSampling(outside, identity);
}
