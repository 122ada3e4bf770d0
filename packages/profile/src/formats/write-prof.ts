import type { Measure, NodeTable, Profile } from '../profile.ts';
import { functionTotalsOf, outermostCalls, selfByNode, totalOf } from '../totals.ts';
import { TupleTable } from '../tuple-table.ts';
import { ByteChunks } from './byte-chunks.ts';

/**
 * Writes the table that Python's `pstats` loads, in marshal types that every Python since 2.7 reads.
 *
 * A function written in C has the file `~` and line 0, as `cProfile` has it. Calls are those that were
 * counted, else 0: `pstats` leaves the time per call empty then. How often one function called another is
 * known where the profile has it, or where nobody else called it.
 *
 * @see https://docs.python.org/3/library/profile.html
 */
export function writeProf(profile: Profile): Iterable<Uint8Array> {
  return marshalled(tableOf(profile));
}

interface Row {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  calls: number;
  primitive: number;
  self: number;
  total: number;
  readonly callers: Map<number, Figures>;
}

interface Figures {
  calls: number;
  self: number;
  total: number;
}

/** Functions that `pstats` cannot tell apart are one row. */
function tableOf(profile: Profile): readonly Row[] {
  const { functions, strings, nodes } = profile;
  const rows: Row[] = [];
  const known = new Map<string, number>();
  const rowOf = Int32Array.from(functions.name, (nameRow, f) => {
    const file = strings[functions.file[f] as number] || '~';
    const line = functions.line[f] as number;
    const name = strings[nameRow] || '<anonymous>';
    const key = `${file}\n${line}\n${name}`;
    const row = known.get(key) ?? rows.length;
    if (row === rows.length) {
      known.set(key, row);
      rows.push({ file, line, name, calls: 0, primitive: 0, self: 0, total: 0, callers: new Map() });
    }
    return row;
  });
  const merged: NodeTable = { parent: nodes.parent, function: nodes.function.map((f) => rowOf[f] as number) };
  const self = selfByNode(profile);
  const totals = functionTotalsOf(merged, rows.length, self);
  const given = byFunction(profile, 'total', rowOf, rows.length);
  const calls = byFunction(profile, 'calls', rowOf, rows.length);
  const primitive = byFunction(profile, 'primitive', rowOf, rows.length);
  for (const [row, figures] of rows.entries()) {
    figures.self = totals.self[row] as number;
    figures.total = given[row] || (totals.total[row] as number);
    figures.calls = Math.round(calls[row] as number);
    figures.primitive = Math.min(figures.calls, Math.round(primitive[row] as number) || figures.calls);
  }
  addCallers(profile, rows, merged, self);
  return rows;
}

function addCallers(profile: Profile, rows: readonly Row[], nodes: NodeTable, self: Float64Array): void {
  const total = totalOf(nodes, self);
  const calls = byNode(profile, 'path-calls');
  const arcs = new TupleTable(2);
  const arcOf = Int32Array.from(nodes.function, (callee, node) => {
    const parent = nodes.parent[node] as number;
    return arcs.row(parent < 0 ? -1 : (nodes.function[parent] as number), callee);
  });
  const outermost = outermostCalls({ parent: nodes.parent, function: arcOf }, arcs.length);
  for (let node = 0; node < arcOf.length; node++) {
    const parent = nodes.parent[node] as number;
    if (parent < 0) continue;
    const { callers } = rows[nodes.function[node] as number] as Row;
    const caller = nodes.function[parent] as number;
    const figures = callers.get(caller) ?? { calls: 0, self: 0, total: 0 };
    callers.set(caller, figures);
    figures.self += self[node] as number;
    if (outermost[node] === 1) figures.total += total[node] as number;
    figures.calls += calls[node] as number;
  }
  if (calls.some((value) => value > 0)) return;
  for (const row of rows) {
    const [only, ...more] = row.callers.values();
    if (only !== undefined && more.length === 0) only.calls = row.calls;
  }
}

function byFunction({ measures }: Profile, name: string, rowOf: Int32Array, rows: number): Float64Array {
  const sums = new Float64Array(rows);
  for (const measure of measures) {
    if (measure.name !== name || measure.per !== 'function') continue;
    addUp(measure, sums, (row) => rowOf[row] as number);
  }
  return sums;
}

function byNode({ measures, nodes }: Profile, name: string): Float64Array {
  const sums = new Float64Array(nodes.parent.length);
  for (const measure of measures) {
    if (measure.name === name && measure.per === 'node') addUp(measure, sums, (row) => row);
  }
  return sums;
}

function addUp({ row, value }: Measure, sums: Float64Array, to: (row: number) => number): void {
  for (let i = 0; i < row.length; i++) {
    const at = to(row[i] as number);
    sums[at] = (sums[at] as number) + (value[i] as number);
  }
}

function* marshalled(rows: readonly Row[]): Generator<Uint8Array, void, undefined> {
  const out = new ByteChunks();
  out.byte(code('{'));
  for (const row of rows) {
    writeKey(out, row);
    writeTuple(out, 5);
    writeCount(out, row.primitive);
    writeCount(out, row.calls);
    writeSeconds(out, row.self);
    writeSeconds(out, row.total);
    out.byte(code('{'));
    for (const [caller, { calls, self, total }] of row.callers) {
      writeKey(out, rows[caller] as Row);
      writeTuple(out, 4);
      writeCount(out, Math.round(calls));
      writeCount(out, Math.min(Math.round(calls), row.primitive));
      writeSeconds(out, self);
      writeSeconds(out, total);
      yield* out.taken();
    }
    out.byte(code('0'));
    yield* out.taken();
  }
  out.byte(code('0'));
  yield* out.taken(true);
}

function writeKey(out: ByteChunks, { file, line, name }: Row): void {
  writeTuple(out, 3);
  writeText(out, file);
  writeCount(out, line);
  writeText(out, name);
}

function writeTuple(out: ByteChunks, length: number): void {
  out.byte(code('('));
  out.int32(length);
}

function writeText(out: ByteChunks, text: string): void {
  out.byte(code('u'));
  out.text(text);
}

/** From 0; beyond 32 bits in digits of 15 bits. */
function writeCount(out: ByteChunks, value: number): void {
  if (value <= 0x7fffffff) {
    out.byte(code('i'));
    out.int32(value);
    return;
  }
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 0x8000)) digits.push(rest % 0x8000);
  out.byte(code('l'));
  out.int32(digits.length);
  for (const digit of digits) out.uint16(digit);
}

function writeSeconds(out: ByteChunks, value: number): void {
  out.byte(code('g'));
  out.double(value / 1e6);
}

function code(type: string): number {
  return type.charCodeAt(0);
}
