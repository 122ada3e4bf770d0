import { categories } from '../profile.ts';
import type { Column, ColumnType } from './column-codec.ts';

/** How many rows there are of what columns refer to. */
export interface RowCounts {
  readonly strings: number;
  readonly functions: number;
  readonly nodes: number;
  readonly threads: number;
}

type Rule =
  | { readonly rowOf: keyof RowCounts; readonly orNone?: true }
  /** A row before its own, or -1. */
  | { readonly rule: 'parent' }
  /** From 0. */
  | { readonly rule: 'line' | 'category' | 'duration' }
  /** Finite, and for `time` never less than the one before. */
  | { readonly rule: 'finite' | 'time' };

export interface ColumnShape {
  readonly type: ColumnType;
  readonly rule: Rule;
}

const strings = { type: 'i32', rule: { rowOf: 'strings' } } as const;
const functionRows = { type: 'i32', rule: { rowOf: 'functions' } } as const;
const nodes = { type: 'i32', rule: { rowOf: 'nodes' } } as const;
const threads = { type: 'i32', rule: { rowOf: 'threads' } } as const;
const line = { type: 'i32', rule: { rule: 'line' } } as const;
const finite = { type: 'f64', rule: { rule: 'finite' } } as const;
const duration = { type: 'f64', rule: { rule: 'duration' } } as const;
const time = { type: 'f64', rule: { rule: 'time' } } as const;
const orNone = <T extends keyof RowCounts>(rowOf: T) =>
  ({ type: 'i32', rule: { rowOf, orNone: true } }) as const;

/** The columns of every table of a profile, and what their values must keep to. */
export const tables = {
  functions: {
    name: strings,
    file: strings,
    line,
    column: line,
    lastLine: line,
    category: { type: 'u8', rule: { rule: 'category' } },
  },
  nodes: { parent: { type: 'i32', rule: { rule: 'parent' } }, function: functionRows },
  samples: { node: nodes, line, time, duration, state: strings },
  measurePerNode: { row: nodes, line, thread: orNone('threads'), value: finite },
  measurePerFunction: { row: functionRows, line, thread: orNone('threads'), value: finite },
  series: { time, value: finite },
  waits: {
    thread: threads,
    node: orNone('nodes'),
    line,
    kind: strings,
    call: strings,
    target: strings,
    start: finite,
    duration: finite,
    charged: finite,
    count: finite,
    longest: finite,
  },
  collections: { thread: threads, kind: strings, start: finite, duration: finite },
  marks: { thread: threads, name: strings, kind: strings, start: finite, duration: finite },
  deoptimisations: { function: orNone('functions'), line, reason: strings, count: line },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnShape>>>>;

/** What a table is in memory. */
export type TableOf<T extends Readonly<Record<string, ColumnShape>>> = {
  readonly [name in keyof T]: T[name]['type'] extends 'u8'
    ? Uint8Array
    : T[name]['type'] extends 'i32'
      ? Int32Array
      : Float64Array;
};

/** The first value that breaks its column's rule, and what was expected there. */
export function wrongValue(
  values: Column,
  rule: Rule,
  counts: RowCounts,
): { readonly row: number; readonly expected: string } | undefined {
  if ('rowOf' in rule) {
    const least = rule.orNone === true ? -1 : 0;
    const end = counts[rule.rowOf];
    return firstOutside(
      values,
      least,
      end - 1,
      end === 0 && least === 0 ? `no row: there are no ${rule.rowOf}` : undefined,
    );
  }
  switch (rule.rule) {
    case 'line':
      return firstOutside(values, 0, 0x7fffffff);
    case 'category':
      return firstOutside(values, 0, categories.length - 1);
    case 'parent':
      for (let row = 0; row < values.length; row++) {
        const parent = values[row] as number;
        if (!(parent >= -1 && parent < row)) return { row, expected: `a row from -1 to ${row - 1}` };
      }
      return undefined;
    case 'time':
      for (let row = 0, before = -Infinity; row < values.length; row++) {
        const value = values[row] as number;
        if (!Number.isFinite(value) || value < before)
          return { row, expected: 'a time not before the last one' };
        before = value;
      }
      return undefined;
    case 'duration':
      return firstOutside(values, 0, Number.MAX_VALUE, 'a finite number from 0');
    case 'finite':
      return firstOutside(values, -Number.MAX_VALUE, Number.MAX_VALUE, 'a finite number');
  }
}

function firstOutside(values: Column, least: number, most: number, expected?: string) {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (!(value >= least && value <= most))
      return { row, expected: expected ?? `a value from ${least} to ${most}` };
  }
  return undefined;
}
