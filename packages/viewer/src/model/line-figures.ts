import type { Profile } from '@whetstone/profile';
import { isWaiting, visitSelf, type Scope } from './scope.ts';

/** Time and hits by line of the sources, as columns; most time first. */
export interface LineFigures {
  /** Row in the functions: of all that have code on the line, the one that took most. */
  readonly function: Int32Array;
  readonly line: Int32Array;
  readonly self: Float64Array;
  /** Exact; NaN where it was not counted. Of the whole run, whatever the time range. */
  readonly hits: Float64Array;
}

/** Lines beyond this are not told apart: a key has to stay an exact number. */
const lineLimit = 2 ** 22;

interface Line {
  readonly function: number;
  readonly line: number;
  self: number;
  hits: number;
}

/** Adds up the time that was computed on each line of each file. */
export function lineFigures(profile: Profile, scope: Scope): LineFigures {
  const { functions, nodes, strings } = profile;
  const self = new Map<number, number>();
  visitSelf(profile, scope, (node, line, duration) => {
    const fn = nodes.function[node]!;
    if (line <= 0 || isWaiting(functions.category[fn]!) || strings[functions.file[fn]!] === '') return;
    const key = fn * lineLimit + Math.min(line, lineLimit - 1);
    self.set(key, (self.get(key) ?? 0) + duration);
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
    if (known === undefined)
      lines.set(place, { function: fn, line, self: time, hits: hits.get(key) ?? Number.NaN });
    else {
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
