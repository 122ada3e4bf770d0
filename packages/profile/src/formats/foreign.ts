import type { Microseconds, ProfileAbout, Thread } from '../profile.ts';

/** What can be said of a recording that another tool has made: little, and the rest is left open. */
export function foreignAbout(
  runtime: ProfileAbout['runtime']['name'],
  wall: Microseconds,
  interval: Microseconds,
): ProfileAbout {
  return {
    command: [],
    runtime: { name: runtime, version: '', path: '' },
    machine: { system: '', processor: '', cores: 0, memory: 0, load: null },
    started: '',
    workingDirectory: '',
    revision: null,
    exit: { code: null, signal: null },
    wall,
    cpu: null,
    peakMemory: null,
    swaps: null,
    interval,
    modes: { counts: false, waits: false, deopts: false, attached: false },
    influence: { value: 1, low: 1, high: 1, kind: 'estimated', longestPause: 0, pauses: 0 },
    warnings: [
      {
        code: 'influence-unknown',
        message:
          'Another tool recorded this: what its measuring cost, and which time other programs took, is not known.',
      },
    ],
    saved: null,
  };
}

/** The one thread that such a file tells of. */
export function foreignThread(wall: Microseconds, taken: number): Thread {
  return {
    process: 0,
    thread: 0,
    name: 'main',
    start: 0,
    wall,
    cpu: null,
    queued: null,
    asleep: null,
    startUp: null,
    loading: null,
    majorFaults: null,
    minorFaults: null,
    samples: { taken, rejected: 0 },
  };
}
