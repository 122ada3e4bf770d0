import type { Profile } from '@whetstone/profile';
import type { States } from './report.ts';
import type { Selection } from './selection.ts';

/** What the time of each function, and of each line in it, was spent on. */
export interface StateFigures {
  readonly ofFunction: (functionRow: number) => States;
  /** Of a line, in all the functions given. */
  readonly ofLine: (functionRows: readonly number[], line: number) => States;
  /** Functions and lines that have time in any state. */
  readonly lines: ReadonlyMap<number, ReadonlyMap<number, States>>;
}

const none: States = {};

/** Adds up the states of a selection by function and line. */
export function stateFigures({ nodes }: Profile, { states }: Selection): StateFigures {
  const functions = new Map<number, Record<string, number>>();
  const lines = new Map<number, Map<number, Record<string, number>>>();
  for (const [state, { row, line, value }] of states) {
    for (let i = 0; i < row.length; i++) {
      if (!(value[i]! > 0)) continue;
      const f = nodes.function[row[i]!]!;
      add(
        entry(functions, f, () => ({})),
        state,
        value[i]!,
      );
      if (line[i]! > 0) {
        const ofFunction = entry(lines, f, () => new Map<number, Record<string, number>>());
        add(
          entry(ofFunction, line[i]!, () => ({})),
          state,
          value[i]!,
        );
      }
    }
  }
  return {
    ofFunction: (f) => functions.get(f) ?? none,
    ofLine: (rows, line) => addedStates(rows.map((f) => lines.get(f)?.get(line) ?? none)),
    lines,
  };
}

/** The sum of several splits. */
export function addedStates(splits: readonly States[]): States {
  const sum: Record<string, number> = {};
  for (const split of splits) {
    for (const [state, time] of Object.entries(split)) add(sum, state, time);
  }
  return sum;
}

function add(sum: Record<string, number>, state: string, time: number): void {
  sum[state] = (sum[state] ?? 0) + time;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
