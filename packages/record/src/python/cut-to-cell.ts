import type { RawRecording } from '../recording.ts';
import type { CellRun } from './agent-cells.ts';
import { pythonStates, type RawPython } from './raw-python.ts';

/**
 * Only the time of a notebook's cell, from its first run to its last: what the kernel did before and after is no
 * part of it, nor are its threads that slept meanwhile. What the operating system tells of the main thread in that
 * time the kernel has read itself. Without runs the recording is given back as it is.
 */
export function cutToCell(raw: RawRecording, runs: readonly CellRun[]): RawRecording {
  const { python } = raw;
  const [first] = runs;
  if (python === null || first === undefined) return raw;
  const begin = first.start;
  const end = Math.max(...runs.map(({ start, duration }) => start + duration));
  const cut = { ...python, ...rowsBetween(python, begin, end), start: begin, end };
  const total = (of: 'cpu' | 'queued') =>
    runs.reduce<number | null>((sum, run) => (sum === null || run[of] === null ? null : sum + run[of]), 0);
  const shown = withoutIdle(cut, raw.process);
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

/** Samples and figures of memory between two moments; stretches that reach over them are cut. */
function rowsBetween(
  { samples, resident }: RawPython,
  begin: number,
  end: number,
): Pick<RawPython, 'samples' | 'resident'> {
  const from = (row: number) => Math.max(samples.time[row] as number, begin);
  const until = (row: number) =>
    Math.min((samples.time[row] as number) + (samples.duration[row] as number), end);
  const rows = [...samples.time.keys()].filter((row) => until(row) > from(row));
  const seen = [...resident.time.keys()].filter((row) => {
    const time = resident.time[row] as number;
    return time >= begin && time <= end;
  });
  return {
    samples: {
      thread: Int32Array.from(rows, (row) => samples.thread[row] as number),
      time: Float64Array.from(rows, from),
      duration: Float64Array.from(rows, (row) => until(row) - from(row)),
      stack: Int32Array.from(rows, (row) => samples.stack[row] as number),
      line: Int32Array.from(rows, (row) => samples.line[row] as number),
      state: Uint8Array.from(rows, (row) => samples.state[row] as number),
      opcode: Int16Array.from(rows, (row) => samples.opcode[row] as number),
      wait: Int32Array.from(rows, (row) => samples.wait[row] as number),
      grown: Float64Array.from(rows, (row) => samples.grown[row] as number),
    },
    resident: {
      process: Int32Array.from(seen, (row) => resident.process[row] as number),
      time: Float64Array.from(seen, (row) => resident.time[row] as number),
      value: Float64Array.from(seen, (row) => resident.value[row] as number),
    },
  };
}

/** Without threads that did nothing but wait, but for the main one: IPython's history, the kernel's sockets. */
function withoutIdle(python: RawPython, pid: number): RawPython {
  const { samples, threads, processes } = python;
  const waiting = pythonStates.indexOf('waiting');
  const active = new Set(samples.thread.filter((_, row) => samples.state[row] !== waiting));
  const kept = [...threads.keys()].filter(
    (row) => active.has(row) || (threads[row]!.main && (processes[threads[row]!.process]?.pid ?? 0) === pid),
  );
  const rowOf = new Map(kept.map((row, index) => [row, index]));
  const taken = new Map<number, number>();
  for (const thread of samples.thread) taken.set(thread, (taken.get(thread) ?? 0) + 1);
  const rows = [...samples.thread.keys()].filter((row) => rowOf.has(samples.thread[row] as number));
  const pick = <T extends Int32Array | Float64Array | Uint8Array | Int16Array>(column: T): T =>
    column.filter((_, row) => rowOf.has(samples.thread[row] as number)) as T;
  return {
    ...python,
    threads: kept.map((row) => ({ ...threads[row]!, taken: taken.get(row) ?? 0 })),
    samples: {
      thread: Int32Array.from(rows, (row) => rowOf.get(samples.thread[row] as number) as number),
      time: pick(samples.time),
      duration: pick(samples.duration),
      stack: pick(samples.stack),
      line: pick(samples.line),
      state: pick(samples.state),
      opcode: pick(samples.opcode),
      wait: pick(samples.wait),
      grown: pick(samples.grown),
    },
  };
}
