import { Float64Column, Int32Column } from './columns.ts';
import {
  categories,
  type Category,
  type Kind,
  type Measure,
  type MeasureName,
  type Microseconds,
  type Profile,
  type ProfileAbout,
  type SampleTable,
  type Series,
  type Source,
  type Thread,
} from './profile.ts';
import { TupleTable } from './tuple-table.ts';

/** Where {@link ProfileBuilder.measure} adds figures. */
export interface MeasureColumn {
  /** Adds to the figure of a row and line (0 for the row as a whole) of a thread (-1 for all together). */
  add(row: number, line: number, thread: number, value: number): void;
}

/** One wait, or short ones of one place added up. */
export interface WaitInput {
  readonly thread: number;
  /** Row of the call path that asked, or -1. */
  readonly node: number;
  readonly line: number;
  readonly kind: string;
  readonly call: string;
  readonly target: string;
  readonly start: Microseconds;
  readonly duration: Microseconds;
  readonly charged: Microseconds;
  /** 1 if left out. */
  readonly count?: number;
  /** `duration` if left out. */
  readonly longest?: Microseconds;
}

/**
 * Collects what a recorder or a format has read and makes it into a {@link Profile}.
 *
 * Strings, functions and call paths are given as they come, as often as they come, and are stored
 * once. Every method that returns a number returns the row to use in the other methods.
 *
 * @throws RangeError where a row does not exist or a figure is not finite.
 */
export class ProfileBuilder {
  /** The empty string is row 0, so that 0 stands for "none" in every column of strings. */
  readonly #strings: string[] = [''];
  readonly #stringRows = new Map<string, number>([['', 0]]);
  readonly #functions = new TupleTable(5);
  readonly #lastLines = new Int32Column();
  readonly #nodes = new TupleTable(2);
  readonly #threads: Thread[] = [];
  readonly #samples: SampleColumns[] = [];
  readonly #measures = new Map<string, MeasureColumns>();
  readonly #series = new Map<string, SeriesColumns>();
  readonly #waits = {
    thread: new Int32Column(),
    node: new Int32Column(),
    line: new Int32Column(),
    kind: new Int32Column(),
    call: new Int32Column(),
    target: new Int32Column(),
    start: new Float64Column(),
    duration: new Float64Column(),
    charged: new Float64Column(),
    count: new Float64Column(),
    longest: new Float64Column(),
  };
  readonly #collections = stretchColumns();
  readonly #marks = { ...stretchColumns(), name: new Int32Column() };
  readonly #deoptimisations = new TupleTable(3);
  readonly #deoptimisationCounts = new Int32Column();
  readonly #sources = new Map<number, Source>();

  /** Row of a text. */
  stringRow(text: string): number {
    const known = this.#stringRows.get(text);
    if (known !== undefined) return known;
    const row = this.#strings.push(text) - 1;
    this.#stringRows.set(text, row);
    return row;
  }

  /**
   * Row of a function, known by its name, file, line, column and category together.
   *
   * Lines and columns count from 1; 0 is none. `lastLine` may be given later for a function that exists.
   */
  functionRow(
    name: string,
    file: string,
    line: number,
    column: number,
    category: Category,
    lastLine = 0,
  ): number {
    const row = this.#functions.row(
      this.stringRow(name),
      this.stringRow(file),
      position(line),
      position(column),
      categories.indexOf(category),
    );
    if (row === this.#lastLines.length) this.#lastLines.push(position(lastLine));
    else if (lastLine > this.#lastLines.at(row)) this.#lastLines.set(row, position(lastLine));
    return row;
  }

  /** Row of the call path that ends in a function; `parent` is the caller's path, -1 at the root. */
  nodeRow(parent: number, functionRow: number): number {
    within(parent, -1, this.#nodes.length, 'parent');
    within(functionRow, 0, this.#functions.length, 'function');
    return this.#nodes.row(parent, functionRow);
  }

  /** Adds a thread; the first must be the main thread of the program itself. */
  addThread(thread: Thread): number {
    this.#samples.push(new SampleColumns());
    return this.#threads.push(thread) - 1;
  }

  /** Says more of a thread, once it is known. */
  replaceThread(row: number, thread: Thread): void {
    within(row, 0, this.#threads.length, 'thread');
    this.#threads[row] = thread;
  }

  /**
   * Adds the moment from `time` on that a thread spent in a call path.
   *
   * A sample that goes on where the one before it ended, in the same place, lengthens that run.
   */
  addSample(
    thread: number,
    node: number,
    line: number,
    time: Microseconds,
    duration: Microseconds,
    state = '',
  ): void {
    within(thread, 0, this.#threads.length, 'thread');
    within(node, 0, this.#nodes.length, 'node');
    if (!(Number.isFinite(time) && duration >= 0 && duration < Infinity)) {
      throw new RangeError(`A sample needs a finite time and a duration from 0: ${time}, ${duration}`);
    }
    const stateRow = state === '' ? 0 : this.stringRow(state);
    (this.#samples[thread] as SampleColumns).add(node, position(line), time, duration, stateRow);
  }

  /**
   * The column of a measure, created when first asked for.
   *
   * If nothing is ever added to a `self` per node, {@link build} makes it from the samples.
   */
  measure(name: MeasureName, unit: Measure['unit'], kind: Kind, per: Measure['per']): MeasureColumn {
    const key = [name, unit, kind, per].join('\n');
    let columns = this.#measures.get(key);
    if (columns === undefined) {
      const rows = per === 'node' ? this.#nodes : this.#functions;
      columns = new MeasureColumns(name, unit, kind, per, rows, this.#threads);
      this.#measures.set(key, columns);
    }
    return columns;
  }

  /** Adds figures over time, both columns of the same length; what comes in pieces becomes one series. */
  addSeries(
    name: string,
    unit: Series['unit'],
    thread: number,
    time: ArrayLike<number>,
    value: ArrayLike<number>,
  ): void {
    within(thread, -1, this.#threads.length, 'thread');
    if (time.length !== value.length) {
      throw new RangeError(`${time.length} times for ${value.length} values of ${name}`);
    }
    const key = [name, unit, thread].join('\n');
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { name, unit, thread, time: new Float64Column(), value: new Float64Column() };
      this.#series.set(key, series);
    }
    for (let i = 0; i < time.length; i++) {
      series.time.push(finite(time[i] as number));
      series.value.push(finite(value[i] as number));
    }
  }

  /** Adds one wait, or short ones of one place added up. */
  addWait(wait: WaitInput): void {
    within(wait.thread, 0, this.#threads.length, 'thread');
    within(wait.node, -1, this.#nodes.length, 'node');
    const columns = this.#waits;
    columns.thread.push(wait.thread);
    columns.node.push(wait.node);
    columns.line.push(position(wait.line));
    columns.kind.push(this.stringRow(wait.kind));
    columns.call.push(this.stringRow(wait.call));
    columns.target.push(this.stringRow(wait.target));
    columns.start.push(finite(wait.start));
    columns.duration.push(finite(wait.duration));
    columns.charged.push(finite(wait.charged));
    columns.count.push(finite(wait.count ?? 1));
    columns.longest.push(finite(wait.longest ?? wait.duration));
  }

  /** Adds a pause of the garbage collector. */
  addCollection(thread: number, kind: string, start: Microseconds, duration: Microseconds): void {
    this.#addStretch(this.#collections, thread, kind, start, duration);
  }

  /** Adds a stretch or a call that the program marked itself. */
  addMark(thread: number, kind: string, name: string, start: Microseconds, duration: Microseconds): void {
    this.#addStretch(this.#marks, thread, kind, start, duration);
    this.#marks.name.push(this.stringRow(name));
  }

  /** Counts optimised code that was thrown away; `functionRow` is -1 where the function is not known. */
  addDeoptimisation(functionRow: number, line: number, reason: string, count = 1): void {
    within(functionRow, -1, this.#functions.length, 'function');
    const row = this.#deoptimisations.row(functionRow, position(line), this.stringRow(reason));
    if (row === this.#deoptimisationCounts.length) this.#deoptimisationCounts.push(count);
    else this.#deoptimisationCounts.set(row, this.#deoptimisationCounts.at(row) + count);
  }

  /** Keeps a source as it was run; `null` is for a source that must not be stored. The last text of a file holds. */
  addSource(file: string, text: string | null): void {
    const row = this.stringRow(file);
    this.#sources.set(row, { file: row, text });
  }

  /** The profile. The builder may go on afterwards; what was built stays as it is. */
  build(about: ProfileAbout): Profile {
    const samples = this.#samples.map((columns) => columns.table());
    const measures = [...this.#measures.values()].map((columns) => columns.measure());
    if (!measures.some((measure) => measure.name === 'self' && measure.per === 'node')) {
      measures.unshift(selfOfSamples(samples, this.#nodes, this.#threads));
    }
    return {
      about,
      strings: this.#strings.slice(),
      functions: {
        name: this.#functions.column(0),
        file: this.#functions.column(1),
        line: this.#functions.column(2),
        column: this.#functions.column(3),
        lastLine: this.#lastLines.values(),
        category: Uint8Array.from(this.#functions.column(4)),
      },
      nodes: { parent: this.#nodes.column(0), function: this.#nodes.column(1) },
      threads: this.#threads.slice(),
      samples,
      measures,
      series: [...this.#series.values()].map(seriesOf),
      waits: {
        thread: this.#waits.thread.values(),
        node: this.#waits.node.values(),
        line: this.#waits.line.values(),
        kind: this.#waits.kind.values(),
        call: this.#waits.call.values(),
        target: this.#waits.target.values(),
        start: this.#waits.start.values(),
        duration: this.#waits.duration.values(),
        charged: this.#waits.charged.values(),
        count: this.#waits.count.values(),
        longest: this.#waits.longest.values(),
      },
      collections: stretchTable(this.#collections),
      marks: { ...stretchTable(this.#marks), name: this.#marks.name.values() },
      deoptimisations: {
        function: this.#deoptimisations.column(0),
        line: this.#deoptimisations.column(1),
        reason: this.#deoptimisations.column(2),
        count: this.#deoptimisationCounts.values(),
      },
      sources: [...this.#sources.values()],
    };
  }

  #addStretch(columns: StretchColumns, thread: number, kind: string, start: number, duration: number): void {
    within(thread, 0, this.#threads.length, 'thread');
    columns.thread.push(thread);
    columns.kind.push(this.stringRow(kind));
    columns.start.push(finite(start));
    columns.duration.push(finite(duration));
  }
}

/** Samples of one thread, run by run. */
class SampleColumns {
  readonly #node = new Int32Column();
  readonly #line = new Int32Column();
  readonly #time = new Float64Column();
  readonly #duration = new Float64Column();
  readonly #state = new Int32Column();
  #end = 0;
  #lastTime = -Infinity;
  #ordered = true;

  add(node: number, line: number, time: number, duration: number, state: number): void {
    const last = this.#node.length - 1;
    if (
      last >= 0 &&
      time >= this.#lastTime &&
      // A gap that was charged to nobody splits a run only where it is longer than what follows: one
      // stretch scaled down to the thread's CPU time stays one run, a pause in it stays visible.
      time - this.#end <= duration &&
      this.#node.at(last) === node &&
      this.#line.at(last) === line &&
      this.#state.at(last) === state
    ) {
      this.#duration.set(last, this.#duration.at(last) + duration);
    } else {
      if (time < this.#lastTime) this.#ordered = false;
      this.#node.push(node);
      this.#line.push(line);
      this.#time.push(time);
      this.#duration.push(duration);
      this.#state.push(state);
    }
    this.#lastTime = time;
    this.#end = time + duration;
  }

  table(): SampleTable {
    const table = {
      node: this.#node.values(),
      line: this.#line.values(),
      time: this.#time.values(),
      duration: this.#duration.values(),
      state: this.#state.values(),
    };
    return this.#ordered ? table : inTimeOrder(table);
  }
}

function inTimeOrder(table: SampleTable): SampleTable {
  const rows = rowsInTimeOrder(table.time);
  return {
    node: Int32Array.from(rows, (row) => table.node[row] as number),
    line: Int32Array.from(rows, (row) => table.line[row] as number),
    time: Float64Array.from(rows, (row) => table.time[row] as number),
    duration: Float64Array.from(rows, (row) => table.duration[row] as number),
    state: Int32Array.from(rows, (row) => table.state[row] as number),
  };
}

interface SeriesColumns extends Pick<Series, 'name' | 'unit' | 'thread'> {
  readonly time: Float64Column;
  readonly value: Float64Column;
}

function seriesOf({ name, unit, thread, time: times, value: values }: SeriesColumns): Series {
  const time = times.values();
  const value = values.values();
  const rows = rowsInTimeOrder(time);
  return {
    name,
    unit,
    thread,
    time: Float64Array.from(rows, (row) => time[row] as number),
    value: Float64Array.from(rows, (row) => value[row] as number),
  };
}

/** Rows by time; what has the same time stays in the order in which it came. */
function rowsInTimeOrder(time: Float64Array): Int32Array {
  return Int32Array.from(time, (_, row) => row).toSorted(
    (a, b) => (time[a] as number) - (time[b] as number) || a - b,
  );
}

/** A measure while it is filled: one row for each row, line and thread. */
class MeasureColumns implements MeasureColumn {
  readonly #keys = new TupleTable(3);
  readonly #values = new Float64Column();
  readonly #name: MeasureName;
  readonly #unit: Measure['unit'];
  readonly #kind: Kind;
  readonly #per: Measure['per'];
  readonly #rows: { readonly length: number };
  readonly #threads: { readonly length: number };

  constructor(
    name: MeasureName,
    unit: Measure['unit'],
    kind: Kind,
    per: Measure['per'],
    rows: { readonly length: number },
    threads: { readonly length: number },
  ) {
    this.#name = name;
    this.#unit = unit;
    this.#kind = kind;
    this.#per = per;
    this.#rows = rows;
    this.#threads = threads;
  }

  add(row: number, line: number, thread: number, value: number): void {
    within(row, 0, this.#rows.length, this.#per);
    within(thread, -1, this.#threads.length, 'thread');
    const at = this.#keys.row(row, position(line), thread);
    if (at === this.#values.length) this.#values.push(finite(value));
    else this.#values.set(at, this.#values.at(at) + finite(value));
  }

  measure(): Measure {
    return {
      name: this.#name,
      unit: this.#unit,
      kind: this.#kind,
      per: this.#per,
      row: this.#keys.column(0),
      line: this.#keys.column(1),
      thread: this.#keys.column(2),
      value: this.#values.values(),
    };
  }
}

function selfOfSamples(
  samples: readonly SampleTable[],
  nodes: { readonly length: number },
  threads: { readonly length: number },
): Measure {
  const self = new MeasureColumns('self', 'microseconds', 'sampled', 'node', nodes, threads);
  for (const [thread, { node, line, duration }] of samples.entries()) {
    for (let row = 0; row < node.length; row++) {
      self.add(node[row] as number, line[row] as number, thread, duration[row] as number);
    }
  }
  return self.measure();
}

interface StretchColumns {
  readonly thread: Int32Column;
  readonly kind: Int32Column;
  readonly start: Float64Column;
  readonly duration: Float64Column;
}

function stretchColumns(): StretchColumns {
  return {
    thread: new Int32Column(),
    kind: new Int32Column(),
    start: new Float64Column(),
    duration: new Float64Column(),
  };
}

function stretchTable(columns: StretchColumns) {
  return {
    thread: columns.thread.values(),
    kind: columns.kind.values(),
    start: columns.start.values(),
    duration: columns.duration.values(),
  };
}

function within(row: number, first: number, end: number, what: string): void {
  if (!(row >= first && row < end && Number.isInteger(row))) {
    throw new RangeError(`No ${what} has row ${row}: there are ${end}`);
  }
}

/** A line or column as a column holds it; what is below 1 is none. */
function position(value: number): number {
  return value > 0 && value <= 0x7fffffff ? Math.trunc(value) : 0;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`A figure must be finite, not ${value}`);
  return value;
}
