import { totalOf, type NodeTable } from '@whetstone/profile';

/**
 * The call paths of what is looked at, laid out as boxes: a row of the picture for each depth, in it
 * boxes from left to right, the largest child of a box first, what waits last.
 *
 * Boxes are numbered by row and then from left to right, so the boxes of a row and the children of a
 * box lie side by side, and parents come before their children. Box 0 is the whole.
 */
export interface CallTree {
  /** First box of each row, and the number of boxes at the end. */
  readonly rows: Int32Array;
  /** Left edge: microseconds from the left edge of the whole. */
  readonly start: Float64Array;
  /** Total time. */
  readonly width: Float64Array;
  readonly self: Float64Array;
  /** Row in the functions, -1 for box 0. */
  readonly function: Int32Array;
  /** Row in the nodes, -1 for box 0. */
  readonly node: Int32Array;
  /** Box of the caller, -1 for box 0. */
  readonly parent: Int32Array;
  /** First child; a box has `childCount` of them, side by side. */
  readonly firstChild: Int32Array;
  readonly childCount: Int32Array;
}

/**
 * Lays out all call paths that took time.
 *
 * @param self one figure for each node
 * @param rests whether a function stands for waiting: it comes after what computes, however large
 */
export function callTree(
  nodes: NodeTable,
  self: Float64Array,
  rests: (fn: number) => boolean = () => false,
): CallTree {
  const total = totalOf(nodes, self);
  // Waiting is ordered by a size below nothing: behind everything else, the largest first.
  const rank = total.map((time, node) => (rests(nodes.function[node]!) ? -1 / time : time));
  const children = childrenBySize(nodes, total, rank);
  const count = 1 + countPositive(total);
  const tree = {
    start: new Float64Array(count),
    width: new Float64Array(count),
    self: new Float64Array(count),
    function: new Int32Array(count).fill(-1),
    node: new Int32Array(count).fill(-1),
    parent: new Int32Array(count).fill(-1),
    firstChild: new Int32Array(count),
    childCount: new Int32Array(count),
  };
  const rows = [0];
  let next = 1;
  let rowEnd = 1;
  // The queue of a breadth-first walk is the table itself.
  for (let box = 0; box < next; box++) {
    if (box === rowEnd) {
      rows.push(box);
      rowEnd = next;
    }
    const node = tree.node[box]!;
    let left = tree.start[box]!;
    tree.firstChild[box] = next;
    for (let i = children.first[node + 1]!; i < children.first[node + 2]!; i++) {
      const child = children.list[i]!;
      tree.start[next] = left;
      tree.width[next] = total[child]!;
      tree.self[next] = self[child]!;
      tree.function[next] = nodes.function[child]!;
      tree.node[next] = child;
      tree.parent[next] = box;
      left += total[child]!;
      next++;
    }
    tree.childCount[box] = next - tree.firstChild[box]!;
    if (box === 0) tree.width[0] = left;
  }
  rows.push(next);
  return { ...tree, rows: Int32Array.from(rows) };
}

/** Number of rows of the picture, the whole included. */
export function depthOf(tree: CallTree): number {
  return tree.rows.length - 1;
}

/** Row of a box, by binary search. */
export function rowOf(tree: CallTree, box: number): number {
  let low = 0;
  let high = tree.rows.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tree.rows[middle]! <= box) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The box of a row that lies over a moment, or -1. */
export function boxAt(tree: CallTree, row: number, at: number): number {
  if (row < 0 || row >= depthOf(tree)) return -1;
  const end = tree.rows[row + 1]!;
  const box = firstEndingAfter(tree, tree.rows[row]!, end, at);
  return box < end && tree.start[box]! <= at ? box : -1;
}

/** First box in [from, to) whose right edge lies beyond `at`; `to` if there is none. */
export function firstEndingAfter(tree: CallTree, from: number, to: number, at: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tree.start[middle]! + tree.width[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** First box in [from, to) that starts at `at` or later; `to` if there is none. Gallops: it is often near. */
export function firstStartingFrom(tree: CallTree, from: number, to: number, at: number): number {
  let step = 1;
  let low = from;
  let high = from;
  while (high < to && tree.start[high]! < at) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  if (high > to) high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tree.start[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Children of node n at [first[n + 1], first[n + 2]) of the list; those of the whole at n = -1. */
function childrenBySize(nodes: NodeTable, total: Float64Array, rank: Float64Array) {
  const count = total.length;
  const first = new Int32Array(count + 2);
  for (let node = 0; node < count; node++) {
    if (total[node]! > 0) first[nodes.parent[node]! + 2]!++;
  }
  for (let i = 1; i < first.length; i++) first[i]! += first[i - 1]!;
  const list = new Int32Array(first[count + 1]!);
  const at = first.slice();
  for (let node = 0; node < count; node++) {
    if (total[node]! > 0) list[at[nodes.parent[node]! + 1]!++] = node;
  }
  for (let i = 0; i <= count; i++) sortByRank(list, first[i]!, first[i + 1]!, rank);
  return { first, list };
}

/** Most families are small: insertion is faster there than a call of `sort`. */
const smallFamily = 24;

function sortByRank(list: Int32Array, from: number, to: number, rank: Float64Array): void {
  if (to - from > smallFamily) {
    list.subarray(from, to).sort((a, b) => rank[b]! - rank[a]! || a - b);
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const node = list[i]!;
    let j = i - 1;
    while (j >= from && rank[list[j]!]! < rank[node]!) {
      list[j + 1] = list[j]!;
      j--;
    }
    list[j + 1] = node;
  }
}

function countPositive(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (value > 0) count++;
  return count;
}
