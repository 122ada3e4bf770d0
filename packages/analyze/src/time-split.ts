import { categories, selfByNode, type Profile } from '@whetstone/profile';
import { joinedTime } from './joined-time.ts';
import { loadingTime } from './loading-time.ts';
import type { CollectionRow, States, TimeSplit } from './report.ts';
import { isResting, isRestingState } from './selection.ts';
import { statesOfThread } from './thread-rows.ts';

/**
 * How the main thread spent its time.
 *
 * `wall = cpu + queued + asleep` holds exactly: what a clock's tick leaves over goes to `asleep`.
 * Without the operating system's figures (an imported file) the split is that of the samples.
 */
export function timeSplit(profile: Profile): TimeSplit {
  const [thread] = profile.threads;
  const wall = thread?.wall ?? profile.about.wall;
  const told = thread?.cpu ?? (profile.threads.length === 0 ? profile.about.cpu : null);
  const sampled = sampledTime(profile);
  const cpu = Math.min(wall, told ?? sampled.busy);
  const queued = thread?.queued == null ? null : Math.min(thread.queued, wall - cpu);
  const states = statesOfThread(profile, 0);
  const computing = computingStates(states, cpu);
  const asleep = Math.max(0, wall - cpu - (queued ?? 0));
  const joined = joinedTime(profile);
  const waiting = looked(profile) ? Math.min(asleep, chargedToMain(profile)) : null;
  return {
    wall,
    cpu,
    queued,
    asleep,
    waiting,
    unexplained: waiting === null ? null : asleep - waiting,
    collector:
      computing === null
        ? collectorTime(profile, sampled.collector, { wall, cpu })
        : (computing['collector'] ?? 0),
    majorFaults: thread?.majorFaults ?? null,
    startUp: thread?.startUp ?? null,
    computing,
    lock: states['lock'] === undefined ? null : Math.min(asleep, states['lock']),
    joined: joined === null || waiting === null ? null : Math.min(waiting, joined),
    loading: thread?.loading ?? loadingTime(profile),
    kind: told === null ? 'sampled' : 'measured',
  };
}

/** Pauses of the collector in the main thread, added up by kind, most time first. */
export function collectionRows(profile: Profile): CollectionRow[] {
  const { collections, strings } = profile;
  const rows = new Map<number, { kind: string; count: number; time: number; longest: number }>();
  for (let i = 0; i < collections.kind.length; i++) {
    if (collections.thread[i] !== 0) continue;
    const kind = collections.kind[i]!;
    const row = rows.get(kind) ?? { kind: strings[kind] ?? '', count: 0, time: 0, longest: 0 };
    rows.set(kind, row);
    row.count++;
    row.time += collections.duration[i]!;
    row.longest = Math.max(row.longest, collections.duration[i]!);
  }
  return [...rows.values()].toSorted((a, b) => b.time - a.time);
}

/** The samples' split of computing, stretched to what the system says was computed. */
function computingStates(states: States, cpu: number): States | null {
  const computed = Object.entries(states).filter(([state]) => !isRestingState(state));
  const sum = computed.reduce((all, [, time]) => all + time, 0);
  if (sum <= 0) return null;
  return Object.fromEntries(computed.map(([state, time]) => [state, (time / sum) * cpu]));
}

function sampledTime(profile: Profile): { busy: number; collector: number } {
  const self = selfByNode(profile, 0);
  let busy = 0;
  let collector = 0;
  for (let row = 0; row < self.length; row++) {
    const f = profile.nodes.function[row]!;
    if (isResting(profile, f)) continue;
    busy += self[row]!;
    if (categories[profile.functions.category[f]!] === 'collector') collector += self[row]!;
  }
  return { busy, collector };
}

function chargedToMain({ waits }: Profile): number {
  let charged = 0;
  for (let i = 0; i < waits.charged.length; i++) if (waits.thread[i] === 0) charged += waits.charged[i]!;
  return charged;
}

/** Whether waits and collections were looked for: the same switch turns on both, inside a program that was sampled. */
function looked({ about, threads, waits }: Profile): boolean {
  return (
    about.modes.waits &&
    about.runtime.name !== 'other' &&
    (waits.kind.length > 0 || threads.some(({ samples }) => samples.taken > 0))
  );
}

/** Pauses are of the wall: where the machine is busy they hold waiting for a core, and may be more than was computed. */
function collectorTime(
  profile: Profile,
  sampled: number,
  { wall, cpu }: { wall: number; cpu: number },
): number | null {
  const measured = collectionRows(profile).reduce((sum, { time }) => sum + time, 0);
  if (measured > 0) return Math.min(wall, measured);
  if (sampled > 0) return Math.min(cpu, sampled);
  return looked(profile) ? 0 : null;
}
