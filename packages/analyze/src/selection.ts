import { categories, selfByNode, type Microseconds, type NodeTable, type Profile } from '@whetstone/profile';

/**
 * Time by call path and line of what a report is about: the whole run, or the stretches that the
 * program marked.
 */
export interface Selection {
  /** One row for each call path and line. */
  readonly row: Int32Array;
  readonly line: Int32Array;
  readonly value: Float64Array;
  /** By call path, without callees. */
  readonly self: Float64Array;
  /** Of {@link self}: all that is computing. */
  readonly busy: Microseconds;
  /** True where it is a part of the run only: exact counts, which are of the whole run, do not fit it. */
  readonly partial: boolean;
  /** What the time was spent on, asleep or not, where the runtime tells: for each state its call paths and lines. */
  readonly states: ReadonlyMap<string, StateColumns>;
}

/** Wall time in one state, one row for each call path and line. */
export interface StateColumns {
  readonly row: ArrayLike<number>;
  readonly line: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** States in which a thread does not compute. */
const restingStates: ReadonlySet<string> = new Set(['lock', 'waiting', 'queued']);

/** Whether a state of a sample stands for not computing. */
export function isRestingState(state: string): boolean {
  return restingStates.has(state);
}

/** How the measures are called that hold the time in a state: `state:bytecode`. */
const STATE_MEASURE = 'state:';

/** Whether a function row stands for not computing: asleep, or nothing to do. */
export function isResting(profile: Profile, functionRow: number): boolean {
  const category = categories[profile.functions.category[functionRow]!];
  return category === 'idle' || category === 'waiting';
}

/** The time of the regions that the program marked, or of the whole run where it marked none. */
export function selectionOf(profile: Profile): Selection {
  const marked = regionStretches(profile);
  if (marked.size === 0) {
    const columns = profile.measures.filter(({ name, per }) => name === 'self' && per === 'node');
    return selectionFrom(profile, columns, selfByNode(profile), false, statesOfRun(profile));
  }
  const row: number[] = [];
  const line: number[] = [];
  const value: number[] = [];
  const self = new Float64Array(profile.nodes.parent.length);
  const states = new Map<string, GrowingColumns>();
  for (const [thread, stretches] of marked) {
    const samples = profile.samples[thread];
    if (!samples) continue;
    let first = 0;
    for (let i = 0; i < samples.node.length; i++) {
      const start = samples.time[i]!;
      const end = start + samples.duration[i]!;
      while (first < stretches.length && stretches[first]!.end <= start) first++;
      let inside = 0;
      for (let s = first; s < stretches.length && stretches[s]!.start < end; s++) {
        inside += Math.min(end, stretches[s]!.end) - Math.max(start, stretches[s]!.start);
      }
      if (inside <= 0) continue;
      const state = profile.strings[samples.state[i]!] ?? '';
      if (state !== '') addTo(states, state, askerOf(profile, samples.node[i]!), samples.line[i]!, inside);
      if (isRestingState(state)) continue;
      row.push(samples.node[i]!);
      line.push(samples.line[i]!);
      value.push(inside);
      self[samples.node[i]!]! += inside;
    }
  }
  return selectionFrom(profile, [{ row, line, value }], self, true, states);
}

interface GrowingColumns {
  readonly row: number[];
  readonly line: number[];
  readonly value: number[];
}

function statesOfRun(profile: Profile): Map<string, StateColumns> {
  const states = new Map<string, StateColumns>();
  for (const { name, per, row, line, value } of profile.measures) {
    if (per === 'node' && name.startsWith(STATE_MEASURE))
      states.set(name.slice(STATE_MEASURE.length), { row, line, value });
  }
  return states;
}

/** The call path of a sample, or of what asked where it stands for a wait or for the collector. */
function askerOf({ nodes, functions }: Profile, node: number): number {
  const category = categories[functions.category[nodes.function[node]!]!];
  const parent = nodes.parent[node]!;
  return parent >= 0 && (category === 'waiting' || category === 'collector') ? parent : node;
}

function addTo(
  states: Map<string, GrowingColumns>,
  state: string,
  row: number,
  line: number,
  value: number,
): void {
  const columns = states.get(state) ?? { row: [], line: [], value: [] };
  states.set(state, columns);
  columns.row.push(row);
  columns.line.push(line);
  columns.value.push(value);
}

function selectionFrom(
  profile: Profile,
  columns: readonly StateColumns[],
  self: Float64Array,
  partial: boolean,
  states: ReadonlyMap<string, StateColumns>,
): Selection {
  let busy = 0;
  for (let row = 0; row < self.length; row++) {
    if (!isResting(profile, profile.nodes.function[row]!)) busy += self[row]!;
  }
  const [only] = columns;
  const joined =
    columns.length === 1
      ? only!
      : {
          row: columns.flatMap(({ row }) => Array.from(row)),
          line: columns.flatMap(({ line }) => Array.from(line)),
          value: columns.flatMap(({ value }) => Array.from(value)),
        };
  return {
    row: Int32Array.from(joined.row),
    line: Int32Array.from(joined.line),
    value: Float64Array.from(joined.value),
    self,
    busy,
    partial,
    states,
  };
}

/** Marked stretches of each thread in time order, those that overlap joined: nested regions count once. */
function regionStretches(profile: Profile): Map<number, { start: number; end: number }[]> {
  const { marks, strings } = profile;
  const byThread = new Map<number, { start: number; end: number }[]>();
  for (let i = 0; i < marks.name.length; i++) {
    if (strings[marks.kind[i]!] !== 'region') continue;
    const thread = marks.thread[i]!;
    const stretches = byThread.get(thread) ?? [];
    stretches.push({ start: marks.start[i]!, end: marks.start[i]! + marks.duration[i]! });
    byThread.set(thread, stretches);
  }
  for (const [thread, stretches] of byThread) byThread.set(thread, joinedStretches(stretches));
  return byThread;
}

/** The same moments as stretches in time order that do not touch. */
export function joinedStretches(
  stretches: readonly { readonly start: number; readonly end: number }[],
): { start: number; end: number }[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of stretches.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** Rows of the nodes that rest do not pass their time on: totals are of computing alone. */
export function busySelf(profile: Profile, nodes: NodeTable, self: Float64Array): Float64Array {
  const busy = Float64Array.from(self);
  for (let row = 0; row < busy.length; row++) if (isResting(profile, nodes.function[row]!)) busy[row] = 0;
  return busy;
}
