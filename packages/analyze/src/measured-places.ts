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
  const { total, lines } = measuredLines(profile, name, which);
  const hottest = lines.reduce<MeasuredPlaces['hottest']>(
    (most, line) => (most === null || line.value > most.value ? line : most),
    null,
  );
  return { total, hottest };
}

/** The same, with every line that has a part of it. */
export function measuredLines(
  profile: Profile,
  name: string,
  which: 'all' | 'called' = 'all',
): { readonly total: number; readonly lines: readonly (Place & { readonly value: number })[] } {
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
  const lines = [...byLine].map(([key, value]) => ({
    ...placeOf(profile, Math.floor(key / LINES), key % LINES),
    value,
  }));
  return { total, lines };
}
