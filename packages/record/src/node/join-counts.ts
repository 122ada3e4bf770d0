import type { ProfileBuilder } from '@whetstone/profile';
import type { RawRecording } from '../recording.ts';
import type { FunctionRange, StatementStart } from './function-ranges.ts';
import type { RanFile } from './ran-file.ts';
import type { RawCounts } from './raw.ts';
import type { Scripts } from './scripts.ts';
import type { UserFunctions } from './user-functions.ts';

type Coverage = RawCounts['scripts'][number]['functions'][number];

/**
 * Adds the exact counts of a second run: `calls` of functions, `hits` of the lines in them.
 *
 * Functions are joined by the place where they begin in the text that ran, so names, inlining and
 * source maps do not matter. A line is hit as often as control comes to a statement that begins on it;
 * where several do, the one that is come to most often counts, so that the line of a loop with its body
 * shows the rounds. Takes, threads and processes are added up.
 */
export function joinCounts(
  raw: RawRecording,
  scripts: Scripts,
  functions: UserFunctions,
  isOurs: (url: string) => boolean,
  builder: ProfileBuilder,
): void {
  const files = new Map<RanFile, FileCounts>();
  for (const thread of raw.threads) {
    const known = scripts.ofThread(thread);
    for (const record of thread.records) {
      if (record.type !== 'counts') continue;
      for (const script of record.scripts) {
        if (script.url === '' || script.url.startsWith('node:') || isOurs(script.url)) continue;
        const file = known.file(script.url);
        let counts = files.get(file);
        if (counts === undefined) files.set(file, (counts = new FileCounts(file)));
        const textOffset = (offset: number) => known.textOffset(script.url, offset);
        for (const coverage of script.functions) counts.add(coverage, textOffset);
      }
    }
  }
  const calls = builder.measure('calls', 'count', 'measured', 'function');
  const hits = builder.measure('hits', 'count', 'measured', 'function');
  for (const counts of files.values()) {
    counts.each(
      functions,
      (row, value) => calls.add(row, 0, -1, value),
      (row, line, value) => hits.add(row, line, -1, value),
    );
  }
}

/** Counts of one text, added up. */
class FileCounts {
  readonly #file: RanFile;
  readonly #calls: Float64Array;
  readonly #names: (string | undefined)[] = [];
  readonly #hits: Float64Array;
  /** First statement of each function; those of one function need not be neighbours. */
  readonly #statements: number[][] = [];

  constructor(file: RanFile) {
    this.#file = file;
    const ranges = file.ranges;
    this.#calls = new Float64Array(ranges?.functions.length ?? 0);
    this.#hits = new Float64Array(ranges?.statements.length ?? 0);
    for (const [index, statement] of (ranges?.statements ?? []).entries()) {
      (this.#statements[statement.function] ??= []).push(index);
    }
  }

  add(coverage: Coverage, textOffset: (engineOffset: number) => number): void {
    const { functionName } = coverage;
    const ranges = coverage.ranges.map(({ startOffset, endOffset, count }) => ({
      startOffset: textOffset(startOffset),
      endOffset: textOffset(endOffset),
      count,
    }));
    const whole = ranges[0];
    if (whole === undefined) return;
    const row = this.#file.functionFrom(whole.startOffset, whole.endOffset);
    if (row < 0) return;
    this.#calls[row] = (this.#calls[row] as number) + whole.count;
    this.#names[row] ??= functionName;
    const statements = this.#statements[row];
    if (statements === undefined) return;
    const all = (this.#file.ranges as { statements: readonly StatementStart[] }).statements;
    // Ranges come in the order of their starts, outer before inner, as statements do.
    const open = [whole];
    let next = 1;
    for (const index of statements) {
      const { offset } = all[index] as StatementStart;
      while (next < ranges.length && (ranges[next] as typeof whole).startOffset <= offset) {
        open.push(ranges[next++] as typeof whole);
      }
      // A range that was passed may still be open around a later statement, so only the ended ones go.
      while (open.length > 1 && (open.at(-1) as typeof whole).endOffset <= offset) open.pop();
      this.#hits[index] = (this.#hits[index] as number) + (open.at(-1) as typeof whole).count;
    }
  }

  each(
    functions: UserFunctions,
    call: (row: number, value: number) => void,
    hit: (row: number, line: number, value: number) => void,
  ): void {
    const ranges = this.#file.ranges;
    if (ranges === null) return;
    for (const [row, range] of ranges.functions.entries()) {
      const value = this.#calls[row] as number;
      if (value === 0) continue;
      const user = functions.ofRange(this.#file, named(range, this.#names[row]));
      // The initialisers of fields are part of their constructor, and their calls are not the program's.
      if (!user.isModule && range.name.startsWith('<')) continue;
      call(user.row, value);
      const lines = new Map<number, number>();
      for (const index of this.#statements[row] ?? []) {
        const { offset } = ranges.statements[index] as StatementStart;
        const line = ranges.lines.lineOf(offset);
        const place = this.#file.original(line, offset - ranges.lines.startOf(line));
        if (place.file !== user.file) continue;
        lines.set(place.line, Math.max(lines.get(place.line) ?? 0, this.#hits[index] as number));
      }
      if (!user.isModule) {
        // The head of a function, where no statement begins: it was run with every call.
        const head = this.#file.original(range.line, range.column);
        if (head.file === user.file && !lines.has(head.line)) lines.set(head.line, value);
      }
      for (const [line, count] of lines) hit(user.row, line, count);
    }
  }
}

/** The engine's name for a function is better than the parser's guess. */
function named(range: FunctionRange, name: string | undefined): FunctionRange {
  return name === undefined || name === '' || name === range.name ? range : { ...range, name };
}
