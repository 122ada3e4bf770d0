import { categories, totalOf, type Microseconds, type Profile } from '@whetstone/profile';
import { matchFunctions } from './match-functions.ts';
import { placeOf } from './places.ts';
import type { FunctionRow, Place } from './report.ts';
import { busySelf, selectionOf } from './selection.ts';

/** Who calls a function, or whom it calls, and the time that goes that way. */
export interface Relatives {
  readonly name: string;
  readonly kind: 'callers' | 'callees';
  /** The functions that the name means. */
  readonly of: readonly Place[];
  /** Time of the functions themselves, with and without what they call. */
  readonly self: Microseconds;
  readonly total: Microseconds;
  /** By total, most first. */
  readonly rows: readonly RelativeRow[];
}

export interface RelativeRow extends Place {
  readonly category: FunctionRow['category'];
  /** For a caller: the function's own time under it. For a callee: its own time under the function. */
  readonly self: Microseconds;
  /** With callees; recursion is counted once, at the outermost call. */
  readonly total: Microseconds;
}

/**
 * The direct callers of a function. Their totals add up to the function's total, their selves to its
 * self; the row `(root)` stands for being called by the runtime itself.
 */
export function callers(profile: Profile, name: string): Relatives {
  const { nodes, matched, self, total } = timesOf(profile, name);
  const above = standingAbove(profile, matched);
  const rows = new Map<number, { self: number; total: number }>();
  for (let node = 0; node < self.length; node++) {
    if (!matched.has(nodes.function[node]!)) continue;
    const caller = nodes.parent[node]! < 0 ? -1 : nodes.function[nodes.parent[node]!]!;
    const row = rows.get(caller) ?? { self: 0, total: 0 };
    rows.set(caller, row);
    row.self += self[node]!;
    if (above[node] === 0) row.total += total[node]!;
  }
  return relatives(profile, name, 'callers', matched, rows, added(rows, 'self'), added(rows, 'total'));
}

/**
 * What a function calls directly. Their totals and the function's self add up to its total, unless a
 * callee calls the function again: then that call's own time is in the callee's total.
 */
export function callees(profile: Profile, name: string): Relatives {
  const { nodes, matched, self, total } = timesOf(profile, name);
  const above = standingAbove(profile, matched);
  const inCallee = new Uint8Array(self.length);
  const rows = new Map<number, { self: number; total: number }>();
  let ownSelf = 0;
  let ownTotal = 0;
  for (let node = 0; node < self.length; node++) {
    const parent = nodes.parent[node]!;
    const f = nodes.function[node]!;
    if (parent >= 0 && inCallee[parent] === 1) inCallee[node] = 1;
    if (matched.has(f)) {
      ownSelf += self[node]!;
      if (above[node] === 0) ownTotal += total[node]!;
      continue;
    }
    if (parent < 0 || !matched.has(nodes.function[parent]!)) continue;
    const row = rows.get(f) ?? { self: 0, total: 0 };
    rows.set(f, row);
    row.self += self[node]!;
    if (inCallee[node] === 0) row.total += total[node]!;
    inCallee[node] = 1;
  }
  return relatives(profile, name, 'callees', matched, rows, ownSelf, ownTotal);
}

function timesOf(profile: Profile, name: string) {
  const { nodes } = profile;
  const self = busySelf(profile, nodes, selectionOf(profile).self);
  return { nodes, matched: new Set(matchFunctions(profile, name)), self, total: totalOf(nodes, self) };
}

/** For each call path how many of the functions stand above its end. */
function standingAbove({ nodes }: Profile, functions: ReadonlySet<number>): Int32Array {
  const above = new Int32Array(nodes.parent.length);
  for (let node = 0; node < above.length; node++) {
    const parent = nodes.parent[node]!;
    if (parent >= 0) above[node] = above[parent]! + (functions.has(nodes.function[parent]!) ? 1 : 0);
  }
  return above;
}

function relatives(
  profile: Profile,
  name: string,
  kind: Relatives['kind'],
  matched: ReadonlySet<number>,
  rows: ReadonlyMap<number, { self: number; total: number }>,
  self: number,
  total: number,
): Relatives {
  return {
    name,
    kind,
    of: [...matched].map((row) => placeOf(profile, row)),
    self,
    total,
    rows: [...rows]
      .map(([f, times]) => ({
        ...(f < 0 ? { file: '', line: 0, function: '(root)' } : placeOf(profile, f)),
        category: f < 0 ? ('runtime' as const) : (categories[profile.functions.category[f]!] ?? 'own'),
        ...times,
      }))
      .filter((row) => row.total > 0 || row.self > 0)
      .toSorted((a, b) => b.total - a.total || b.self - a.self),
  };
}

function added(rows: ReadonlyMap<number, { self: number; total: number }>, column: 'self' | 'total'): number {
  return [...rows.values()].reduce((sum, row) => sum + row[column], 0);
}
