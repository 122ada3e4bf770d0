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
  const style = heat(rows, sampled);
  const counted = rows.some(({ hits }) => hits !== null);
  return tableLines(
    [
      placeColumn('HOTTEST LINES', rows, pen, 9, Math.max(20, Math.floor(width * 0.28))),
      textColumn(
        rows.map(({ text }) => text?.trim() ?? ''),
        6,
        pen,
      ),
      times(
        'self',
        rows.map(({ self }) => self),
        8,
        pen,
        style,
      ),
      figures(
        '%',
        rows.map(({ self }) => share(self, sampled)),
        5,
      ),
      ...(counted
        ? [
            figures(
              'hits',
              rows.map(({ hits }) => countText(hits)),
              4,
            ),
          ]
        : []),
      ...splitColumns(rows, 3, width, pen),
    ],
    width,
    pen,
  );
}

/** Lines at which the memory of the program grew most, and what they allocated where that was measured. */
export function memoryTable(rows: readonly LineRow[], width: number, pen: Pen): string[] {
  return tableLines(
    [
      placeColumn('MEMORY BY LINE', rows, pen, 9, Math.max(20, Math.floor(width * 0.28))),
      textColumn(
        rows.map(({ text }) => text?.trim() ?? ''),
        6,
        pen,
      ),
      ...memoryColumns(rows, 8),
    ],
    width,
    pen,
  );
}

/** Functions with cProfile's columns; those of calls only where they were counted. */
export function functionsTable(
  rows: readonly FunctionRow[],
  sampled: number,
  width: number,
  pen: Pen,
): string[] {
  const style = heat(rows, sampled);
  const counted = rows.some(({ calls }) => calls !== null);
  const perCall = (column: 'self' | 'total', keep: number) =>
    counted
      ? [
          {
            ...times(
              'per call',
              rows.map((row) => (row.calls ? row[column] / row.calls : null)),
              keep,
              pen,
            ),
            tight: true,
          },
        ]
      : [];
  return tableLines(
    [
      nameColumn('FUNCTIONS', rows, pen),
      ...(counted
        ? [
            figures(
              'calls',
              rows.map(({ calls }) => countText(calls)),
              5,
            ),
          ]
        : []),
      times(
        'self',
        rows.map(({ self }) => self),
        8,
        pen,
        style,
      ),
      ...perCall('self', 3),
      times(
        'total',
        rows.map(({ total }) => total),
        6,
        pen,
      ),
      ...perCall('total', 2),
      ...splitColumns(rows, 3, width, pen),
      ...(rows.some(({ allocated }) => allocated !== null)
        ? [
            figures(
              'allocated',
              rows.map(({ allocated }) => bytesText(allocated)),
              2,
            ),
          ]
        : []),
      {
        ...figures(
          'gain at most',
          rows.map(({ gainAtMost }) => wholePercent(gainAtMost)),
          4,
        ),
        spills: true,
      },
      placeColumn('', rows, pen, 7),
    ],
    width,
    pen,
  );
}

/** What was waited for, and where. */
export function waitsTable(rows: readonly WaitRow[], width: number, pen: Pen): string[] {
  const name = ({ call, target }: WaitRow) => pen.safe(target === null ? call : `${call} ${target}`);
  return tableLines(
    [
      { title: 'WAITS', cells: rows.map(name), align: 'left', keep: 9, cut: { part: 'end', least: 12 } },
      figures(
        'count',
        rows.map(({ count }) => formatCount(count)),
        5,
      ),
      times(
        'time',
        rows.map(({ time }) => time),
        8,
        pen,
      ),
      times(
        'longest',
        // Nobody said, where there were several.
        rows.map(({ longest }) => longest || null),
        4,
        pen,
      ),
      placeColumn('', rows, pen, 7),
    ],
    width,
    pen,
  );
}

/** Threads and processes; the main thread is first. */
export function threadsTable(rows: readonly ThreadRow[], width: number, pen: Pen): string[] {
  const processes = new Set(rows.map(({ process }) => process)).size;
  const split = rows.some(({ states }) => Object.keys(states).length > 0);
  return tableLines(
    [
      {
        title: 'THREADS',
        cells: rows.map(({ name }) => pen.safe(name)),
        align: 'left',
        keep: 9,
        cut: { part: 'middle', least: 18 },
      },
      ...(processes > 1
        ? [
            figures(
              'process',
              // What stands for several processes together has no number.
              rows.map(({ process }) => (process === 0 ? '' : String(process))),
              4,
            ),
          ]
        : []),
      times(
        'computing',
        rows.map(({ cpu }) => cpu),
        8,
        pen,
      ),
      ...(split
        ? stateColumns(rows, pen)
        : [
            times(
              'queueing',
              rows.map(({ queued }) => queued),
              6,
              pen,
            ),
            times(
              'waiting',
              rows.map(({ asleep }) => asleep),
              5,
              pen,
            ),
          ]),
    ],
    width,
    pen,
  );
}

/** A column for each state that any thread was in; where there is no room, those with the least time go. */
function stateColumns(rows: readonly ThreadRow[], pen: Pen): Column[] {
  // Threads of other programs have no states: what the system says of them stands in the same columns.
  const timeIn = ({ states, queued, asleep }: ThreadRow, state: string) => {
    if (Object.keys(states).length > 0) return states[state] ?? 0;
    return state === 'queued' ? queued : state === 'waiting' ? asleep : null;
  };
  return shownStates(pen)
    .map(({ state, name }) => ({ name, values: rows.map((row) => timeIn(row, state)) }))
    .map((column) => ({ ...column, sum: column.values.reduce<number>((sum, time) => sum + (time ?? 0), 0) }))
    .filter(({ sum }) => sum > 0)
    .map(({ name, values, sum }, _, all) =>
      times(name, values, 1 + all.filter((other) => other.sum < sum).length / all.length, pen),
    );
}

/** Stretches that the program marked. */
export function regionsTable(rows: readonly RegionRow[], width: number, pen: Pen): string[] {
  return tableLines(
    [
      {
        title: 'REGIONS',
        cells: rows.map(({ name }) => pen.safe(name)),
        align: 'left',
        keep: 9,
        cut: { part: 'end', least: 12 },
      },
      figures(
        'count',
        rows.map(({ count }) => formatCount(count)),
        5,
      ),
      times(
        'time',
        rows.map(({ time }) => time),
        8,
        pen,
      ),
    ],
    width,
    pen,
  );
}

/** Who calls a function, or whom it calls. */
export function relativesTable(relatives: Relatives, width: number, pen: Pen): string[] {
  const { kind, rows } = relatives;
  return tableLines(
    [
      nameColumn(kind === 'callers' ? 'CALLED BY' : 'CALLS', rows, pen),
      times(
        'self',
        rows.map(({ self }) => self),
        5,
        pen,
      ),
      times(
        'total',
        rows.map(({ total }) => total),
        8,
        pen,
      ),
      figures(
        '%',
        rows.map((row) => share(row.total, relatives.total)),
        6,
      ),
      placeColumn('', rows, pen, 7),
    ],
    width,
    pen,
  );
}

/** One function line by line, as line_profiler prints it; lines without samples have no figures. */
export function functionLinesTable({ lines, self }: FunctionLines, width: number, pen: Pen): string[] {
  const counted = lines.some(({ hits }) => hits !== null);
  const style = (row: number): Style => (lines[row]!.share >= HOT_SHARE ? 'hot' : 'plain');
  const seen = (row: (typeof lines)[number], text: string) => (row.self > 0 ? text : '');
  return tableLines(
    [
      figures(
        'line',
        lines.map(({ line }) => String(line)),
        9,
      ),
      ...(counted
        ? [
            figures(
              'hits',
              lines.map(({ hits }) => (hits === null ? '' : formatCount(hits))),
              5,
            ),
          ]
        : []),
      {
        ...figures('self', timeCells(lines.map((row) => seen(row, pen.own(formatTime(row.self))))), 7),
        style,
      },
      ...(counted
        ? [
            figures(
              'per hit',
              timeCells(
                lines.map((row) => (row.hits ? seen(row, pen.own(formatTime(row.self / row.hits))) : '')),
              ),
              3,
            ),
          ]
        : []),
      figures(
        '%',
        lines.map((row) => seen(row, share(row.self, self))),
        6,
      ),
      // Without words: the source needs the room.
      ...splitColumns(lines, 4, 0, pen),
      ...memoryColumns(lines, 2),
      {
        ...textColumn(
          lines.map(({ text }) => text ?? ''),
          8,
          pen,
        ),
        cut: { part: 'end', least: SOURCE_LEAST },
      },
    ],
    width,
    pen,
  );
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
  const column = (title: string, values: readonly (number | null)[]) =>
    values.some((value) => value !== null) ? [figures(title, timeCells(values.map(bytesText)), keep)] : [];
  return [
    ...column(
      'grew by',
      rows.map(({ resident }) => resident),
    ),
    ...column(
      'allocated',
      rows.map(({ allocated }) => allocated),
    ),
  ];
}

/** Nothing where it was not measured. */
function bytesText(bytes: number | null): string {
  return bytes === null ? '' : formatBytes(bytes);
}

function placeColumn(
  title: string,
  rows: readonly Place[],
  pen: Pen,
  keep: number,
  most = Number.POSITIVE_INFINITY,
): Column {
  const cells = rows.map((row) => (row.file === '' ? '' : pen.safe(placeText(row))));
  return { title, cells, align: 'left', keep, cut: { part: 'middle', least: 12, most } };
}

function nameColumn(title: string, rows: readonly Place[], pen: Pen): Column {
  const cells = rows.map((row) => pen.safe(row.function));
  return { title, cells, align: 'left', keep: 9, cut: { part: 'end', least: 10 } };
}

function textColumn(texts: readonly string[], keep: number, pen: Pen): Column {
  return { title: '', cells: texts.map(pen.safe), align: 'left', keep, cut: { part: 'end', least: 8 } };
}

function times(
  title: string,
  values: readonly (number | null)[],
  keep: number,
  pen: Pen,
  style?: (row: number) => Style,
): Column {
  const cells = timeCells(values.map((value) => (value === null ? '' : pen.own(formatTime(value)))));
  return { title, cells, align: 'right', keep, ...(style && { style }) };
}

function figures(title: string, cells: readonly string[], keep: number): Column {
  return { title, cells, align: 'right', keep };
}

function heat(rows: readonly { readonly self: number }[], sampled: number): (row: number) => Style {
  return (row) => (sampled > 0 && rows[row]!.self / sampled >= HOT_SHARE ? 'hot' : 'plain');
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
