import type { Microseconds } from '@whetstone/profile';
import path from 'node:path';
import type { RawRecording, ThreadFigures } from '../recording.ts';
import type { RawPython, RawPythonThread } from './raw-python.ts';
import { threadTargets } from './thread-targets.ts';

/** A thread of a Python process, with what the sampler and the operating system tell of it. */
export interface PythonThread {
  readonly process: number;
  readonly tid: number;
  readonly name: string;
  /** Number in its process, 0 for the main thread. */
  readonly number: number;
  /** Rows in {@link RawPython.threads}: a process that replaced itself has several. */
  readonly rows: readonly number[];
  readonly began: Microseconds;
  readonly ended: Microseconds;
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
  readonly figures: ThreadFigures | null;
  readonly taken: number;
  readonly rejected: number;
}

/** Numbers of the processes whose stacks were read. */
export function measuredProcesses(python: RawPython): number[] {
  return [...new Set(python.processes.filter(({ measured }) => measured).map(({ pid }) => pid))];
}

/**
 * Moment of the first look that found Python in a process, `null` for none.
 *
 * What ended before that moment brought the interpreter up: a shim of pyenv is a shell that asks others first.
 */
export function pythonBegan({ samples, threads, processes }: RawPython, pid: number): Microseconds | null {
  for (let row = 0; row < samples.stack.length; row++) {
    if ((samples.stack[row] as number) < 0) continue;
    const thread = threads[samples.thread[row] as number];
    if (processes[thread?.process ?? -1]?.pid === pid) {
      // The sample stands for the time since the look before, when something else may have run here.
      return (samples.time[row] as number) + (samples.duration[row] as number);
    }
  }
  return null;
}

/**
 * The threads of all Python processes that were measured: the program's own process first, in each the main
 * thread first, then as they were found.
 *
 * The program is the process that was started, or behind a shell the first Python below it.
 */
export function pythonThreads(raw: RawRecording, python: RawPython): PythonThread[] {
  const measured = measuredProcesses(python);
  const main = measured.includes(raw.process) ? raw.process : measured[0];
  const targets = threadTargets(python);
  const figuresOf = new Map(raw.figures.map((each) => [`${each.process}/${each.tid}`, each]));
  return [main, ...measured.filter((pid) => pid !== main)].flatMap((pid) =>
    pid === undefined
      ? []
      : [...threadsOf(python, pid)].map(([tid, rows], number) =>
          joined(raw, python, pid, tid, number, rows, figuresOf.get(`${pid}/${tid}`) ?? null, targets),
        ),
  );
}

/** Rows of the threads of a process by the system's number, the main thread first. */
function threadsOf(python: RawPython, pid: number): Map<number, number[]> {
  const rows = new Map<number, number[]>([[pid, []]]);
  for (const [row, { process, tid }] of python.threads.entries()) {
    if (python.processes[process]?.pid !== pid) continue;
    const known = rows.get(tid);
    if (known === undefined) rows.set(tid, [row]);
    else known.push(row);
  }
  return rows;
}

/**
 * What a thread is called: the main one as its process's program, others as the system says, unless it says
 * the interpreter's name of all of them, as before Python 3.14: then by the function that it was started with.
 */
function nameOf(
  { processes, threads }: RawPython,
  thread: RawPythonThread | undefined,
  number: number,
  figures: ThreadFigures | null,
  target: string | undefined,
): string {
  const process = processes[thread?.process ?? -1];
  if (number === 0 && process !== undefined && process.command.length > 0)
    return programName(process.command);
  const told = figures?.name ?? thread?.name ?? '';
  const main = threads.find((each) => each.main && each.process === thread?.process);
  const isTold = told !== '' && !/^(?:python|pypy)[\d.]*$/.test(told);
  // Before 3.14 every thread is called as the first one, unless the program itself names it.
  if (isTold && (number === 0 || told !== main?.name)) return told;
  if (number === 0) return 'main thread';
  return target === undefined ? `thread ${number}` : `thread ${number} (${target})`;
}

/** The script of a command line, the module behind `-m`, or the interpreter itself. */
function programName(command: readonly string[]): string {
  for (let i = 1; i < command.length; i++) {
    const word = command[i] as string;
    if (word === '-m') return command[i + 1] ?? word;
    if (word === '-c') return word;
    if (word === '-W' || word === '-X') i++;
    else if (!word.startsWith('-')) return path.basename(word);
  }
  return path.basename(command[0] ?? '');
}

function joined(
  raw: RawRecording,
  python: RawPython,
  process: number,
  tid: number,
  number: number,
  rows: readonly number[],
  figures: ThreadFigures | null,
  targets: ReadonlyMap<number, string>,
): PythonThread {
  const seen = rows.map((row) => python.threads[row] as RawPythonThread);
  const largest = (values: readonly (number | null | undefined)[]) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length === 0 ? null : Math.max(...known);
  };
  const first = Math.min(...seen.map((each) => each.first), figures?.first ?? Infinity);
  const last = Math.max(...seen.map((each) => each.last), figures?.last ?? -Infinity);
  // The program itself lasts from its start until its parent hears of its end, which is what people wait for.
  const itself = process === raw.process && tid === process;
  const began = itself || first === Infinity ? raw.begin : Math.max(first, raw.begin);
  const ended = itself || last === -Infinity ? raw.end : Math.min(last, raw.end);
  return {
    process,
    tid,
    name: nameOf(
      python,
      seen.at(-1),
      number,
      figures,
      rows.map((row) => targets.get(row)).find((target) => target !== undefined),
    ),
    number,
    rows,
    began,
    ended: Math.max(ended, began),
    cpu: largest([figures?.cpu, ...seen.map(({ cpu }) => cpu)]),
    queued: largest([figures?.queued, ...seen.map(({ queued }) => queued)]),
    figures,
    taken: seen.reduce((sum, { taken }) => sum + taken, 0),
    rejected: seen.reduce((sum, { rejected }) => sum + rejected, 0),
  };
}
