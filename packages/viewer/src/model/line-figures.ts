import type { Profile } from '@whetstone/profile';
import { isWaiting, visitSelf, type Scope } from './scope.ts';
import { hasStates, states, visitStates } from './states.ts';

/** Time and hits by line of the sources, as columns; most time first. */
export interface LineFigures {
  /** Row in the functions: of all that have code on the line, the one that took most. */
  readonly function: Int32Array;
  readonly line: Int32Array;
  readonly self: Float64Array;
  /** Exact; NaN where it was not counted. Of the whole run, whatever the time range. */
  readonly hits: Float64Array;
  /** Time in each state, `[row * states.length + state]`; empty where the profile has no states. */
  readonly states: Float64Array;
}

/** Lines beyond this are not told apart: a key has to stay an exact number. */
const lineLimit = 2 ** 22;

interface Line {
  readonly function: number;
  readonly line: number;
  self: number;
  hits: number;
  readonly states: Float64Array;
}

/** Adds up the time that was computed on each line of each file. */
export function lineFigures(profile: Profile, scope: Scope): LineFigures {
  const { functions, nodes, strings } = profile;
  const self = new Map<number, number>();
  const keyOf = (node: number, line: number): number => {
    const fn = nodes.function[node]!;
    if (line <= 0 || isWaiting(functions.category[fn]!) || strings[functions.file[fn]!] === '') return -1;
    return fn * lineLimit + Math.min(line, lineLimit - 1);
  };
  visitSelf(profile, scope, (node, line, duration) => {
    const key = keyOf(node, line);
    if (key >= 0) self.set(key, (self.get(key) ?? 0) + duration);
  });
  const width = hasStates(profile) ? states.length : 0;
  const spent = new Map<number, Float64Array>();
  visitStates(profile, scope, (node, line, state, duration) => {
    const key = keyOf(node, line);
    if (key < 0) return;
    let times = spent.get(key);
    if (times === undefined) spent.set(key, (times = new Float64Array(width)));
    times[state]! += duration;
    // A line may have waited alone.
    if (!self.has(key)) self.set(key, 0);
  });
  const hits = exactHits(profile, scope.thread);
  for (const key of hits.keys()) if (!self.has(key)) self.set(key, 0);
  const byTime = [...self].toSorted((a, b) => b[1] - a[1] || a[0] - b[0]);
  const lines = new Map<number, Line>();
  for (const [key, time] of byTime) {
    const fn = Math.floor(key / lineLimit);
    const line = key % lineLimit;
    const place = functions.file[fn]! * lineLimit + line;
    const known = lines.get(place);
    const times = spent.get(key) ?? new Float64Array(width);
    if (known === undefined)
      lines.set(place, { function: fn, line, self: time, hits: hits.get(key) ?? Number.NaN, states: times });
    else {
      times.forEach((more, state) => (known.states[state]! += more));
      known.self += time;
      if (Number.isNaN(known.hits)) known.hits = hits.get(key) ?? Number.NaN;
    }
  }
  const rows = [...lines.values()].toSorted((a, b) => b.self - a.self);
  return {
    function: Int32Array.from(rows, (row) => row.function),
    line: Int32Array.from(rows, (row) => row.line),
    self: Float64Array.from(rows, (row) => row.self),
    hits: Float64Array.from(rows, (row) => row.hits),
    states: Float64Array.from(rows.flatMap((row) => Array.from(row.states))),
  };
}

function exactHits(profile: Profile, thread: number): Map<number, number> {
  const hits = new Map<number, number>();
  for (const measure of profile.measures) {
    if (measure.name !== 'hits' || measure.per !== 'function') continue;
    for (let i = 0; i < measure.row.length; i++) {
      const counted = measure.thread[i]!;
      const line = measure.line[i]!;
      if (line <= 0 || (thread >= 0 && counted >= 0 && counted !== thread)) continue;
      const key = measure.row[i]! * lineLimit + Math.min(line, lineLimit - 1);
      hits.set(key, (hits.get(key) ?? 0) + measure.value[i]!);
    }
  }
  return hits;
}
