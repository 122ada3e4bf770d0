import type { Microseconds, ProfileBuilder, ProfileWarning, Thread } from '@whetstone/profile';
import type { AssembleOptions } from '../assemble.ts';
import type { FurtherRuns, RawRecording } from '../recording.ts';
import { addPythonFurther } from './assemble-python-further.ts';
import { PythonMoments } from './assemble-python-moments.ts';
import { addPythonStacks, pythonFunctionName } from './python-stacks.ts';
import { pythonThreads, type PythonThread } from './python-threads.ts';
import type { RawPython } from './raw-python.ts';
import { sampledTimes, type SampledTimes } from './sampled-times.ts';
import { settleLock } from './settle-lock.ts';

/** The largest text of a source that is kept, in UTF-16 units. */
const LARGEST_SOURCE = 8_000_000;

/**
 * Adds what was seen of Python from outside, and inside by further runs, to a profile; pure but for `readText`.
 *
 * The samples of a thread add up to no more than the CPU time that the operating system tells of it. CPU time
 * that no sample shows goes to the time before the first and after the last of them, as far as there is any.
 *
 * @returns what is wrong with the recording
 */
export function addPython(
  raw: RawRecording,
  seen: RawPython,
  further: FurtherRuns,
  options: AssembleOptions,
  builder: ProfileBuilder,
): ProfileWarning[] {
  const rows = rowsByThread(seen);
  const python = settleLock(seen, rows);
  const stacks = addPythonStacks(python, raw.workingDirectory, builder);
  const threads = pythonThreads(raw, python);
  const moments = new PythonMoments(python, stacks, raw.begin, options.modes, builder);
  let [cpu, unexplained] = [0, 0];
  for (const thread of threads) {
    const own = thread.rows.flatMap((row) => rows[row] ?? []);
    const times = sampledTimes(python, stacks, own, thread);
    const row = builder.addThread(threadRow(thread, raw, times, options.modes.attached));
    const left = moments.add(row, own, thread, times);
    cpu += thread.cpu ?? 0;
    unexplained += left;
  }
  addResident(raw, python, threads, builder);
  addMarks(raw, threads, builder);
  for (const file of stacks.files) {
    const text = options.sources ? options.readText(file) : null;
    if (!options.sources) builder.addSource(file, null);
    else if (text !== null && text.length <= LARGEST_SOURCE) builder.addSource(file, text);
  }
  return [
    ...python.warnings,
    ...addPythonFurther(raw, further, builder),
    ...complaints(raw, python, threads, cpu, unexplained),
  ];
}

/** Rows of the samples of each of the sampler's threads, in time order. */
function rowsByThread({ samples, threads }: RawPython): number[][] {
  const rows: number[][] = threads.map(() => []);
  for (let row = 0; row < samples.thread.length; row++) rows[samples.thread[row] as number]?.push(row);
  return rows;
}

function threadRow(
  thread: PythonThread,
  raw: RawRecording,
  times: SampledTimes,
  isAttached: boolean,
): Thread {
  const { process, number, name, began, ended, cpu, queued, figures, taken, rejected } = thread;
  const wall = ended - began;
  const isMain = number === 0;
  return {
    process,
    thread: number,
    name,
    start: Math.max(began - raw.begin, 0),
    wall,
    cpu,
    queued,
    asleep: cpu === null || queued === null ? null : Math.max(wall - cpu - queued, 0),
    startUp: !isMain || isAttached || times.begun === null ? null : Math.max(times.begun - began, 0),
    loading: isMain && taken > 0 ? times.loading : null,
    majorFaults: figures?.majorFaults ?? null,
    minorFaults: figures?.minorFaults ?? null,
    samples: { taken, rejected },
  };
}

/** Resident memory over time, beside the main thread of each process. */
function addResident(
  raw: RawRecording,
  { resident, processes }: RawPython,
  threads: readonly PythonThread[],
  builder: ProfileBuilder,
): void {
  const mains = new Map(
    [...threads.entries()]
      .filter(([, { number }]) => number === 0)
      .map(([row, { process }]) => [process, row]),
  );
  const points = new Map<number, { time: number[]; value: number[] }>();
  for (let row = 0; row < resident.process.length; row++) {
    const main = mains.get(processes[resident.process[row] as number]?.pid ?? -1);
    if (main === undefined) continue;
    const known = points.get(main) ?? { time: [], value: [] };
    points.set(main, known);
    known.time.push(Math.max((resident.time[row] as number) - raw.begin, 0));
    known.value.push(resident.value[row] as number);
  }
  for (const [row, { time, value }] of points) builder.addSeries('resident', 'bytes', row, time, value);
}

/** What the program marked, on the thread that marked it. */
function addMarks(raw: RawRecording, threads: readonly PythonThread[], builder: ProfileBuilder): void {
  for (const { process, tid, kind, name, start, duration } of raw.pythonMarks ?? []) {
    const own = threads.findIndex((thread) => thread.process === process && thread.tid === tid);
    // A thread that was too short to be seen: its process's main one stands for it.
    const row = own < 0 ? threads.findIndex((thread) => thread.process === process) : own;
    if (row < 0) continue;
    builder.addMark(row, kind, pythonFunctionName(name), Math.max(start - raw.begin, 0), duration);
  }
}

/** Rejected looks are told from this share on: below it they are what reading from outside costs anyway. */
const REJECTED_SHARE = 0.05;
/** From here on time without samples is told. */
const UNEXPLAINED_SHARE = 0.05;
/** Microseconds; a start and an end that nobody sampled are not worth a word. */
const UNEXPLAINED_LEAST = 50_000;

function complaints(
  raw: RawRecording,
  python: RawPython,
  threads: readonly PythonThread[],
  cpu: Microseconds,
  unexplained: Microseconds,
): ProfileWarning[] {
  const found: ProfileWarning[] = [];
  for (const { pid, reason } of python.processes) {
    // Shells, and other programs that a Python program starts, are no reason to complain.
    if (reason === null || reason.code === 'not-python' || (reason.code === 'not-up' && pid !== raw.process))
      continue;
    found.push({ code: `python-${reason.code}`, message: reason.message });
  }
  const taken = threads.reduce((sum, thread) => sum + thread.taken, 0);
  const rejected = threads.reduce((sum, thread) => sum + thread.rejected, 0);
  if (rejected > (taken + rejected) * REJECTED_SHARE) {
    const share = ((rejected / (taken + rejected)) * 100).toFixed(1);
    found.push({
      code: 'samples-rejected',
      message: `${rejected} of ${taken + rejected} samples (${share} %) were thrown away: the program changed its stack while it was read.`,
    });
  }
  if (threads.length > 0 && taken === 0) {
    found.push({
      code: 'no-samples',
      message:
        'The program ended before its first sample: wall, CPU and memory are the operating system’s, and that is all.',
    });
  }
  if (taken > 0 && unexplained > cpu * UNEXPLAINED_SHARE && unexplained > UNEXPLAINED_LEAST) {
    const share = ((unexplained / cpu) * 100).toFixed(1);
    found.push({
      code: 'cpu-unexplained',
      message: `${share} % of the CPU time was spent where no sample was taken.`,
    });
  }
  return found;
}
