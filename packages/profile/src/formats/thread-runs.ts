import type { Microseconds, Profile } from '../profile.ts';

/** What one thread spent its time in, one run after the other without a gap between them. */
export interface ThreadRuns {
  /** When the first run begins. */
  readonly start: Microseconds;
  /** Row in the node table; -1 for time that is charged to nobody. */
  readonly node: Int32Array;
  readonly duration: Float64Array;
}

/**
 * The runs of a thread as formats want them that know only durations: gaps become runs of their own,
 * and a run is moved back where the one before it lasts longer than until its start.
 *
 * A thread without samples, whose self times are known all the same, gets one run for each call path.
 */
export function threadRuns(profile: Profile, thread: number): ThreadRuns {
  const samples = profile.samples[thread];
  if (samples === undefined || samples.node.length === 0) return runsOfSelf(profile, thread);
  const { node, time, duration } = samples;
  const nodes = new Int32Array(node.length * 2);
  const durations = new Float64Array(node.length * 2);
  const start = time[0] as number;
  let runs = 0;
  const add = (row: number, length: number) => {
    if (runs > 0 && nodes[runs - 1] === row) {
      durations[runs - 1] = (durations[runs - 1] as number) + length;
    } else {
      nodes[runs] = row;
      durations[runs++] = length;
    }
  };
  let clock = start;
  for (let i = 0; i < node.length; i++) {
    const gap = (time[i] as number) - clock;
    if (gap > SHORTEST_GAP) {
      add(-1, gap);
      clock = time[i] as number;
    }
    add(node[i] as number, duration[i] as number);
    clock += duration[i] as number;
  }
  return { start, node: nodes.subarray(0, runs), duration: durations.subarray(0, runs) };
}

/** In microseconds; what is shorter comes from adding up fractions. */
const SHORTEST_GAP = 0.01;

function runsOfSelf(profile: Profile, thread: number): ThreadRuns {
  const self = new Map<number, number>();
  for (const measure of profile.measures) {
    if (measure.name !== 'self' || measure.per !== 'node') continue;
    for (let i = 0; i < measure.row.length; i++) {
      if (measure.thread[i] !== thread) continue;
      const row = measure.row[i] as number;
      self.set(row, (self.get(row) ?? 0) + (measure.value[i] as number));
    }
  }
  const spent = [...self].filter(([, value]) => value > 0);
  return {
    start: profile.threads[thread]?.start ?? 0,
    node: Int32Array.from(spent, ([row]) => row),
    duration: Float64Array.from(spent, ([, value]) => value),
  };
}
