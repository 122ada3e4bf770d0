import type { ProfileBuilder } from '@whetstone/profile';
import { categoryOf } from './category.ts';
import type { FunctionRange } from './function-ranges.ts';
import type { RanFile } from './ran-file.ts';

/** The largest text that is parsed only to learn where its functions end. */
const SMALL_TEXT = 400_000;

/** Name of a file's own code, which runs when it is loaded. */
export const MODULE = '(module)';

/** A function as the engine has it, and the row that it has in the profile. */
export interface UserFunction {
  /** Row in the profile's functions. */
  readonly row: number;
  /** Where the user wrote it. */
  readonly file: string;
  readonly ran: RanFile;
  /** In the text that ran: line from 1, column from 0. */
  readonly line: number;
  readonly column: number;
  readonly isModule: boolean;
}

/** Gives every function of the texts that ran its row, name and place in the source that the user wrote. */
export class UserFunctions {
  readonly #builder: ProfileBuilder;
  readonly #known = new Map<RanFile, Map<string, UserFunction>>();
  readonly #files = new Set<string>();

  constructor(builder: ProfileBuilder) {
    this.#builder = builder;
  }

  /** Files that functions were seen in. */
  get files(): ReadonlySet<string> {
    return this.#files;
  }

  /**
   * The function that the engine puts at a place of a text that ran: line from 1, column from 0.
   *
   * The name that is given first holds: the engine's should come before the parser's.
   */
  at(ran: RanFile, line: number, column: number, name: string): UserFunction {
    let places = this.#known.get(ran);
    if (places === undefined) {
      places = new Map();
      this.#known.set(ran, places);
    }
    const key = `${line}:${column}`;
    let known = places.get(key);
    if (known === undefined) {
      known = this.#new(ran, line, column, name);
      places.set(key, known);
    }
    return known;
  }

  /** The function of a range; the engine's name for it, if it was seen, else the parser's. */
  ofRange(ran: RanFile, range: FunctionRange): UserFunction {
    if (range.otherPosition !== null) {
      const line = ran.lines.lineOf(range.otherPosition);
      const seen = this.#known.get(ran)?.get(`${line}:${range.otherPosition - ran.lines.startOf(line)}`);
      if (seen !== undefined) return seen;
    }
    return this.at(ran, range.line, range.column, range.name);
  }

  /** The own code of another source that went into the same text. */
  moduleRow(file: string): number {
    this.#files.add(file);
    return this.#builder.functionRow(MODULE, file, 1, 1, categoryOf(MODULE, file));
  }

  #new(ran: RanFile, line: number, column: number, engineName: string): UserFunction {
    const isModule = line === 1 && column === 0 && engineName === '';
    if (isModule) {
      const file = ran.map?.onlySource ?? ran.path;
      return { row: this.moduleRow(file), file, ran, line, column, isModule };
    }
    const place = ran.original(line, column);
    const name = writtenName(ran, line, column, engineName);
    const category = categoryOf(name, place.file);
    let lastLine = 0;
    if (category === 'own' || category === 'dependency') {
      this.#files.add(place.file);
      if (ran.isParsed || (ran.text ?? '').length < SMALL_TEXT) {
        const range = ran.ranges?.functions[ran.functionAt(line, column)];
        if (range !== undefined) lastLine = lastLineOf(ran, range, place);
      }
    }
    const row = this.#builder.functionRow(name, place.file, place.line, place.column + 1, category, lastLine);
    return { row, file: place.file, ran, line, column, isModule };
  }
}

/** The name in the source, where a tool has shortened it in the text that ran. */
function writtenName(ran: RanFile, line: number, column: number, engineName: string): string {
  if (ran.map === null || ran.text === null || engineName.startsWith('<')) return engineName;
  const offset = ran.lines.startOf(line) + column;
  // The identifier before `(`, or before `= (`, `: function (` and the like.
  const before = ran.text.slice(Math.max(0, offset - 200), offset);
  const named = /([\w$]+)\s*(?:[=:]\s*(?:async\s*)?(?:function\s*\*?\s*)?)?$/.exec(before);
  const last = engineName.split(/[. ]/).at(-1);
  if (named === null || named[1] !== last || last === undefined) return engineName;
  const identifier = offset - before.length + named.index;
  const written = ran.map.place(ran.lines.lineOf(identifier), ran.lines.columnOf(identifier))?.name ?? null;
  return written === null ? engineName : engineName.slice(0, engineName.length - last.length) + written;
}

function lastLineOf(
  ran: RanFile,
  range: FunctionRange,
  place: { readonly file: string; readonly line: number },
): number {
  const end = ran.lines.lineOf(Math.max(range.end - 1, 0));
  const last = ran.original(end, Math.max(range.end - 1 - ran.lines.startOf(end), 0));
  return last.file === place.file && last.line >= place.line ? last.line : 0;
}
