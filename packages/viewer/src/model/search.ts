import type { CallTree } from './call-tree.ts';

/** What functions are looked for by. */
export interface Searchable {
  readonly name: string;
  readonly file: string;
}

/**
 * A test for functions: `/…/` is a regular expression, anything else is looked for in name and file,
 * capitals or not. `null` for an empty query and for an expression that cannot be read.
 */
export function matcher(query: string): ((fn: Searchable) => boolean) | null {
  const text = query.trim();
  if (text === '') return null;
  const expression = /^\/(.+)\/([iu]*)$/.exec(text);
  if (expression !== null) {
    let pattern: RegExp;
    try {
      pattern = new RegExp(expression[1]!, expression[2]);
    } catch {
      return null;
    }
    return ({ name, file }) => pattern.test(name) || pattern.test(file);
  }
  const wanted = text.toLowerCase();
  return ({ name, file }) => name.toLowerCase().includes(wanted) || file.toLowerCase().includes(wanted);
}

/** What a search found in a tree. */
export interface Found {
  /** 1 for each row of the functions that fits. */
  readonly functions: Uint8Array;
  /** Number of fitting boxes before each box, so that a run of boxes is asked in one step. */
  readonly before: Int32Array;
  /** Time in fitting functions and all they called. */
  readonly time: number;
}

/** Finds the boxes of fitting functions. */
export function findBoxes(tree: CallTree, functions: Uint8Array): Found {
  const count = tree.width.length;
  const before = new Int32Array(count + 1);
  const inside = new Uint8Array(count);
  let time = 0;
  for (let box = 1; box < count; box++) {
    const fits = functions[tree.function[box]!]!;
    before[box + 1] = before[box]! + fits;
    const above = inside[tree.parent[box]!]!;
    if (fits === 1 && above === 0) time += tree.width[box]!;
    inside[box] = fits | above;
  }
  return { functions, before, time };
}
