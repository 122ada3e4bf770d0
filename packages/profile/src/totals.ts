import type { NodeTable, Profile } from './profile.ts';

/** Self and total time of functions, one row per row of the function table. */
export interface FunctionTotals {
  readonly self: Float64Array;
  readonly total: Float64Array;
}

/**
 * Self time of every call path, in microseconds: the sum of `self` over lines and threads.
 *
 * With `thread`, a row of {@link Profile.threads}, only what that thread spent.
 */
export function selfByNode(profile: Profile, thread?: number): Float64Array {
  const self = new Float64Array(profile.nodes.parent.length);
  for (const measure of profile.measures) {
    if (measure.name !== 'self' || measure.per !== 'node') continue;
    const { row, value, thread: threads } = measure;
    for (let i = 0; i < row.length; i++) {
      if (thread === undefined || threads[i] === thread) {
        self[row[i] as number] = (self[row[i] as number] as number) + (value[i] as number);
      }
    }
  }
  return self;
}

/** Time of every call path with what it called, in microseconds. */
export function totalByNode(profile: Profile, thread?: number): Float64Array {
  return totalOf(profile.nodes, selfByNode(profile, thread));
}

/**
 * Adds to a figure of every call path those of the paths below it.
 *
 * For any measure: time, calls, bytes.
 */
export function totalOf(nodes: NodeTable, self: Float64Array): Float64Array {
  const total = Float64Array.from(self);
  const { parent } = nodes;
  for (let row = parent.length - 1; row >= 0; row--) {
    const caller = parent[row] as number;
    if (caller >= 0) total[caller] = (total[caller] as number) + (total[row] as number);
  }
  return total;
}

/** Self and total time of every function; a function that calls itself is counted once in its total. */
export function functionTotals(profile: Profile, thread?: number): FunctionTotals {
  return functionTotalsOf(profile.nodes, profile.functions.name.length, selfByNode(profile, thread));
}

/** As {@link functionTotals}, for any figure of the call paths. */
export function functionTotalsOf(nodes: NodeTable, functions: number, self: Float64Array): FunctionTotals {
  const selfOf = new Float64Array(functions);
  const totalOfFunction = new Float64Array(functions);
  const total = totalOf(nodes, self);
  const outermost = outermostCalls(nodes, functions);
  for (let row = 0; row < total.length; row++) {
    const f = nodes.function[row] as number;
    selfOf[f] = (selfOf[f] as number) + (self[row] as number);
    if (outermost[row] === 1) totalOfFunction[f] = (totalOfFunction[f] as number) + (total[row] as number);
  }
  return { self: selfOf, total: totalOfFunction };
}

/**
 * 1 for every call path in which the function at its end stands nowhere above: what a total that
 * counts recursion once adds up.
 */
export function outermostCalls(nodes: NodeTable, functions: number): Uint8Array {
  const { parent, function: functionOf } = nodes;
  const rows = parent.length;
  const firstChild = new Int32Array(rows).fill(-1);
  const nextSibling = new Int32Array(rows).fill(-1);
  let firstRoot = -1;
  for (let row = rows - 1; row >= 0; row--) {
    const caller = parent[row] as number;
    if (caller < 0) {
      nextSibling[row] = firstRoot;
      firstRoot = row;
    } else {
      nextSibling[row] = firstChild[caller] as number;
      firstChild[caller] = row;
    }
  }
  const outermost = new Uint8Array(rows);
  // How often each function stands on the path to the row that the walk is in.
  const standing = new Int32Array(functions);
  let row = firstRoot;
  while (row >= 0) {
    const f = functionOf[row] as number;
    if (standing[f] === 0) outermost[row] = 1;
    standing[f] = (standing[f] as number) + 1;
    if ((firstChild[row] as number) >= 0) {
      row = firstChild[row] as number;
      continue;
    }
    // Back up to the next path that was not walked.
    for (;;) {
      const left = functionOf[row] as number;
      standing[left] = (standing[left] as number) - 1;
      if ((nextSibling[row] as number) >= 0) {
        row = nextSibling[row] as number;
        break;
      }
      row = parent[row] as number;
      if (row < 0) break;
    }
  }
  return outermost;
}
