import type { Microseconds, Thread } from '@whetstone/profile';
import { basename } from 'node:path';
import { measuredProcesses, pythonBegan } from '../python/python-threads.ts';
import type { RawRecording, RawThread, ThreadFigures } from '../recording.ts';
import type { RawEnd, RawNote, RawPiece } from './raw.ts';
import { samplesTaken } from './assemble-samples.ts';

/** A thread of the program, with what each side tells of it. */
export interface KnownThread {
  /** `null` for a program that has no agent. */
  readonly raw: RawThread | null;
  /** `null` where the operating system told nothing. */
  readonly figures: ThreadFigures | null;
}

/**
 * The threads that an agent measured, the main thread of the program first.
 *
 * Behind `sh -c` or `npm run` the program is the first Node process that the shell started. Main threads
 * come before workers, and what was started earlier comes first.
 */
export function measuredThreads(raw: RawRecording): KnownThread[] {
  const figuresOf = new Map<string, ThreadFigures>();
  for (const figures of raw.figures) figuresOf.set(`${figures.process}/${figures.tid}`, figures);
  const threads: KnownThread[] = raw.threads.map((thread) => {
    const { pid, tid, threadId } = thread.start;
    const known = figuresOf.get(`${pid}/${tid ?? (threadId === 0 ? pid : -1)}`) ?? null;
    return { raw: thread, figures: known };
  });
  const main = mainProcess(raw);
  const rank = ({ raw: thread }: KnownThread) =>
    (thread?.start.pid === main ? 0 : 2) + (thread?.start.threadId === 0 ? 0 : 1);
  return threads.sort((a, b) => rank(a) - rank(b) || beganAt(a) - beganAt(b));
}

/**
 * The recording without the processes that compiled TypeScript for us: what they cost is a cost of measuring,
 * and none of the program's.
 */
export function withoutCompilers(raw: RawRecording): RawRecording {
  const compilers = new Set<number>();
  for (const { records } of raw.threads) {
    for (const record of records)
      if (record.type === 'note' && record.code === 'compiler') compilers.add(Number(record.message));
  }
  if (compilers.size === 0) return raw;
  return { ...raw, figures: raw.figures.filter(({ process }) => !compilers.has(process)) };
}

/** Processes of which only the operating system tells: one row each, for the main thread; the program itself first. */
export function otherProcesses(raw: RawRecording): KnownThread[] {
  const measured = new Set([
    ...raw.threads.map((thread) => thread.start.pid),
    ...(raw.python === null ? [] : measuredProcesses(raw.python)),
  ]);
  const began = raw.python === null ? null : pythonBegan(raw.python, raw.process);
  return raw.figures
    .filter((figures) => figures.tid === figures.process && !measured.has(figures.process))
    .filter((figures) => began === null || figures.last >= began)
    .map((figures) => ({ raw: null, figures }))
    .sort(
      (a, b) =>
        Number(b.figures.process === raw.process) - Number(a.figures.process === raw.process) ||
        beganAt(a) - beganAt(b),
    );
}

/** The row of the profile for a thread. */
export function threadRow(
  { raw: thread, figures }: KnownThread,
  raw: RawRecording,
  rejected: number,
): Thread {
  // It was looked at now and then, but when it was started and when it ended is known.
  const isProgram = thread === null && figures?.process === raw.process && figures.tid === raw.process;
  const began = isProgram ? raw.begin : beganAt({ raw: thread, figures });
  const ended = isProgram ? raw.end : endedAt({ raw: thread, figures }, raw);
  const wall = Math.max(ended - began, 0);
  const cpu = figures?.cpu ?? null;
  const queued = figures?.queued ?? null;
  const pieces = thread === null ? [] : thread.records.filter((record) => record.type === 'piece');
  return {
    process: thread?.start.pid ?? figures?.process ?? 0,
    thread: thread?.start.threadId ?? 0,
    name: thread === null ? (figures?.name ?? '') : nameOf(thread),
    start: Math.max(began - raw.begin, 0),
    wall,
    cpu,
    queued,
    asleep: cpu === null || queued === null ? null : Math.max(wall - cpu - queued, 0),
    startUp: thread === null ? null : sinceBeginning(thread, 'first-line'),
    loading: thread === null ? null : noted(thread, 'loading'),
    majorFaults: figures?.majorFaults ?? null,
    minorFaults: figures?.minorFaults ?? null,
    samples: { taken: samplesTaken(pieces), rejected },
  };
}

/** First moment of a thread. */
export function beganAt({ raw: thread, figures }: KnownThread): Microseconds {
  return thread?.start.began ?? figures?.first ?? 0;
}

/** Last moment of a thread that is known. */
export function endedAt({ raw: thread, figures }: KnownThread, raw: RawRecording): Microseconds {
  // The program itself ends when its parent hears of it, which is what people wait for.
  if (thread !== null && thread.start.pid === raw.process && thread.start.threadId === 0) return raw.end;
  const end = thread?.records.findLast((record): record is RawEnd => record.type === 'end');
  const pieces = thread?.records.filter((record) => record.type === 'piece') ?? [];
  const seen = Math.max(end?.now ?? 0, endOf(pieces.at(-1)), figures?.last ?? 0);
  return seen > 0 ? Math.min(seen, Math.max(raw.end, seen)) : beganAt({ raw: thread, figures });
}

function endOf(piece: RawPiece | undefined): Microseconds {
  return piece?.compact?.endTime ?? piece?.profile.endTime ?? 0;
}

function mainProcess(raw: RawRecording): number {
  const mains = raw.threads.filter((thread) => thread.start.threadId === 0);
  const itself = mains.find((thread) => thread.start.pid === raw.process);
  const first = itself ?? mains.toSorted((a, b) => a.start.began - b.start.began)[0];
  return first?.start.pid ?? raw.process;
}

function nameOf({ start }: RawThread): string {
  const { name, threadId, argv } = start;
  // A worker that its program did not name goes by its file.
  const told = threadId > 0 && /^(?:worker|WorkerThread)?$/.test(name) ? (argv[1] ?? name) : name;
  return /[\\/]/.test(told) ? basename(told) : told;
}

function sinceBeginning(thread: RawThread, code: string): Microseconds | null {
  const note = thread.records.find(
    (record): record is RawNote => record.type === 'note' && record.code === code,
  );
  return note === undefined ? null : Math.max(note.time - thread.start.began, 0);
}

/** A figure that a note carries as its message. */
function noted(thread: RawThread, code: string): Microseconds | null {
  const note = thread.records.find(
    (record): record is RawNote => record.type === 'note' && record.code === code,
  );
  const value = note === undefined ? NaN : Number(note.message);
  return Number.isFinite(value) ? value : null;
}
