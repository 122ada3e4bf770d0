import { categories, type Category, type Profile } from '@whetstone/profile';
import { hasSamples, partInside, type Scope } from './scope.ts';

/** What a moment may be spent on, where the runtime tells, in the order in which bars have it. */
export const states = ['bytecode', 'c-code', 'native', 'collector', 'lock', 'queued', 'waiting'] as const;
export type State = (typeof states)[number];

/** What people call them. */
export const stateNames: Readonly<Record<State, string>> = {
  bytecode: 'Python',
  'c-code': 'C code',
  native: 'native',
  collector: 'collector',
  lock: 'waiting for the lock',
  queued: 'queueing',
  waiting: 'waiting',
};

export const stateMeanings: Readonly<Record<State, string>> = {
  bytecode: 'The interpreter ran Python',
  'c-code': 'C code that was called from Python and held the interpreter’s lock',
  native: 'Native code that ran without the lock',
  collector: 'The garbage collector ran',
  lock: 'Another thread held the interpreter’s lock (GIL)',
  queued: 'Ready to run, but another program had the core',
  waiting: 'Asleep',
};

/** The states in which a thread computes, with the category whose colour stands for each. */
export const computingStates: readonly { readonly state: number; readonly category: Category }[] = [
  { state: states.indexOf('bytecode'), category: 'own' },
  { state: states.indexOf('c-code'), category: 'dependency' },
  { state: states.indexOf('native'), category: 'native' },
  { state: states.indexOf('collector'), category: 'collector' },
];

const measurePrefix = 'state:';

/** Whether the profile tells what time was spent on. */
export function hasStates({ measures }: Profile): boolean {
  return measures.some(
    ({ name, per, row }) => name.startsWith(measurePrefix) && per === 'node' && row.length > 0,
  );
}

/**
 * Visits the time in each state, computing or not: the sums for the whole run, the samples for a stretch
 * of it.
 */
export function visitStates(
  profile: Profile,
  scope: Scope,
  visit: (node: number, line: number, state: number, duration: number) => void,
): void {
  if (!hasStates(profile)) return;
  if (scope.range !== null && hasSamples(profile, scope.thread)) {
    const stateOf = profile.strings.map((word) => states.indexOf(word as State));
    profile.samples.forEach((samples, thread) => {
      if (scope.thread >= 0 && scope.thread !== thread) return;
      for (let i = 0; i < samples.node.length; i++) {
        const state = stateOf[samples.state[i]!] ?? -1;
        if (state < 0 || samples.node[i]! < 0) continue;
        const part = partInside(samples.time[i]!, samples.duration[i]!, scope.range!);
        if (part > 0)
          visit(askerOf(profile, samples.node[i]!), samples.line[i]!, state, samples.duration[i]! * part);
      }
    });
    return;
  }
  for (const { name, per, row, line, thread, value } of profile.measures) {
    if (per !== 'node' || !name.startsWith(measurePrefix)) continue;
    const state = states.indexOf(name.slice(measurePrefix.length) as State);
    if (state < 0) continue;
    for (let i = 0; i < row.length; i++) {
      if (scope.thread >= 0 && thread[i]! >= 0 && scope.thread !== thread[i]) continue;
      if (value[i]! > 0) visit(row[i]!, line[i]!, state, value[i]!);
    }
  }
}

/** The call path of a sample, or of what asked where it stands for a wait or for the collector. */
function askerOf({ nodes, functions }: Profile, node: number): number {
  const category = categories[functions.category[nodes.function[node]!]!];
  const parent = nodes.parent[node]!;
  return parent >= 0 && (category === 'waiting' || category === 'collector') ? parent : node;
}

/**
 * Time in each state: `[row * states.length + state]`, with a row for each call path and for each
 * function. Both are empty where the profile has no states.
 */
export interface StateTimes {
  readonly ofNode: Float64Array;
  readonly ofFunction: Float64Array;
}

/** Adds up the time in each state. */
export function stateTimes(profile: Profile, scope: Scope): StateTimes {
  const { nodes, functions } = profile;
  const width = hasStates(profile) ? states.length : 0;
  const ofNode = new Float64Array(nodes.parent.length * width);
  const ofFunction = new Float64Array(functions.name.length * width);
  visitStates(profile, scope, (node, _line, state, duration) => {
    ofNode[node * width + state]! += duration;
    ofFunction[nodes.function[node]! * width + state]! += duration;
  });
  return { ofNode, ofFunction };
}

/**
 * For each box the category whose colour stands for what it computed most, with everything it called; -1
 * where it did not compute.
 */
export function mainStates(
  tree: { readonly node: Int32Array; readonly parent: Int32Array },
  ofNode: Float64Array,
): Int8Array {
  const width = computingStates.length;
  const boxes = tree.node.length;
  const time = new Float64Array(boxes * width);
  const main = new Int8Array(boxes).fill(-1);
  for (let box = boxes - 1; box > 0; box--) {
    const node = tree.node[box]!;
    let most = 0;
    computingStates.forEach(({ state, category }, i) => {
      const at = box * width + i;
      time[at]! += ofNode[node * states.length + state] ?? 0;
      time[tree.parent[box]! * width + i]! += time[at]!;
      if (time[at]! > most) {
        most = time[at]!;
        main[box] = categories.indexOf(category);
      }
    });
  }
  return main;
}
