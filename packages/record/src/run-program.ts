import { spawn, type ChildProcess } from 'node:child_process';
import type { Microseconds } from '@whetstone/profile';
import os from 'node:os';
import { childrenUsage } from './children-usage.ts';
import type { Instrument, Seen } from './instrument.ts';
import { instrumentsFor } from './instruments.ts';
import { isAlive } from './is-alive.ts';
import { now } from './now.ts';
import { passSignals } from './pass-signals.ts';
import { ProcFigures } from './proc-figures.ts';
import type { CountedFunction } from './python/counts.ts';
import {
  RecordError,
  type FurtherPass,
  type RawRecording,
  type Target,
  type ThreadFigures,
} from './recording.ts';
import { environmentOf, scriptFolder } from './resolve-target.ts';
import type { Streams } from './streams.ts';

export interface RunOptions {
  readonly pass: 'time' | FurtherPass;
  readonly workingDirectory: string;
  readonly interval: number | null;
  readonly for: number | null;
  readonly waits: boolean;
  /** Functions of Python whose lines are counted, where calls are. */
  readonly countLines: readonly CountedFunction[];
  readonly cacheFolder: string;
  /** How the program's streams are connected: with the caller's own, or by the caller. */
  readonly streams: Streams;
  readonly onProgress?: ((elapsed: number, samples: number) => void) | undefined;
}

/** Between two reports of progress, in milliseconds. */
const PROGRESS_TIME = 250;
/** Output that is still on its way after the end gets so long, in milliseconds. */
const LAST_OUTPUT = 2000;
/** Processes of the tree that end together with the main one get so long to write their last lines, in milliseconds. */
const LAST_LINES = 400;

/** A program's run, from its start to its end. */
export interface ProgramRun extends RawRecording {
  /** How long it ran: longer than it was measured where `for` ended that. */
  readonly wall: Microseconds;
  /** Whether a signal came to us or to it through us. */
  readonly interrupted: boolean;
}

/**
 * Runs the program once, measured by its instruments and by the operating system.
 *
 * @throws {@link RecordError} `START_FAILED`, `TARGET_NOT_FOUND` or `TARGET_NOT_EXECUTABLE` if it does not start
 */
export async function runProgram(target: Target, options: RunOptions): Promise<ProgramRun> {
  const started = new Date().toISOString();
  const load = process.platform === 'win32' ? null : (os.loadavg()[0] ?? null);
  const instruments = await instrumentsFor(target, options);
  // From here on: to find out how to measure may have taken processes of its own.
  const usageBefore = childrenUsage();
  let figures: ProcFigures | undefined;
  try {
    const begin = now();
    const until = options.for === null ? null : begin + options.for * 1e3;
    const child = start(target, options, instruments);
    const connected = options.streams.connect?.(child);
    const pid = await startOf(child, target);
    for (const instrument of instruments) instrument.watch(pid);
    figures = new ProcFigures(pid, until ?? Infinity);
    const folder = instruments.find((instrument) => instrument.folder !== null)?.folder ?? null;
    const signals = passSignals(child, folder === null ? null : { folder, figures });
    const progress = reportProgress(begin, instruments, options.onProgress);
    const exit = await endOf(child);
    const end = now();
    clearInterval(progress);
    await signals.stop();
    figures.look();
    figures.stop();
    await lastOutput(child, connected);
    await lastLines(figures.processes, pid);

    const seen: Seen[] = [];
    for (const instrument of instruments) seen.push(await instrument.result(pid, figures));
    const told = until !== null || seen.some((each) => each.told);
    const warnings = seen.flatMap((each) => each.warnings);
    const missed = seen.every((each) => each.missed !== null);
    if (missed)
      warnings.push({
        code: 'only-operating-system',
        message: `${whyMissed(target, seen)}: wall, CPU and memory are the operating system’s, and that is all.`,
      });
    if (signals.rescued.size > 0)
      warnings.push({
        code: 'rescued',
        message: `The program did not answer ${[...signals.rescued].join(', ')}: what it had measured was saved, and the signal ended it.`,
      });
    const peaks = [figures.peakMemory, ...seen.map(({ peakMemory }) => peakMemory)].map((peak) => peak ?? 0);
    return {
      threads: seen.flatMap(({ threads }) => threads ?? []),
      python: partOf(seen, 'python'),
      pythonCounts: partOf(seen, 'pythonCounts'),
      pythonMemory: partOf(seen, 'pythonMemory'),
      pythonMarks: partOf(seen, 'pythonMarks'),
      figures: completed(figures.figures, pid, told ? null : usedSince(usageBefore), end),
      command: target.given,
      workingDirectory: options.workingDirectory,
      exit: signals.replaced === null ? exit : { code: null, signal: signals.replaced },
      started,
      begin,
      end: until === null ? end : Math.min(end, until),
      wall: end - begin,
      interrupted: signals.interrupted,
      process: pid,
      peakMemory: Math.max(...peaks) || null,
      load,
      runtime: partOf(seen, 'runtime') ?? { name: 'other', version: '', path: target.command },
      deopts: partOf(seen, 'deopts'),
      warnings,
      missed: missed ? whyMissed(target, seen) : null,
    };
  } finally {
    figures?.stop();
    for (const instrument of instruments) instrument.leave();
  }
}

function start(target: Target, options: RunOptions, instruments: readonly Instrument[]): ChildProcess {
  const { args, environment } = instruments.reduce((prepared, instrument) => instrument.prepare(prepared), {
    args: target.args,
    environment: environmentOf(target, options.workingDirectory, process.env),
  });
  try {
    return spawn(target.command, args, {
      stdio: options.streams.stdio,
      cwd: target.kind === 'script' ? scriptFolder(options.workingDirectory) : options.workingDirectory,
      env: environment,
    });
  } catch (error) {
    throw startError(target, error);
  }
}

function startOf(child: ChildProcess, target: Target): Promise<number> {
  return new Promise((resolve, reject) => {
    if (child.pid !== undefined) return resolve(child.pid);
    child.once('error', (error) => reject(startError(target, error)));
  });
}

function startError(target: Target, cause: unknown): RecordError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const name = target.given[0] ?? target.command;
  if (code === 'ENOENT') {
    return new RecordError('TARGET_NOT_FOUND', `${name} cannot be started: what runs it does not exist.`, {
      cause,
    });
  }
  if (code === 'EACCES' || code === 'ENOEXEC') {
    return new RecordError('TARGET_NOT_EXECUTABLE', `${name} cannot be executed.`, { cause });
  }
  return new RecordError('START_FAILED', `${name} could not be started: ${String(cause)}`, { cause });
}

function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function reportProgress(
  begin: number,
  instruments: readonly Instrument[],
  onProgress: RunOptions['onProgress'],
): NodeJS.Timeout | undefined {
  if (onProgress === undefined) return undefined;
  const samples = () => instruments.reduce((sum, instrument) => sum + instrument.samples(), 0);
  return setInterval(() => onProgress(now() - begin, samples()), PROGRESS_TIME);
}

/** What the program has printed comes out; a daemon of its own that keeps the pipe is not waited for. */
async function lastOutput(child: ChildProcess, connected: Promise<void> | undefined): Promise<void> {
  if (connected === undefined) return;
  const timer = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, LAST_OUTPUT);
  await connected;
  clearTimeout(timer);
}

/** Children that the same signal or end reached are given a moment; daemons live on without us. */
async function lastLines(processes: readonly number[], root: number): Promise<void> {
  const others = processes.filter((pid) => pid !== root);
  for (const end = now() + LAST_LINES * 1e3; now() < end && others.some(isAlive);) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** CPU time of the processes that have ended since, `null` where the system does not tell. */
function usedSince(before: Microseconds | null): Microseconds | null {
  const after = childrenUsage();
  return before === null || after === null ? null : after - before;
}

/**
 * The kernel adds up, to a hundredth of a second, what all waited-for processes used: more than was seen of a
 * program that could not say at its end what it had used. It is the main thread's, as far as that can have run
 * since it was last looked at, unless other processes were about: then nobody knows whose it is, and it is a row
 * of its own, with 0 for a number.
 */
function completed(
  figures: readonly ThreadFigures[],
  pid: number,
  used: number | null,
  end: Microseconds,
): readonly ThreadFigures[] {
  const main = figures.find((each) => each.process === pid && each.tid === pid);
  const seen = figures.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
  const missing = used === null ? 0 : Math.max(used - seen, 0);
  if (main === undefined || missing === 0) return figures;
  const alone = figures.every((each) => each.process === pid && each.hadChildren !== true);
  const own = alone ? Math.min(missing, Math.max(end - main.last, 0)) : 0;
  const whole = figures.map((each) => (each === main ? { ...each, cpu: (each.cpu ?? 0) + own } : each));
  if (missing === own) return whole;
  const unknown = { queued: null, majorFaults: null, minorFaults: null };
  const { first } = main;
  return [
    ...whole,
    { process: 0, parent: pid, tid: 0, name: UNSEEN, first, last: end, cpu: missing - own, ...unknown },
  ];
}

/** Name of the row for processes and threads that began and ended between two looks. */
const UNSEEN = '(short-lived)';

/** What the first instrument that saw it has of one kind. */
function partOf<K extends 'python' | 'pythonCounts' | 'pythonMemory' | 'pythonMarks' | 'runtime' | 'deopts'>(
  seen: readonly Seen[],
  kind: K,
): NonNullable<Seen[K]> | null {
  return seen.map((each) => each[kind] ?? null).find((part) => part !== null) ?? null;
}

function whyMissed(target: Target, seen: readonly Seen[]): string {
  if (target.kind === 'script' || target.kind === 'command') return 'Neither Node nor Python ran here';
  return seen[0]?.missed ?? `Nothing measures ${target.command} here`;
}
