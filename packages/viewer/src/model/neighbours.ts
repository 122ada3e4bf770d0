import type { CallTree } from './call-tree.ts';
import { visitOutermost, type Preorder } from './function-figures.ts';

/** A function beside another, and the time that their calls took. */
export interface Neighbour {
  /** Row in the functions; -1 is the program itself. */
  readonly function: number;
  readonly time: number;
}

/** Who called a function and whom it called, most time first. */
export interface Neighbours {
  readonly callers: readonly Neighbour[];
  readonly callees: readonly Neighbour[];
}

/**
 * Adds up `time` of the boxes around a function. A call below a call of the same two functions counts
 * once, so no figure exceeds the whole.
 */
export function neighbours(
  tree: Pick<CallTree, 'function' | 'parent' | 'width'>,
  time: Float64Array,
  order: Preorder,
  functions: number,
  fn: number,
): Neighbours {
  const callers = new Map<number, number>();
  const callees = new Map<number, number>();
  const callerOf = (box: number) => tree.function[tree.parent[box]!]!;
  // The key of a caller is one higher: the whole has no function.
  visitOutermost(
    tree,
    order,
    functions + 1,
    (box) => (tree.function[box] === fn ? callerOf(box) + 1 : -1),
    (box, key) => add(callers, key - 1, time[box]!),
  );
  visitOutermost(
    tree,
    order,
    functions,
    (box) => (callerOf(box) === fn ? tree.function[box]! : -1),
    (box, key) => add(callees, key, time[box]!),
  );
  return { callers: byTime(callers), callees: byTime(callees) };
}

function add(sums: Map<number, number>, key: number, time: number): void {
  sums.set(key, (sums.get(key) ?? 0) + time);
}

function byTime(sums: ReadonlyMap<number, number>): Neighbour[] {
  return [...sums]
    .filter(([, time]) => time > 0)
    .map(([fn, time]) => ({ function: fn, time }))
    .toSorted((a, b) => b.time - a.time);
}
