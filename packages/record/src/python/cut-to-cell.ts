import type { RawRecording } from '../recording.ts';
import type { CellRun } from './agent-cells.ts';
import { pythonStates, type RawPython, type RawPythonSamples } from './raw-python.ts';

/**
 * Only the time of a notebook's cell, from its first run to its last, and only what is the cell's in it: of the
 * main thread what its code called (`file` is the name it was compiled under), of other threads all, unless they
 * did nothing but sleep. What the operating system tells of the main thread in that time the kernel has read itself.
 * Without runs the recording is given back as it is.
 */
export function cutToCell(raw: RawRecording, runs: readonly CellRun[], file: string): RawRecording {
  const { python } = raw;
  const [first] = runs;
  if (python === null || first === undefined) return raw;
  const begin = first.start;
  const end = runs.reduce((last, { start, duration }) => Math.max(last, start + duration), begin);
  const total = (of: 'cpu' | 'queued') =>
    runs.reduce<number | null>((sum, run) => (sum === null || run[of] === null ? null : sum + run[of]), 0);
  const shown = cut(python, raw.process, begin, end, file);
  const seen = new Set(shown.threads.map(({ process, tid }) => `${shown.processes[process]?.pid}/${tid}`));
  return {
    ...raw,
    begin,
    end,
    python: shown,
    figures: raw.figures
      .filter(
        ({ process, tid, first: appeared }) =>
          seen.has(`${process}/${tid}`) || (process !== raw.process && appeared >= begin),
      )
      .map((each) =>
        each.process === raw.process && each.tid === raw.process
          ? { ...each, first: begin, last: end, cpu: total('cpu'), queued: total('queued') }
          : each,
      ),
  };
}

function cut(python: RawPython, pid: number, begin: number, end: number, file: string): RawPython {
  const { samples, resident, threads, processes } = python;
  const isMain = threads.map(({ main, process }) => main && processes[process]?.pid === pid);
  const belowCell = stacksBelow(python, file);
  const from = (row: number) => Math.max(samples.time[row]!, begin);
  const until = (row: number) => Math.min(samples.time[row]! + samples.duration[row]!, end);
  // A look at the kernel just before or after the cell stands for time of the cell, too.
  const inCell = [...samples.time.keys()].filter(
    (row) =>
      until(row) > from(row) &&
      (!isMain[samples.thread[row]!] || samples.stack[row] === -1 || belowCell[samples.stack[row]!] === 1),
  );
  // IPython's history, the kernel's sockets: threads that did nothing but wait.
  const waiting = pythonStates.indexOf('waiting');
  const active = new Set(
    inCell.filter((row) => samples.state[row] !== waiting).map((row) => samples.thread[row]!),
  );
  const kept = [...threads.keys()].filter((row) => isMain[row] || active.has(row));
  const newRow = new Map(kept.map((row, index) => [row, index]));
  const rows = inCell.filter((row) => newRow.has(samples.thread[row]!));
  const taken = new Float64Array(kept.length);
  for (const row of rows) taken[newRow.get(samples.thread[row]!)!]!++;
  const told = [...resident.time.keys()].filter(
    (row) => resident.time[row]! >= begin && resident.time[row]! <= end,
  );
  return {
    ...python,
    start: begin,
    end,
    threads: kept.map((row, index) => ({ ...threads[row]!, taken: taken[index]! })),
    samples: {
      ...rowsOf(samples, rows),
      thread: Int32Array.from(rows, (row) => newRow.get(samples.thread[row]!)!),
      time: Float64Array.from(rows, from),
      duration: Float64Array.from(rows, (row) => until(row) - from(row)),
    },
    resident: rowsOf(resident, told),
  };
}

/** For each stack 1 where code of this file is on it. */
function stacksBelow({ stacks, codes, strings }: RawPython, file: string): Uint8Array {
  const cells = Uint8Array.from(codes.file, (row) => Number(strings[row] === file));
  const below = new Uint8Array(stacks.parent.length);
  for (const [row, parent] of stacks.parent.entries())
    below[row] = cells[stacks.code[row]!]! | (parent === -1 ? 0 : below[parent]!);
  return below;
}

/** These rows of a table. */
function rowsOf<T extends RawPythonSamples | RawPython['resident']>(table: T, rows: readonly number[]): T {
  const wanted = new Set(rows);
  return Object.fromEntries(
    Object.entries(table).map(([name, column]: [string, Float64Array]) => [
      name,
      column.filter((_, row) => wanted.has(row)),
    ]),
  ) as unknown as T;
}
