import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './is-alive.ts';
import { passSignals } from './pass-signals.ts';
import { makeAgentFolder, withAgent, type AgentFolder } from './node/start-node.ts';
import { RawFolder } from './node/raw-folder.ts';
import { now } from './now.ts';
import { ProcFigures } from './proc-figures.ts';
import { childrenUsage } from './children-usage.ts';
import {
  RecordError,
  type RawRecording,
  type RawThread,
  type Target,
  type ThreadFigures,
} from './recording.ts';
import { readsNoAgent } from './reads-no-agent.ts';
import { samplesIn } from './samples-in.ts';
import type { Streams } from './streams.ts';
import { leaveFolder } from './temporary-folders.ts';
import { scriptEnvironment, scriptFolder } from './resolve-target.ts';

export interface RunOptions {
  readonly pass: 'time' | 'counts';
  readonly workingDirectory: string;
  readonly interval: number | null;
  readonly for: number | null;
  readonly waits: boolean;
  readonly deopts: boolean;
  readonly cacheFolder: string;
  /** How the program's streams are connected: with the caller's own, or by the caller. */
  readonly streams: Streams;
  readonly onProgress?: ((elapsed: number, samples: number) => void) | undefined;
}

/** Between two reports of progress, in milliseconds. */
const PROGRESS_TIME = 250;
/** Between two looks at what the agents have written, in milliseconds: the less is left to read at the end. */
const READING_TIME = 500;
/** Output that is still on its way after the end gets so long, in milliseconds. */
const LAST_OUTPUT = 2000;
/** Processes of the tree that end together with the main one get so long to write their last lines, in milliseconds. */
const LAST_LINES = 400;

/**
 * Runs the program once with the agent inside and the operating system watched from outside.
 *
 * @throws {@link RecordError} `START_FAILED`, `TARGET_NOT_FOUND` or `TARGET_NOT_EXECUTABLE` if it does not start
 */
export async function runProgram(target: Target, options: RunOptions): Promise<RawRecording> {
  const started = new Date().toISOString();
  const load = process.platform === 'win32' ? null : (os.loadavg()[0] ?? null);
  const usageBefore = childrenUsage();
  const startedAt = now();
  const until = options.for === null ? null : startedAt + options.for * 1e3;
  const agent = makeAgentFolder({ ...options, until });
  const deoptLog = path.join(agent.folder, 'deopts.log');
  let figures: ProcFigures | undefined;
  try {
    const begin = now();
    const reason = readsNoAgent(target, process.env);
    const child = start(target, options, reason === null ? agent : null, deoptLog);
    const connected = options.streams.connect?.(child);
    const pid = await startOf(child, target);
    figures = new ProcFigures(pid, until ?? Infinity);
    const signals = passSignals(child, agent.folder, figures);
    const written = new RawFolder(agent.folder);
    const reading = setInterval(() => written.look(), READING_TIME);
    const progress = reportProgress(begin, agent.folder, options.onProgress);
    const exit = await endOf(child);
    const end = now();
    clearInterval(reading);
    clearInterval(progress);
    signals.stop();
    figures.look();
    figures.stop();
    await lastOutput(child, connected);
    await lastLines(figures.processes, pid);

    const threads = written.threads(pid);
    for (const thread of threads) addOwnFigures(figures, thread);
    const usage = childrenUsage();
    const main = threads.find(({ start: { pid: of, threadId } }) => of === pid && threadId === 0);
    const warnings: { code: string; message: string }[] = [];
    if (threads.length === 0) warnings.push(notInside(target, reason));
    if (signals.rescued.size > 0)
      warnings.push({
        code: 'rescued',
        message: `The program did not answer ${[...signals.rescued].join(', ')}: what it had measured was saved, and the signal ended it.`,
      });
    return {
      threads,
      figures: completed(figures, pid, until !== null || main?.ended === true, usageBefore, usage),
      command: target.given,
      workingDirectory: options.workingDirectory,
      exit: signals.replaced === null ? exit : { code: null, signal: signals.replaced },
      started,
      begin,
      end: until === null ? end : Math.min(end, until),
      process: pid,
      peakMemory: peakOf(figures, threads),
      load,
      runtime: runtimeOf(target, main ?? threads[0]),
      deopts: options.deopts && existsSync(deoptLog) ? readFileSync(deoptLog, 'utf8') : null,
      warnings,
    };
  } finally {
    figures?.stop();
    leaveFolder(agent.folder, agent.preload);
  }
}

function start(
  target: Target,
  options: RunOptions,
  agent: AgentFolder | null,
  deoptLog: string,
): ChildProcess {
  const environment =
    target.kind === 'script' ? scriptEnvironment(target, options.workingDirectory, process.env) : process.env;
  const args =
    options.deopts && target.kind === 'node'
      ? [
          // `--log-deopt` is silent while the profiler runs. The traces have the place too, once they are
          // verbose; they go to stdout unless they are told a file, and a device will not do.
          '--trace-deopt',
          '--trace-deopt-verbose',
          '--redirect-code-traces',
          `--redirect-code-traces-to=${deoptLog}`,
          ...target.args,
        ]
      : [...target.args];
  try {
    return spawn(target.command, args, {
      stdio: options.streams.stdio,
      cwd: target.kind === 'script' ? scriptFolder(options.workingDirectory) : options.workingDirectory,
      env: agent === null ? environment : withAgent(environment, agent.preload),
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
  folder: string,
  onProgress: RunOptions['onProgress'],
): NodeJS.Timeout | undefined {
  if (onProgress === undefined) return undefined;
  return setInterval(() => onProgress(now() - begin, samplesIn(folder)), PROGRESS_TIME);
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

function addOwnFigures(figures: ProcFigures, { start: { pid }, records }: RawThread): void {
  for (const record of records) {
    if (record.type !== 'end') continue;
    for (const [tid, cpu, queued] of record.threads ?? []) figures.add(pid, tid, cpu, queued, record.now);
  }
}

/**
 * The kernel adds up, to a hundredth of a second, what all waited-for processes used: more than was seen of a
 * program that could not say at its end what it had used.
 */
function completed(
  figures: ProcFigures,
  pid: number,
  told: boolean,
  before: number | null,
  after: number | null,
): ThreadFigures[] {
  const seen = figures.figures.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
  const missing = told || before === null || after === null ? 0 : Math.max(after - before - seen, 0);
  return figures.figures.map((each) =>
    each.process === pid && each.tid === pid ? { ...each, cpu: (each.cpu ?? 0) + missing } : each,
  );
}

function peakOf(figures: ProcFigures, threads: readonly RawThread[]): number | null {
  const own = threads.flatMap(({ records }) =>
    records.map((record) => (record.type === 'end' ? (record.usage?.peak ?? 0) : 0)),
  );
  const peak = Math.max(figures.peakMemory ?? 0, ...own);
  return peak === 0 ? null : peak;
}

function runtimeOf(target: Target, main: RawThread | undefined): RawRecording['runtime'] {
  if (main !== undefined) return { name: 'node', version: main.start.version, path: main.start.execPath };
  return { name: 'other', version: '', path: target.command };
}

function notInside(target: Target, reason: string | null): { code: string; message: string } {
  const why =
    reason ??
    (target.kind === 'node'
      ? 'The recorder did not get into the program: it ended before its first line, or Node was told to ignore NODE_OPTIONS'
      : 'No Node ran here');
  return {
    code: 'only-operating-system',
    message: `${why}: wall, CPU and memory are the operating system’s, and that is all.`,
  };
}
