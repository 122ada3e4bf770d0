import type { Profile } from '@whetstone/profile';

/** A figure by function, and by line of a function; absent where it was not measured. */
export interface FunctionFigures {
  readonly ofFunction: ReadonlyMap<number, number>;
  readonly ofLine: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** Adds up a measure over threads, by function and by line in it, whatever it is stored by. */
export function figuresByFunction(profile: Profile, name: string): FunctionFigures {
  const ofFunction = new Map<number, number>();
  const ofLine = new Map<number, Map<number, number>>();
  for (const measure of profile.measures) {
    if (measure.name !== name) continue;
    for (let i = 0; i < measure.row.length; i++) {
      const row = measure.row[i]!;
      const functionRow = measure.per === 'function' ? row : profile.nodes.function[row]!;
      const line = measure.line[i]!;
      const value = measure.value[i]!;
      // Counts by line say how often a line ran, not how often its function was called.
      if (name !== 'hits') ofFunction.set(functionRow, (ofFunction.get(functionRow) ?? 0) + value);
      if (line === 0) continue;
      const lines = ofLine.get(functionRow) ?? new Map<number, number>();
      lines.set(line, (lines.get(line) ?? 0) + value);
      ofLine.set(functionRow, lines);
    }
  }
  return { ofFunction, ofLine };
}

/** Of a line in several functions; `null` where none of them has a figure. */
export function figureOfLine(
  figures: FunctionFigures['ofLine'],
  functions: readonly number[],
  line: number,
): number | null {
  const known = functions.map((f) => figures.get(f)?.get(line)).filter((figure) => figure !== undefined);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) : null;
}
