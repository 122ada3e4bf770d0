import type { Evidence } from '../evidence.ts';
import type { Facts } from '../explain.ts';
import {
  COLLECTOR_MATTERS,
  COMPUTING_DOMINATES,
  LOADING_LEAST,
  LOADING_MATTERS,
  MAJOR_FAULTS_MATTER,
  ONE_CORE,
  QUEUEING_MATTERS,
  START_UP_MATTERS,
  SWAPS_MATTER,
  WORTH_SPLITTING,
} from '../thresholds.ts';

/** Memory was short: pages had to be read back. */
export function swapping({ report: { about, time } }: Facts): Evidence[] {
  const faults = time.majorFaults ?? 0;
  const swaps = about.swaps ?? 0;
  if (faults < MAJOR_FAULTS_MATTER && swaps < SWAPS_MATTER) return [];
  return [
    {
      id: 'swapping',
      confidence: swaps >= SWAPS_MATTER ? 'certain' : 'likely',
      gainAtMost: null,
      where: null,
      evidence: {
        pages: Math.max(faults, swaps),
        memory: about.machine.memory,
        peak: about.peakMemory ?? '?',
      },
    },
  ];
}

/** Others had the core. */
export function busyMachine({ profile, report: { about, time } }: Facts): Evidence[] {
  if (time.queued === null || time.wall === 0 || time.queued / time.wall < QUEUEING_MATTERS) return [];
  return [
    {
      id: 'busy-machine',
      confidence: 'certain',
      gainAtMost: time.queued / time.wall,
      where: null,
      evidence: {
        queued: time.queued,
        wall: time.wall,
        share: time.queued / time.wall,
        cores: about.machine.cores,
        load: profile.about.machine.load ?? '?',
        // No more than they computed.
        own: Math.min(time.queued, Math.max(0, (about.cpu ?? Infinity) - time.cpu)),
      },
    },
  ];
}

/** Garbage collection takes a part worth having. */
export function collector({ report: { time, collections } }: Facts): Evidence[] {
  if (time.collector === null || time.wall === 0 || time.collector / time.wall < COLLECTOR_MATTERS) return [];
  const count = collections.reduce((sum, row) => sum + row.count, 0);
  const [first] = collections;
  return [
    {
      id: 'collector',
      confidence: 'certain',
      gainAtMost: time.collector / time.wall,
      where: null,
      evidence: {
        time: time.collector,
        wall: time.wall,
        share: time.collector / time.wall,
        count: count > 0 ? count : '?',
        kind: first?.kind ?? 'collections of any kind',
        longest: first ? Math.max(...collections.map(({ longest }) => longest)) : '?',
      },
    },
  ];
}

/** Most of a short run is Node's own start. */
export function startUp({ report: { time } }: Facts): Evidence[] {
  if (time.startUp === null || time.wall === 0 || time.startUp / time.wall < START_UP_MATTERS) return [];
  return [
    {
      id: 'start-up',
      confidence: 'certain',
      gainAtMost: Math.min(1, time.startUp / time.wall),
      where: null,
      evidence: { time: time.startUp, wall: time.wall, share: time.startUp / time.wall },
    },
  ];
}

/** Loading and compiling modules takes a part worth having. */
export function moduleLoading({ profile, report: { about, time } }: Facts): Evidence[] {
  if (about.runtime.name === 'other' || time.loading === null || time.wall === 0) return [];
  if (time.loading < LOADING_LEAST || time.loading / time.wall < LOADING_MATTERS) return [];
  return [
    {
      id: 'module-loading',
      confidence: 'certain',
      gainAtMost: Math.min(1, time.loading / time.wall),
      where: null,
      evidence: {
        time: time.loading,
        wall: time.wall,
        share: time.loading / time.wall,
        files: new Set(profile.functions.file).size,
      },
    },
  ];
}

/** One thread computes all the time while the machine has other cores. */
export function oneCoreOnly({ report: { about, time } }: Facts): Evidence[] {
  const { cores } = about.machine;
  const all = about.cpu ?? time.cpu;
  if (time.kind !== 'measured' || cores < 2 || time.cpu < WORTH_SPLITTING) return [];
  if (time.cpu / time.wall < COMPUTING_DOMINATES || all / time.wall > ONE_CORE) return [];
  return [
    {
      id: 'one-core-only',
      // Whether the work can be split is for people to say.
      confidence: 'possible',
      gainAtMost: (time.cpu / time.wall) * (1 - 1 / cores),
      where: null,
      evidence: { cpu: time.cpu, wall: time.wall, share: time.cpu / time.wall, cores },
    },
  ];
}
