import type { Microseconds } from '@whetstone/profile';
import type { PythonThread } from './python-threads.ts';
import type { SampledTimes } from './sampled-times.ts';

/** A few samples are not stretched to stand for far more than they saw. */
const LARGEST = 1.5;

/** What durations of samples are multiplied with, by what their moment was spent on; 1 for all other states. */
export interface StateScales {
  /** For the states that are CPU time. */
  readonly busy: number;
  readonly queued: number;
  readonly lock: number;
}

/**
 * Makes samples add up to what the operating system tells of their thread.
 *
 * A thread that wakes to ask for the lock, or that gets a core late, looks as if it ran for all of the time
 * since the look before. It cannot have run for longer than the system says: what is too much goes to the
 * queue and to the lock, as far as less of them was seen than there was.
 */
export function stateScales(thread: PythonThread, times: SampledTimes): StateScales {
  const { cpu, queued } = thread;
  if (cpu === null || times.busy <= cpu) return { busy: 1, queued: 1, lock: 1 };
  const tooMuch = times.busy - cpu;
  const toQueue = Math.min(tooMuch, growth(times.queued, queued ?? 0));
  const asleep = Math.max(thread.ended - thread.began - cpu - (queued ?? 0), 0);
  // Other waits are known to the moment.
  const toLock = Math.min(tooMuch - toQueue, growth(times.lock, asleep - times.asleep + times.lock));
  return {
    busy: cpu / times.busy,
    queued: times.queued > 0 ? 1 + toQueue / times.queued : 1,
    lock: times.lock > 0 ? 1 + toLock / times.lock : 1,
  };
}

function growth(seen: Microseconds, was: Microseconds): Microseconds {
  return Math.max(0, Math.min(was, seen * LARGEST) - seen);
}
