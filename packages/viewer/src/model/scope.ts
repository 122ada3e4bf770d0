import { categories, type Profile } from '@whetstone/profile';

/** Which part of the profile is looked at. */
export interface Scope {
  /** Row in the threads, -1 for all of them. */
  readonly thread: number;
  /** Time range, `null` for all. */
  readonly range: readonly [from: number, to: number] | null;
  /** Whether waiting and idling count, or computing alone. */
  readonly waiting: boolean;
}

const waitingCategory = categories.indexOf('waiting');
const idleCategory = categories.indexOf('idle');

/** Whether a category is time in which the thread did not compute. */
export function isWaiting(category: number): boolean {
  return category === waitingCategory || category === idleCategory;
}

/** Whether the state of a sample, a word of the profile, is time in which the thread did not compute. */
function isRestingState(word: string): boolean {
  return word === 'lock' || word === 'queued' || word === 'waiting';
}

/** Calls `visit` for every run of samples in the scope, with the part of its time that lies inside. */
function visitSamples(
  profile: Profile,
  scope: Scope,
  visit: (node: number, line: number, duration: number) => void,
): void {
  const { nodes, functions } = profile;
  // Where such a sample stands in the function that asked it is no computing of that; the waits have it.
  const rests = profile.strings.map(isRestingState);
  profile.samples.forEach((samples, thread) => {
    if (scope.thread >= 0 && scope.thread !== thread) return;
    for (let i = 0; i < samples.node.length; i++) {
      const node = samples.node[i]!;
      if (node < 0) continue;
      const waits = isWaiting(functions.category[nodes.function[node]!]!);
      if (waits ? !scope.waiting : rests[samples.state[i]!]) continue;
      let duration = samples.duration[i]!;
      if (scope.range !== null) duration *= partInside(samples.time[i]!, duration, scope.range);
      if (duration > 0) visit(node, samples.line[i]!, duration);
    }
  });
}

/** Whether samples in time order are there at all; some formats have sums alone. */
export function hasSamples(profile: Profile, thread: number): boolean {
  return profile.samples.some((samples, i) => (thread < 0 || thread === i) && samples.node.length > 0);
}

/** Calls `visit` for every sum of self time that the profile holds by node and line. */
function visitSums(
  profile: Profile,
  scope: Scope,
  visit: (node: number, line: number, duration: number) => void,
): void {
  const { nodes, functions } = profile;
  for (const measure of profile.measures) {
    if (measure.name !== 'self' || measure.per !== 'node') continue;
    for (let i = 0; i < measure.row.length; i++) {
      const thread = measure.thread[i]!;
      if (scope.thread >= 0 && thread >= 0 && scope.thread !== thread) continue;
      const node = measure.row[i]!;
      if (!scope.waiting && isWaiting(functions.category[nodes.function[node]!]!)) continue;
      // A file may hold anything; time below nothing has no place in a picture.
      if (measure.value[i]! > 0) visit(node, measure.line[i]!, measure.value[i]!);
    }
  }
}

/**
 * Visits the sums for the whole run, as the terminal's report does, and the samples for a stretch of
 * it. Some formats have sums with lines and samples without, others sums or samples alone.
 */
export function visitSelf(
  profile: Profile,
  scope: Scope,
  visit: (node: number, line: number, duration: number) => void,
): void {
  const summed = profile.measures.some(
    ({ name, per, row }) => name === 'self' && per === 'node' && row.length > 0,
  );
  if (summed && (scope.range === null || !hasSamples(profile, scope.thread)))
    visitSums(profile, scope, visit);
  else visitSamples(profile, scope, visit);
}

/** Part of [time, time + duration] inside the range, 0 to 1. */
export function partInside(time: number, duration: number, [from, to]: readonly [number, number]): number {
  if (duration <= 0) return 0;
  const inside = Math.min(to, time + duration) - Math.max(from, time);
  return Math.max(0, inside / duration);
}
