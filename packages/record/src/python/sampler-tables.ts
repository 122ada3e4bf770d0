import type { Microseconds } from '@whetstone/profile';
import type { CodeText, KnownCode } from './interpreter-code.ts';
import type { RawPython, RawPythonWait } from './raw-python.ts';

type Column = Int32Array | Float64Array | Uint8Array | Int16Array;

/** A column that grows. */
class Growing<Type extends Column> {
  #rows: Type;
  length = 0;

  constructor(rows: Type) {
    this.#rows = rows;
  }

  push(value: number): void {
    if (this.length === this.#rows.length) {
      const Constructor = this.#rows.constructor as new (length: number) => Type;
      const larger = new Constructor(this.#rows.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.length++] = value;
  }

  at(row: number): number {
    return this.#rows[row] ?? 0;
  }

  set(row: number, value: number): void {
    this.#rows[row] = value;
  }

  /** The rows so far, in memory of their own. */
  get rows(): Type {
    return this.#rows.slice(0, this.length) as Type;
  }
}

const ints = (): Growing<Int32Array> => new Growing(new Int32Array(1024));
const floats = (): Growing<Float64Array> => new Growing(new Float64Array(1024));

/** Most places that a stack's key can tell apart. */
const SITES = 2 ** 24;
/** Most lines that a place's key can tell apart. */
const LINES = 2 ** 24;

/** One row of samples. */
export interface SampleRow {
  readonly thread: number;
  readonly time: Microseconds;
  readonly duration: Microseconds;
  readonly stack: number;
  readonly line: number;
  readonly state: number;
  readonly opcode: number;
  readonly wait: number;
}

/** What is seen, collected: every text, code, stack and wait once. */
export class SamplerTables {
  readonly #strings: string[] = [];
  readonly #stringRows = new Map<string, number>();

  readonly #codeRows = new Map<string, number>();
  readonly #codes = { name: ints(), qualname: ints(), file: ints(), firstLine: ints(), lastLine: ints() };

  readonly #stackRows = new Map<number, number>();
  readonly #stacks = { parent: ints(), code: ints(), callLine: ints() };

  readonly #waitRows = new Map<string, number>();
  readonly #waits: RawPythonWait[] = [];

  readonly #samples = {
    thread: ints(),
    time: floats(),
    duration: floats(),
    stack: ints(),
    line: ints(),
    state: new Growing(new Uint8Array(1024)),
    opcode: new Growing(new Int16Array(1024)),
    wait: ints(),
    grown: floats(),
  };
  readonly #resident = { process: ints(), time: floats(), value: floats() };

  /** Row of a code. */
  code(text: CodeText): number {
    const key = JSON.stringify([text.fileName, text.qualifiedName, text.name, text.firstLine]);
    let row = this.#codeRows.get(key);
    if (row === undefined) {
      row = this.#codeRows.size;
      this.#codeRows.set(key, row);
      this.#codes.name.push(this.#string(text.name));
      this.#codes.qualname.push(this.#string(text.qualifiedName));
      this.#codes.file.push(this.#string(text.fileName));
      this.#codes.firstLine.push(text.firstLine);
      this.#codes.lastLine.push(text.lastLine);
    } else if (text.lastLine > this.#codes.lastLine.at(row)) {
      this.#codes.lastLine.set(row, text.lastLine);
    }
    return row;
  }

  /** Row of the stack in which a code was called from a line of the stack `parent`, -1 for none. */
  stack(parent: number, callLine: number, code: KnownCode): number {
    let site = code.sites.get(callLine);
    if (site === undefined) code.sites.set(callLine, (site = this.#site(code.row, callLine)));
    const key = (parent + 1) * SITES + site;
    let row = this.#stackRows.get(key);
    if (row === undefined) {
      row = this.#stackRows.size;
      this.#stackRows.set(key, row);
      this.#stacks.parent.push(parent);
      this.#stacks.code.push(code.row);
      this.#stacks.callLine.push(callLine);
    }
    return row;
  }

  readonly #siteRows = new Map<number, number>();

  #site(code: number, line: number): number {
    const key = code * LINES + line;
    const known = this.#siteRows.get(key);
    if (known !== undefined) return known;
    this.#siteRows.set(key, this.#siteRows.size);
    return this.#siteRows.size - 1;
  }

  /** Row of a wait. */
  wait(wait: RawPythonWait): number {
    const key = JSON.stringify([wait.kind, wait.call, wait.target]);
    let row = this.#waitRows.get(key);
    if (row === undefined) {
      row = this.#waits.push(wait) - 1;
      this.#waitRows.set(key, row);
    }
    return row;
  }

  /** Appends a row of samples, and gives its number. */
  sample(row: SampleRow): number {
    const samples = this.#samples;
    samples.thread.push(row.thread);
    samples.time.push(row.time);
    samples.duration.push(row.duration);
    samples.stack.push(row.stack);
    samples.line.push(row.line);
    samples.state.push(row.state);
    samples.opcode.push(row.opcode);
    samples.wait.push(row.wait);
    samples.grown.push(0);
    return samples.thread.length - 1;
  }

  get sampleCount(): number {
    return this.#samples.thread.length;
  }

  /** Lengthens a row's stretch, or shortens it: at its end or (`before`) at its start. */
  lengthen(row: number, by: Microseconds, before = false): void {
    const { time, duration } = this.#samples;
    duration.set(row, duration.at(row) + by);
    if (before) time.set(row, time.at(row) - by);
  }

  /** Length of a row's stretch. */
  durationOf(row: number): Microseconds {
    return this.#samples.duration.at(row);
  }

  /** Says that a row's moment was spent otherwise than it had seemed. */
  setState(row: number, state: number): void {
    this.#samples.state.set(row, state);
  }

  /** Charges growth of resident memory to a row. */
  grow(row: number, bytes: number): void {
    this.#samples.grown.set(row, this.#samples.grown.at(row) + bytes);
  }

  /** Appends a figure of resident memory. */
  resident(process: number, time: Microseconds, value: number): void {
    this.#resident.process.push(process);
    this.#resident.time.push(time);
    this.#resident.value.push(value);
  }

  #string(text: string): number {
    let row = this.#stringRows.get(text);
    if (row === undefined) {
      row = this.#strings.push(text) - 1;
      this.#stringRows.set(text, row);
    }
    return row;
  }

  /** All tables as plain data. */
  get plain(): Pick<RawPython, 'strings' | 'codes' | 'stacks' | 'samples' | 'waits' | 'resident'> {
    return {
      strings: this.#strings,
      codes: rowsOf(this.#codes),
      stacks: rowsOf(this.#stacks),
      samples: rowsOf(this.#samples),
      waits: this.#waits,
      resident: rowsOf(this.#resident),
    };
  }
}

type Rows<Table> = { [Name in keyof Table]: Table[Name] extends Growing<infer Type> ? Type : never };

function rowsOf<Table extends Record<string, Growing<Column>>>(table: Table): Rows<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([name, column]) => [name, column.rows]),
  ) as Rows<Table>;
}
