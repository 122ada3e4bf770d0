import type { Profile } from '@whetstone/profile';
import type { CallTree } from './call-tree.ts';

/** Figures of each function, as columns with a row for each row of the profile's functions. */
export interface FunctionFigures {
  readonly self: Float64Array;
  /** Computing, with everything called; time under a call of itself counts once. */
  readonly total: Float64Array;
  /** Waiting in the function and in what it called, beside `total`. */
  readonly waited: Float64Array;
  /** Exact; NaN where it was not counted. Of the whole run, whatever the time range. */
  readonly calls: Float64Array;
  /** Time in each state, `[function * states.length + state]`; empty where the profile has no states. */
  readonly states: Float64Array;
}

/** Walks the tree in the order of the calls: its boxes by depth first, without recursion. */
export interface Preorder {
  /** Place of each box in the order. */
  readonly enter: Int32Array;
  /** Boxes below each box, itself included. */
  readonly size: Int32Array;
  /** The boxes in order. */
  readonly order: Int32Array;
}

/** Adds up the tree by function. */
export function functionFigures(
  profile: Profile,
  tree: CallTree,
  busy: Float64Array,
  order: Preorder,
  thread: number,
  states: Float64Array,
): FunctionFigures {
  const count = profile.functions.name.length;
  const self = new Float64Array(count);
  const total = new Float64Array(count);
  const waited = new Float64Array(count);
  for (let box = 1; box < tree.width.length; box++) self[tree.function[box]!]! += tree.self[box]!;
  visitOutermost(
    tree,
    order,
    count,
    (box) => tree.function[box]!,
    (box, fn) => {
      total[fn]! += busy[box]!;
      const rest = tree.width[box]! - busy[box]!;
      // Sums in another order differ in their last digits; that is no waiting.
      if (rest > tree.width[box]! * 1e-9) waited[fn]! += rest;
    },
  );
  return { self, total, waited, calls: exactCalls(profile, thread), states };
}

/** Numbers the boxes by depth first. */
export function preorder(tree: CallTree): Preorder {
  const count = tree.width.length;
  const size = new Int32Array(count).fill(1);
  for (let box = count - 1; box > 0; box--) size[tree.parent[box]!]! += size[box]!;
  const enter = new Int32Array(count);
  for (let box = 0; box < count; box++) {
    let next = enter[box]! + 1;
    const end = tree.firstChild[box]! + tree.childCount[box]!;
    for (let child = tree.firstChild[box]!; child < end; child++) {
      enter[child] = next;
      next += size[child]!;
    }
  }
  const order = new Int32Array(count);
  for (let box = 0; box < count; box++) order[enter[box]!] = box;
  return { enter, size, order };
}

/**
 * Visits the boxes that are not below another box of the same key. Boxes whose key is negative are
 * left out.
 */
export function visitOutermost(
  tree: Pick<CallTree, 'width'>,
  { order, size }: Preorder,
  keys: number,
  keyOf: (box: number) => number,
  visit: (box: number, key: number) => void,
): void {
  const endOf = new Int32Array(keys).fill(-1);
  for (let at = 1; at < tree.width.length; at++) {
    const box = order[at]!;
    const key = keyOf(box);
    if (key < 0 || at < endOf[key]!) continue;
    endOf[key] = at + size[box]!;
    visit(box, key);
  }
}

/** Exact calls by function; NaN where there is no count. */
function exactCalls(profile: Profile, thread: number): Float64Array {
  const calls = new Float64Array(profile.functions.name.length).fill(Number.NaN);
  for (const measure of profile.measures) {
    if (measure.name !== 'calls' || measure.per !== 'function') continue;
    for (let i = 0; i < measure.row.length; i++) {
      const counted = measure.thread[i]!;
      if (measure.line[i]! !== 0 || (thread >= 0 && counted >= 0 && counted !== thread)) continue;
      const row = measure.row[i]!;
      calls[row] = (Number.isNaN(calls[row]!) ? 0 : calls[row]!) + measure.value[i]!;
    }
  }
  return calls;
}
