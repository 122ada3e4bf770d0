import { functionTotalsOf, type Profile } from '@whetstone/profile';
import { figureOfLine, figuresByFunction } from './counts.ts';
import { matchFunctions } from './match-functions.ts';
import { placeOf } from './places.ts';
import type { FunctionLines } from './report.ts';
import { busySelf, isResting, selectionOf, type Selection } from './selection.ts';
import { sourceLines } from './source-lines.ts';
import { stateFigures } from './state-figures.ts';

/**
 * Longest listing where the function's end is not known: enough for any function people read, and a
 * bound where a damaged profile names line two billion.
 */
const LINES_AT_MOST = 2000;

/**
 * The functions that a name means, line by line from the first to the last, with the lines that took
 * no time.
 *
 * A line's time is its own: what it calls elsewhere is charged there, functions written inside this
 * one are charged here. Hits are how often the line ran.
 */
export function functionLines(
  profile: Profile,
  name: string,
  selection: Selection = selectionOf(profile),
): FunctionLines[] {
  const { functions, nodes } = profile;
  const matched = matchFunctions(profile, name).filter((f) => functions.line[f]! > 0);
  if (matched.length === 0) return [];
  const totals = functionTotalsOf(
    nodes,
    functions.name.length,
    busySelf(profile, nodes, selection.self),
  ).total;
  const calls = figuresByFunction(profile, 'calls').ofFunction;
  const hits = figuresByFunction(profile, 'hits').ofLine;
  const allocated = figuresByFunction(profile, 'allocated').ofLine;
  const resident = figuresByFunction(profile, 'resident').ofLine;
  const states = stateFigures(profile, selection);
  const sources = sourceLines(profile);
  return matched.map((f) => {
    const file = functions.file[f]!;
    const first = functions.line[f]!;
    const known = functions.lastLine[f]!;
    const inside = [...functions.file.keys()].filter(
      (g) =>
        g === f ||
        (known > 0 &&
          functions.file[g] === file &&
          functions.line[g]! >= first &&
          functions.line[g]! <= known),
    );
    const times = new Map<number, number>();
    const members = new Set(inside.filter((other) => !isResting(profile, other)));
    for (let i = 0; i < selection.row.length; i++) {
      const line = selection.line[i]!;
      if (line < first || (known > 0 && line > known) || !members.has(nodes.function[selection.row[i]!]!))
        continue;
      times.set(line, (times.get(line) ?? 0) + selection.value[i]!);
    }
    const hitsOf = new Map<number, number>();
    for (const g of [f, ...inside.filter((other) => other !== f)]) {
      for (const [line, count] of hits.get(g) ?? []) if (!hitsOf.has(line)) hitsOf.set(line, count);
    }
    const seen = [...times.keys(), ...(hits.get(f)?.keys() ?? []), ...(states.lines.get(f)?.keys() ?? [])];
    const last = Math.min(
      known > 0 ? known : seen.reduce((a, b) => Math.max(a, b), first),
      first + LINES_AT_MOST - 1,
    );
    const self = [...times.values()].reduce((a, b) => a + b, 0);
    const text = sources(file);
    return {
      ...placeOf(profile, f),
      lastLine: last,
      self,
      total: totals[f]!,
      calls: selection.partial ? null : (calls.get(f) ?? null),
      lines: Array.from({ length: last - first + 1 }, (_, i) => {
        const line = first + i;
        const time = times.get(line) ?? 0;
        return {
          line,
          text: text?.[line - 1] ?? null,
          hits: selection.partial ? null : (hitsOf.get(line) ?? null),
          self: time,
          share: self > 0 ? time / self : 0,
          allocated: figureOfLine(allocated, [...members], line),
          resident: selection.partial ? null : figureOfLine(resident, [...members], line),
          states: states.ofLine([...members], line),
        };
      }),
    };
  });
}
