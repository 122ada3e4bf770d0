import { categories, type Profile } from '@whetstone/profile';
import { placeOf } from './places.ts';
import type { Place } from './report.ts';

/** A measure of the call paths, added up. */
export interface MeasuredPlaces {
  readonly total: number;
  /** The line of the program or of its packages that leads to most of it, with that part; `null` where none does. */
  readonly hottest: (Place & { readonly value: number }) | null;
}

/** More than the largest line, and small enough that a function and a line fit into one exact number. */
const LINES = 2 ** 31;

/**
 * Adds up a measure by the lines of people's own code: what the standard library spends counts for its total
 * and for no line.
 *
 * With `called` only what has Python above it counts: not the threads of libraries, and not the start of the
 * interpreter.
 */
export function measuredPlaces(
  profile: Profile,
  name: string,
  which: 'all' | 'called' = 'all',
): MeasuredPlaces {
  const { functions, nodes, measures } = profile;
  let total = 0;
  const byLine = new Map<number, number>();
  for (const measure of measures) {
    if (measure.name !== name || measure.per !== 'node') continue;
    for (let i = 0; i < measure.row.length; i++) {
      const f = nodes.function[measure.row[i]!]!;
      const line = measure.line[i]!;
      const value = measure.value[i]!;
      const category = categories[functions.category[f]!];
      if (which === 'called' && functions.file[f] === 0) continue;
      total += value;
      if (line === 0 || (category !== 'own' && category !== 'dependency')) continue;
      const key = f * LINES + line;
      byLine.set(key, (byLine.get(key) ?? 0) + value);
    }
  }
  let hottest: number | null = null;
  for (const [key, value] of byLine) if (hottest === null || value > byLine.get(hottest)!) hottest = key;
  return {
    total,
    hottest:
      hottest === null
        ? null
        : { ...placeOf(profile, Math.floor(hottest / LINES), hottest % LINES), value: byLine.get(hottest)! },
  };
}
