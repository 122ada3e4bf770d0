import { categories, functionTotalsOf, type Profile } from '@whetstone/profile';
import { figuresByFunction } from './counts.ts';
import { placeOf } from './places.ts';
import type { FunctionRow } from './report.ts';
import { busySelf, isResting, type Selection } from './selection.ts';
import { stateFigures } from './state-figures.ts';

/**
 * Functions by self time, most first, over all threads; those that only waited or were only counted come last.
 *
 * `gainAtMost` is the total as a part of all computing: without the function, what it calls is not
 * called from it either. What an `async` function starts after its first `await` has a stack of its
 * own and is not in the total.
 */
export function hotFunctions(profile: Profile, selection: Selection): FunctionRow[] {
  const { nodes, functions } = profile;
  const { self, total } = functionTotalsOf(
    nodes,
    functions.name.length,
    busySelf(profile, nodes, selection.self),
  );
  const calls = figuresByFunction(profile, 'calls').ofFunction;
  const allocated = figuresByFunction(profile, 'allocated').ofFunction;
  // Where call paths are estimated, as in files of cProfile, the totals themselves were measured.
  const measured = selection.partial ? null : figuresByFunction(profile, 'total').ofFunction;
  for (const [f, value] of measured ?? []) if (!isResting(profile, f)) total[f] = value;
  const states = stateFigures(profile, selection).ofFunction;
  const counted = calls.size > 0 && !selection.partial;
  const rows: FunctionRow[] = [];
  for (let f = 0; f < functions.name.length; f++) {
    const place = placeOf(profile, f);
    if (isResting(profile, f) || (place.function === '(root)' && place.file === '')) continue;
    const spent = states(f);
    const waited = Object.keys(spent).length > 0;
    if (total[f] === 0 && !waited && !(counted && (calls.get(f) ?? 0) > 0) && !allocated.has(f)) continue;
    rows.push({
      ...place,
      category: categories[functions.category[f]!] ?? 'own',
      self: self[f]!,
      total: total[f]!,
      calls: counted ? (calls.get(f) ?? null) : null,
      gainAtMost: selection.busy > 0 ? Math.min(1, total[f]! / selection.busy) : 0,
      allocated: allocated.get(f) ?? null,
      states: spent,
    });
  }
  return rows.toSorted((a, b) => b.self - a.self || b.total - a.total || (b.calls ?? 0) - (a.calls ?? 0));
}
