import type { CallTree } from './call-tree.ts';
import type { FunctionRange } from './function-ranges.ts';
import type { RanFile } from './ran-file.ts';
import type { ThreadScripts } from './scripts.ts';
import { type UserFunction, type UserFunctions } from './user-functions.ts';

/** Where a tick belongs: a call path and a line of the source. */
export interface Slot {
  readonly node: number;
  /** From 1; 0 where only the function is known. */
  readonly line: number;
}

/** How far the engine's lines can be trusted. */
export type LineTrust =
  /** Lines are those of the function that the engine names (V8 from Node 25 on). */
  | 'exact'
  /** Lines are right, but may belong to a function that was inlined: they tell the file and the function. */
  | 'ranges'
  /** As above, without lines of their own for each file: a line out of the function could be anybody's. */
  | 'coarse';

/**
 * Puts the engine's lines where they belong.
 *
 * V8 up to Node 24 charges a function with the lines of what was inlined into it. Such a line tells its
 * file, and the innermost function around it is the one that ran: it becomes a callee of the function
 * charged, by the path on which it was seen before it was inlined where there is one.
 */
export class InlinedLines {
  readonly #tree: CallTree;
  readonly #functions: UserFunctions;
  readonly #runtime: (functionRow: number) => boolean;
  readonly #inlinedRuntime: () => number;
  readonly #callees = new Map<RanFile, Map<number, readonly FunctionRange[]>>();
  readonly #found = new Map<number, Map<number, number>>();
  readonly #ownRanges = new Map<UserFunction, OwnRange | null>();

  constructor(
    tree: CallTree,
    functions: UserFunctions,
    runtime: (functionRow: number) => boolean,
    inlinedRuntime: () => number,
  ) {
    this.#tree = tree;
    this.#functions = functions;
    this.#runtime = runtime;
    this.#inlinedRuntime = inlinedRuntime;
  }

  /** Where a tick on a line belongs that the engine charged to a call path. */
  slot(
    node: number,
    parent: number,
    charged: UserFunction | null,
    url: string,
    engineLine: number,
    scripts: ThreadScripts,
    trust: LineTrust,
  ): Slot {
    if (charged === null) return this.#inRuntime(node, engineLine, scripts, trust);
    if (trust === 'exact') return this.#own(node, parent, charged, scripts.at(url, engineLine).line);
    const place = trust === 'ranges' ? scripts.inRange(engineLine) : scripts.at(url, engineLine);
    if (place === null) {
      // Node's own files keep their small numbers: one of its functions was inlined.
      const seen = this.#below(node, -1, this.#runtime);
      return { node: seen >= 0 ? seen : this.#tree.child(node, this.#inlinedRuntime()), line: 0 };
    }
    if (place.file === charged.ran) {
      const own = this.#ownRange(charged);
      if (own === null || charged.isModule) {
        const [outermost] = charged.isModule ? this.#candidates(place.file, place.line) : [];
        if (outermost === undefined || !isInside(outermost, place.line)) {
          return this.#own(node, parent, charged, place.line);
        }
      } else if (place.line >= own.range.firstLine && place.line <= own.range.lastLine) {
        if (!own.hasInner) return this.#own(node, parent, charged, place.line);
        // Of the functions within, only one that the line lies wholly in; at its edges the function itself runs too.
        const { start, end } = own.range;
        const within = this.#candidates(place.file, place.line).find(
          (range) => range.start > start && range.end <= end,
        );
        if (within === undefined || !isInside(within, place.line))
          return this.#own(node, parent, charged, place.line);
      } else if (trust === 'coarse') {
        return { node, line: 0 };
      }
    }
    const candidates = this.#candidates(place.file, place.line);
    return this.#inCallee(node, place.file, place.line, candidates, trust);
  }

  #own(node: number, parent: number, charged: UserFunction, line: number): Slot {
    const { ran } = charged;
    const place = ran.originalLine(
      line,
      ran.map === null ? -1 : ran.functionAt(charged.line, charged.column),
    );
    if (place.file === charged.file) return { node, line: place.line };
    // A bundle's own code is that of all its modules.
    if (charged.isModule)
      return { node: this.#tree.child(parent, this.#functions.moduleRow(place.file)), line: place.line };
    return { node, line: 0 };
  }

  #inCallee(
    node: number,
    file: RanFile,
    line: number,
    candidates: readonly FunctionRange[],
    trust: LineTrust,
  ): Slot {
    let callee: UserFunction | null = null;
    let seen = -1;
    for (const range of candidates) {
      const candidate = this.#functions.ofRange(file, range);
      seen = this.#below(node, candidate.row, (row) => row === candidate.row);
      callee ??= candidate;
      if (seen >= 0) {
        callee = candidate;
        break;
      }
    }
    if (callee === null || (seen < 0 && trust === 'coarse')) return { node, line: 0 };
    const path = seen >= 0 ? seen : this.#tree.child(node, callee.row);
    const place = file.originalLine(
      line,
      file.map === null ? -1 : file.functionAt(callee.line, callee.column),
    );
    return { node: path, line: place.file === callee.file ? place.line : 0 };
  }

  /** The range of the function that was charged, and whether others lie within it. */
  #ownRange(charged: UserFunction): OwnRange | null {
    let own = this.#ownRanges.get(charged);
    if (own === undefined) {
      const row = charged.ran.functionAt(charged.line, charged.column);
      const functions = charged.ran.ranges?.functions;
      const range = functions?.[row];
      own = range === undefined ? null : { range, hasInner: functions?.[row + 1]?.parent === row };
      this.#ownRanges.set(charged, own);
    }
    return own;
  }

  /** A function of Node's own: its lines are its own, unless a function of the program was inlined into it. */
  #inRuntime(node: number, engineLine: number, scripts: ThreadScripts, trust: LineTrust): Slot {
    const place = trust === 'ranges' ? scripts.inRange(engineLine) : null;
    if (place === null) return { node, line: engineLine };
    return this.#inCallee(node, place.file, place.line, this.#candidates(place.file, place.line), trust);
  }

  /** Functions that a line may belong to, the likeliest first; never the text itself. */
  #candidates(file: RanFile, line: number): readonly FunctionRange[] {
    let lines = this.#callees.get(file);
    if (lines === undefined) this.#callees.set(file, (lines = new Map()));
    let found = lines.get(line);
    if (found === undefined) lines.set(line, (found = candidatesAt(file, line)));
    return found;
  }

  /** As the tree's, remembered for each path. */
  #below(node: number, what: number, passes: (functionRow: number) => boolean): number {
    let rows = this.#found.get(node);
    if (rows === undefined) this.#found.set(node, (rows = new Map()));
    let row = rows.get(what);
    if (row === undefined) rows.set(what, (row = this.#tree.below(node, passes)));
    return row;
  }
}

interface OwnRange {
  readonly range: FunctionRange;
  readonly hasInner: boolean;
}

function candidatesAt(file: RanFile, line: number): readonly FunctionRange[] {
  const ranges = file.ranges;
  if (ranges === null) return [];
  const { functions } = ranges;
  // The first function that begins behind the line.
  let low = 1;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((functions[middle] as FunctionRange).firstLine <= line) low = middle + 1;
    else high = middle;
  }
  const around: FunctionRange[] = [];
  let row = low - 1;
  for (; row > 0 && (functions[row] as FunctionRange).firstLine === line; row--) {
    around.unshift(functions[row] as FunctionRange);
  }
  // Of those that begin before it, only the last and the ones around that can reach it.
  for (; row > 0; row = (functions[row] as FunctionRange).parent) {
    const range = functions[row] as FunctionRange;
    if (range.lastLine >= line) around.unshift(range);
  }
  const whole = around.findLast((range) => isInside(range, line)) ?? null;
  const partial = around.filter((range) => !isInside(range, line));
  // One that is called from elsewhere and calls the others on its line comes first.
  return whole === null ? partial : [whole, ...partial.filter((range) => range.start >= whole.start)];
}

/** True where nothing but the function, and what is within it, stands on the line. */
function isInside(range: FunctionRange, line: number): boolean {
  return range.firstLine < line && line < range.lastLine;
}
