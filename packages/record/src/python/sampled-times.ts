import type { Microseconds } from '@whetstone/profile';
import type { PythonStacks } from './python-stacks.ts';
import type { PythonThread } from './python-threads.ts';
import { pythonStates, type RawPython } from './raw-python.ts';

/** What the samples of a thread add up to. */
export interface SampledTimes {
  /** Ran, by the samples. */
  readonly busy: Microseconds;
  /** Asleep, by the samples, and of that waiting for the lock. */
  readonly asleep: Microseconds;
  readonly lock: Microseconds;
  /** Ready to run, while others had the core. */
  readonly queued: Microseconds;
  /** First and last moment that a sample shows; the end of the thread and its begin where there is none. */
  readonly first: Microseconds;
  readonly last: Microseconds;
  /** When the program itself was seen first, `null` if never. */
  readonly begun: Microseconds | null;
  /** When Python was seen last, `null` if never. */
  readonly lastPython: Microseconds | null;
  /** In modules that are not the program's own, while they were found, read, compiled and run. */
  readonly loading: Microseconds;
}

/** Whether a state is CPU time, by its row in {@link pythonStates}. */
export const isBusy: readonly boolean[] = pythonStates.map((state) =>
  ['bytecode', 'c-code', 'native', 'collector'].includes(state),
);

/** Adds up the samples of a thread, `rows` in time order. */
export function sampledTimes(
  { samples }: RawPython,
  stacks: PythonStacks,
  rows: readonly number[],
  thread: PythonThread,
): SampledTimes {
  let [busy, asleep, lock, queued, loading] = [0, 0, 0, 0, 0];
  let begun: Microseconds | null = null;
  let lastPython: Microseconds | null = null;
  for (const row of rows) {
    const state = samples.state[row] as number;
    const duration = samples.duration[row] as number;
    const stack = samples.stack[row] as number;
    if (isBusy[state]) busy += duration;
    else if (pythonStates[state] === 'queued') queued += duration;
    else asleep += duration;
    if (pythonStates[state] === 'lock') lock += duration;
    if (stack < 0) continue;
    lastPython = (samples.time[row] as number) + duration;
    if (begun === null && stacks.begun[stack] === 1) begun = samples.time[row] as number;
    if (stacks.loading[stack] === 1) loading += duration;
  }
  const [head, tail] = [rows[0], rows.at(-1)];
  return {
    busy,
    asleep,
    lock,
    queued,
    loading,
    begun,
    lastPython,
    first: head === undefined ? thread.ended : (samples.time[head] as number),
    last:
      tail === undefined ? thread.ended : (samples.time[tail] as number) + (samples.duration[tail] as number),
  };
}
