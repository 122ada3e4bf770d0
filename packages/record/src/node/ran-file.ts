import { fileURLToPath } from 'node:url';
import { functionRanges, LineStarts, type FunctionRange, type FunctionRanges } from './function-ranges.ts';
import type { RawScript } from './raw.ts';
import { loaderMapOf, sourceMapOf, type OriginalPlace, type SourceMap } from './source-maps.ts';

/** Lines longer than this were not written by hand: one line of them stands for many. */
const GENERATED_LINE = 1000;

/** A text that ran, with what can be found out about it: each thing when it is first asked for. */
export class RanFile {
  /** Path of the file as the engine knows it, or its address where it is no file. */
  readonly path: string;
  readonly #ran: string | null;
  readonly #mapped: RawScript['map'] | null;
  readonly #readText: (path: string) => string | null;
  #text: string | null | undefined;
  #lines: LineStarts | undefined;
  #ranges: FunctionRanges | null | undefined;
  #map: SourceMap | null | undefined;
  #byPosition: Map<number, number> | undefined;
  #byStart: Map<number, number> | undefined;

  constructor(path: string, script: RawScript | null, readText: (path: string) => string | null) {
    this.path = path;
    this.#ran = script?.ran ?? null;
    this.#mapped = script?.map ?? null;
    this.#readText = readText;
  }

  /** The text that ran, `null` where it is not to be had. */
  get text(): string | null {
    this.#text ??=
      this.path === '' || this.path.startsWith('node:') ? null : this.#readText(this.#ran ?? this.path);
    return this.#text;
  }

  get lines(): LineStarts {
    this.#lines ??= new LineStarts(this.text ?? '');
    return this.#lines;
  }

  /** Functions and statements, `null` where there is no text or it cannot be parsed. */
  get ranges(): FunctionRanges | null {
    if (this.#ranges === undefined) this.#ranges = this.text === null ? null : functionRanges(this.text);
    return this.#ranges;
  }

  get isParsed(): boolean {
    return this.#ranges !== undefined;
  }

  /** True if a map was looked for and found. */
  get hasMap(): boolean {
    return this.#map !== undefined && this.#map !== null;
  }

  /** `null` where the text is what the user wrote, position by position. */
  get map(): SourceMap | null {
    if (this.#map === undefined) {
      this.#map = this.#readMap();
    }
    return this.#map;
  }

  #readMap(): SourceMap | null {
    // Types that were stripped left everything where it was, and the text's own map is for tools.
    if (this.#mapped === 'same-positions') return null;
    if (this.#mapped === 'source-map' && this.#ran !== null) {
      const json = this.#readText(`${this.#ran}.map`);
      if (json !== null) return loaderMapOf(json, this.path);
    }
    const { text } = this;
    return text === null ? null : sourceMapOf(text, this.path, this.#readText);
  }

  /** Row in {@link ranges} of the function that V8 puts at a place of the text, -1 if there is none. */
  functionAt(line: number, column: number): number {
    const ranges = this.ranges;
    if (ranges === null) return -1;
    this.#byPosition ??= byOffset(ranges.functions, (range) => [range.position, range.otherPosition]);
    const offset = ranges.lines.startOf(line) + column;
    // Nothing that can be called has its parenthesis at the very start: this is the text itself.
    return offset === 0 ? 0 : (this.#byPosition.get(offset) ?? -1);
  }

  /** Row in {@link ranges} of the function that coverage says begins at an offset, -1 if there is none. */
  functionFrom(start: number, end: number): number {
    const ranges = this.ranges;
    if (ranges === null) return -1;
    this.#byStart ??= byOffset(ranges.functions, (range) => [range.start, range.otherPosition]);
    // A function that fills the whole text begins where the text does.
    if (start === 0 && end >= (this.text as string).trimEnd().length) return 0;
    return this.#byStart.get(start) ?? -1;
  }

  /** Row of the innermost function around a place, 0 for the text itself. */
  innermost(line: number, column: number): number {
    const ranges = this.ranges;
    if (ranges === null) return -1;
    const offset = ranges.lines.startOf(line) + column;
    let found = 0;
    for (let row = 1; row < ranges.functions.length; row++) {
      const range = ranges.functions[row] as FunctionRange;
      if (range.start > offset) break;
      if (range.end > offset) found = row;
    }
    return found;
  }

  /** Where the user wrote a place of the text. */
  original(line: number, column: number): OriginalPlace {
    return this.map?.place(line, column) ?? { file: this.path, line, column, name: null };
  }

  /**
   * Where the user wrote a line of the text, as far as it belongs to a function (row of {@link ranges});
   * line 0 where many stand on one.
   */
  originalLine(line: number, functionRow: number): { readonly file: string; readonly line: number } {
    const map = this.map;
    if (map === null) return { file: this.path, line };
    const start = this.lines.startOf(line);
    const next = line < this.lines.length ? this.lines.startOf(line + 1) : (this.text as string).length;
    // Where a line is as long as a hand writes it, its start will do, and the text need not be parsed.
    const range = next - start > GENERATED_LINE ? (this.ranges?.functions[functionRow] ?? null) : null;
    const from = range !== null && range.start > start ? range.start : start;
    const to = range !== null && range.end < next ? range.end : next;
    const first = map.line(line, from - start, to - start);
    if (first === null) return { file: this.path, line };
    if (next - start > GENERATED_LINE) {
      const last = map.line(line, to - 1 - start, to - start);
      if (last === null || last.file !== first.file || last.line !== first.line)
        return { file: first.file, line: 0 };
    }
    return first;
  }

  /** Text of a source that the file was made from, or of the file itself. */
  sourceText(file: string): string | null {
    const mapped = this.map?.text(file) ?? null;
    return mapped ?? this.#readText(file);
  }
}

/** Path that a script's address stands for. */
export function pathOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    // A query makes the same file run twice; it is the same source.
    return fileURLToPath(url.replace(/[?#].*$/, ''));
  } catch {
    return url;
  }
}

function byOffset(
  functions: readonly FunctionRange[],
  offsets: (range: FunctionRange) => readonly (number | null)[],
): Map<number, number> {
  const rows = new Map<number, number>();
  const others: [number, number][] = [];
  for (const [row, range] of functions.entries()) {
    const [first, other] = offsets(range);
    rows.set(first as number, row);
    if (other !== null && other !== undefined) others.push([other, row]);
  }
  for (const [offset, row] of others) if (!rows.has(offset)) rows.set(offset, row);
  return rows;
}
