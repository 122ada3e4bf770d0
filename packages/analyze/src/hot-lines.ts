import { categories, type Profile } from '@whetstone/profile';
import { figureOfLine, figuresByFunction, type FunctionFigures } from './counts.ts';
import { placeOf } from './places.ts';
import type { LineRow } from './report.ts';
import { isResting, type Selection } from './selection.ts';
import { sourceLines } from './source-lines.ts';
import { stateFigures, type StateFigures } from './state-figures.ts';

/** More than the largest line, and small enough that a function and a line fit into one exact number. */
const LINES = 2 ** 31;

/**
 * Lines by self time, most first, over all threads and all functions that have code on the line; the
 * row names the one that took the most. Lines that only waited, and lines of the program's own files
 * that were counted and never sampled, come last.
 */
export function hotLines(profile: Profile, selection: Selection): LineRow[] {
  const byFile = timesByLine(profile, selection);
  const hits = figuresByFunction(profile, 'hits').ofLine;
  const allocated = figuresByFunction(profile, 'allocated').ofLine;
  if (!selection.partial) for (const counts of [hits, allocated]) addCounted(profile, counts, byFile);
  const resident = figuresByFunction(profile, 'resident').ofLine;
  const states = stateFigures(profile, selection);
  addWaiting(profile, states.lines, byFile);
  const sources = sourceLines(profile);
  const rows: LineRow[] = [];
  for (const [file, lines] of byFile) {
    for (const [line, owners] of lines) {
      const sorted = [...owners].toSorted((a, b) => b[1] - a[1]);
      const [owner] = sorted[0]!;
      const counts = sorted.map(([f]) => hits.get(f)?.get(line)).filter((count) => count !== undefined);
      const functions = sorted.map(([f]) => f);
      rows.push({
        ...placeOf(profile, owner, line),
        self: sorted.reduce((sum, [, value]) => sum + value, 0),
        hits: selection.partial ? null : (counts[0] ?? null),
        text: sources(file)?.[line - 1] ?? null,
        allocated: figureOfLine(allocated, functions, line),
        resident: selection.partial ? null : figureOfLine(resident, functions, line),
        states: states.ofLine(functions, line),
      });
    }
  }
  return rows.toSorted((a, b) => b.self - a.self || a.file.localeCompare(b.file) || a.line - b.line);
}

/** By file, line and function. */
type Times = Map<number, Map<number, Map<number, number>>>;

/** Adds lines that took no time of a core, but some of the clock. */
function addWaiting(profile: Profile, waiting: StateFigures['lines'], byFile: Times): void {
  const { functions, strings } = profile;
  for (const [f, lines] of waiting) {
    if (strings[functions.file[f]!] === '' || isResting(profile, f)) continue;
    for (const line of lines.keys()) ownersOf(byFile, functions.file[f]!, line, f);
  }
}

/** Adds lines without time that were counted: dependencies have tens of thousands, which nobody reads. */
function addCounted(profile: Profile, hits: FunctionFigures['ofLine'], byFile: Times): void {
  const { functions, strings } = profile;
  for (const [f, counts] of hits) {
    const file = functions.file[f]!;
    if (categories[functions.category[f]!] !== 'own' || strings[file] === '') continue;
    for (const [line, count] of counts) if (count > 0) ownersOf(byFile, file, line, f);
  }
}

/** The functions on a line, this one among them. */
function ownersOf(byFile: Times, file: number, line: number, f: number): void {
  const lines = byFile.get(file) ?? new Map<number, Map<number, number>>();
  byFile.set(file, lines);
  const owners = lines.get(line) ?? new Map<number, number>();
  lines.set(line, owners);
  if (!owners.has(f)) owners.set(f, 0);
}

/** Time by file, line and function. */
function timesByLine(profile: Profile, selection: Selection): Times {
  const { functions, nodes } = profile;
  const shown = Array.from(
    functions.file,
    (file, f) => profile.strings[file] !== '' && !isResting(profile, f),
  );
  // There may be a million rows: one look-up each, by function and line in one number.
  const byFunctionLine = new Map<number, number>();
  for (let i = 0; i < selection.row.length; i++) {
    const line = selection.line[i]!;
    const f = nodes.function[selection.row[i]!]!;
    if (line === 0 || !shown[f]) continue;
    const key = f * LINES + line;
    byFunctionLine.set(key, (byFunctionLine.get(key) ?? 0) + selection.value[i]!);
  }
  const byFile: Times = new Map();
  for (const [key, time] of byFunctionLine) {
    if (time === 0) continue;
    const f = Math.floor(key / LINES);
    const file = functions.file[f]!;
    const lines = byFile.get(file) ?? new Map<number, Map<number, number>>();
    byFile.set(file, lines);
    const owners = lines.get(key % LINES) ?? new Map<number, number>();
    lines.set(key % LINES, owners);
    owners.set(f, time);
  }
  return byFile;
}
