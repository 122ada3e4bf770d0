import {
  placeText,
  type FunctionLines,
  type FunctionRow,
  type LineRow,
  type Place,
  type RegionRow,
  type Relatives,
  type States,
  type ThreadRow,
  type WaitRow,
} from '@whetstone/analyze';
import { formatBytes, formatCount, formatTime } from '@whetstone/profile';
import type { Pen, Style } from './pen.ts';
import { shownStates, stateBar, stateWords } from './states.ts';
import { tableLines, timeCells, type Column } from './table.ts';

/** From this share on a row is coloured: making it twice as fast gains 5 % of the computing. */
const HOT_SHARE = 0.1;

/** Cells of a bar inside a table: an eighth is what a glance tells apart. */
const BAR_CELLS = 8;

/** Characters of source that a listing keeps: figures of memory and of the split go first. */
const SOURCE_LEAST = 20;

/** Where there is room the bars are told in words as well. */
const WORDS_FROM = 110;

/** The hottest lines with their source. */
export function linesTable(rows: readonly LineRow[], sampled: number, width: number, pen: Pen): string[] {
  const { time, figure, lines } = tableOf(rows, width, pen);
  const counted = rows.some(({ hits }) => hits !== null);
  const style = (row: number) => heat(rows[row]!.self, sampled);
  return lines([
    ...lineColumns('HOTTEST LINES', rows, width, pen),
    time('self', 8, ({ self }) => self, { style }),
    figure('%', 5, ({ self }) => share(self, sampled)),
    counted && figure('hits', 4, ({ hits }) => countText(hits)),
    ...splitColumns(rows, 3, width, pen),
  ]);
}

/** Lines at which the memory of the program grew most, and what they allocated where that was measured. */
export function memoryTable(rows: readonly LineRow[], width: number, pen: Pen): string[] {
  const { lines } = tableOf(rows, width, pen);
  return lines([...lineColumns('MEMORY BY LINE', rows, width, pen), ...memoryColumns(rows, 8)]);
}

/** Functions with cProfile's columns; those of calls only where they were counted. */
export function functionsTable(
  rows: readonly FunctionRow[],
  sampled: number,
  width: number,
  pen: Pen,
): string[] {
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  const counted = rows.some(({ calls }) => calls !== null);
  const allocates = rows.some(({ allocated }) => allocated !== null);
  const perCall = ({ calls }: FunctionRow, time: number) => (calls ? time / calls : null);
  const style = (row: number) => heat(rows[row]!.self, sampled);
  return lines([
    text('FUNCTIONS', 9, { part: 'end', least: 10 }, (row) => row.function),
    counted && figure('calls', 5, ({ calls }) => countText(calls)),
    time('self', 8, ({ self }) => self, { style }),
    counted && time('per call', 3, (row) => perCall(row, row.self), { tight: true }),
    time('total', 6, ({ total }) => total),
    counted && time('per call', 2, (row) => perCall(row, row.total), { tight: true }),
    ...splitColumns(rows, 3, width, pen),
    allocates && figure('allocated', 2, ({ allocated }) => bytesText(allocated)),
    figure('gain at most', 4, ({ gainAtMost }) => wholePercent(gainAtMost), { spills: true }),
    text('', 7, { part: 'middle', least: 12 }, placeCell),
  ]);
}

/** What was waited for, and where. */
export function waitsTable(rows: readonly WaitRow[], width: number, pen: Pen): string[] {
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  return lines([
    text('WAITS', 9, { part: 'end', least: 12 }, ({ call, target }) =>
      target === null ? call : `${call} ${target}`,
    ),
    // Nothing came of what the program listened for.
    figure('count', 5, ({ count }) => (count === 0 ? '' : formatCount(count))),
    time('time', 8, (row) => row.time),
    // Nobody said, where there were several.
    time('longest', 4, ({ longest }) => longest || null),
    text('', 7, { part: 'middle', least: 12 }, placeCell),
  ]);
}

/** Threads and processes; the main thread is first. */
export function threadsTable(rows: readonly ThreadRow[], width: number, pen: Pen): string[] {
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  const several = new Set(rows.map(({ process }) => process)).size > 1;
  const split = rows.some(({ states }) => Object.keys(states).length > 0);
  return lines([
    text('THREADS', 9, { part: 'middle', least: 18 }, ({ name }) => name),
    // What stands for several processes together has no number.
    several && figure('process', 4, ({ process }) => (process === 0 ? '' : String(process))),
    time('computing', 8, ({ cpu }) => cpu),
    ...(split ? stateColumns(rows, width, pen) : []),
    !split && time('queueing', 6, ({ queued }) => queued),
    !split && time('waiting', 5, ({ asleep }) => asleep),
  ]);
}

/** A column for each state that any thread was in; where there is no room, those with the least time go. */
function stateColumns(rows: readonly ThreadRow[], width: number, pen: Pen): Column[] {
  const { time } = tableOf(rows, width, pen);
  // Threads of other programs have no states: what the system says of them stands in the same columns.
  const timeIn = ({ states, queued, asleep }: ThreadRow, state: string) => {
    if (Object.keys(states).length > 0) return states[state] ?? 0;
    return state === 'queued' ? queued : state === 'waiting' ? asleep : null;
  };
  return shownStates(pen)
    .map(({ state, name }) => ({
      state,
      name,
      sum: rows.reduce((sum, row) => sum + (timeIn(row, state) ?? 0), 0),
    }))
    .filter(({ sum }) => sum > 0)
    .map(({ state, name, sum }, _, all) => {
      const less = all.filter((other) => other.sum < sum).length;
      return time(name, 1 + less / all.length, (row) => timeIn(row, state));
    });
}

/** Stretches that the program marked. */
export function regionsTable(rows: readonly RegionRow[], width: number, pen: Pen): string[] {
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  return lines([
    text('REGIONS', 9, { part: 'end', least: 12 }, ({ name }) => name),
    figure('count', 5, ({ count }) => formatCount(count)),
    time('time', 8, (row) => row.time),
  ]);
}

/** Who calls a function, or whom it calls. */
export function relativesTable({ kind, rows, total }: Relatives, width: number, pen: Pen): string[] {
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  return lines([
    text(kind === 'callers' ? 'CALLED BY' : 'CALLS', 9, { part: 'end', least: 10 }, (row) => row.function),
    time('self', 5, ({ self }) => self),
    time('total', 8, (row) => row.total),
    figure('%', 6, (row) => share(row.total, total)),
    text('', 7, { part: 'middle', least: 12 }, placeCell),
  ]);
}

/** One function line by line, as line_profiler prints it; lines without samples have no figures. */
export function functionLinesTable(listing: FunctionLines, width: number, pen: Pen): string[] {
  const rows = listing.lines;
  const { text, time, figure, lines } = tableOf(rows, width, pen);
  const counted = rows.some(({ hits }) => hits !== null);
  const style = (row: number) => heat(rows[row]!.share, 1);
  const perHit = ({ self, hits }: (typeof rows)[number]) => (hits && self > 0 ? self / hits : null);
  return lines([
    figure('line', 9, ({ line }) => String(line)),
    counted && figure('hits', 5, ({ hits }) => countText(hits)),
    time('self', 7, ({ self }) => (self > 0 ? self : null), { style }),
    counted && time('per hit', 3, perHit),
    figure('%', 6, ({ self }) => (self > 0 ? share(self, listing.self) : '')),
    // Without words: the source needs the room.
    ...splitColumns(rows, 4, 0, pen),
    ...memoryColumns(rows, 2),
    text('', 8, { part: 'end', least: SOURCE_LEAST }, (row) => row.text ?? ''),
  ]);
}

/**
 * What makes the columns of a table, each from its title, its importance (see {@link Column.keep}) and what it
 * says of a row; `lines` puts them together, without those that are `false`.
 */
function tableOf<Row>(rows: readonly Row[], width: number, pen: Pen) {
  type Extra = Pick<Column, 'style' | 'spills' | 'tight'>;
  return {
    /** Text from outside. */
    text: (
      title: string,
      keep: number,
      cut: NonNullable<Column['cut']>,
      say: (row: Row) => string,
    ): Column => ({
      title,
      cells: rows.map((row) => pen.safe(say(row))),
      align: 'left',
      keep,
      cut,
    }),
    /** Times, with nothing where there is none. */
    time: (title: string, keep: number, say: (row: Row) => number | null, extra?: Extra): Column => {
      const times = rows.map(say).map((time) => (time === null ? '' : pen.own(formatTime(time))));
      return { title, cells: timeCells(times), align: 'right', keep, ...extra };
    },
    /** Other figures, as they are printed. */
    figure: (title: string, keep: number, say: (row: Row) => string, extra?: Extra): Column => ({
      title,
      cells: rows.map(say),
      align: 'right',
      keep,
      ...extra,
    }),
    lines: (columns: readonly (Column | false)[]): string[] =>
      tableLines(
        columns.filter((column) => column !== false),
        width,
        pen,
      ),
  };
}

/** Where a line is, and what it says. */
function lineColumns(title: string, rows: readonly LineRow[], width: number, pen: Pen): Column[] {
  const { text } = tableOf(rows, width, pen);
  // The source needs room too.
  const most = Math.max(20, Math.floor(width * 0.28));
  return [
    text(title, 9, { part: 'middle', least: 12, most }, placeCell),
    text('', 6, { part: 'end', least: 8 }, (row) => row.text?.trim() ?? ''),
  ];
}

/** What the time of each row was spent on, where the runtime tells: as a bar, and in words where there is room. */
function splitColumns(
  rows: readonly { readonly states: States }[],
  keep: number,
  width: number,
  pen: Pen,
): Column[] {
  if (rows.every(({ states }) => Object.keys(states).length === 0)) return [];
  const bars = rows.map(({ states }) => stateBar(states, BAR_CELLS, pen));
  const words = rows.map(({ states }) => pen.own(stateWords(states, pen, 2)));
  return [
    { title: 'spent on', cells: bars, align: 'left', keep },
    ...(width >= WORDS_FROM ? [{ title: '', cells: words, align: 'left', keep: 1 } as const] : []),
  ];
}

function memoryColumns(
  rows: readonly { readonly resident: number | null; readonly allocated: number | null }[],
  keep: number,
): Column[] {
  const column = (title: string, of: 'resident' | 'allocated'): Column[] =>
    rows.some((row) => row[of] !== null)
      ? [{ title, cells: timeCells(rows.map((row) => bytesText(row[of]))), align: 'right', keep }]
      : [];
  return [...column('grew by', 'resident'), ...column('allocated', 'allocated')];
}

/** Nothing where it was not measured. */
function bytesText(bytes: number | null): string {
  return bytes === null ? '' : formatBytes(bytes);
}

function placeCell(row: Place): string {
  return row.file === '' ? '' : placeText(row);
}

function heat(self: number, whole: number): Style {
  return whole > 0 && self / whole >= HOT_SHARE ? 'hot' : 'plain';
}

function share(part: number, whole: number): string {
  return whole > 0 ? ((part / whole) * 100).toFixed(1) : '?';
}

/** An upper bound, so decimals would promise too much. */
function wholePercent(part: number): string {
  return part > 0 && part < 0.005 ? '< 1 %' : `${Math.round(part * 100)} %`;
}

/** Nothing where it was not counted: built-in functions have no counts. */
function countText(value: number | null): string {
  return value === null ? '' : formatCount(value);
}
