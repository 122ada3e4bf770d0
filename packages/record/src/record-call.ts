import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Profile, ProfileWarning } from '@whetstone/profile';
import { assemble } from './assemble.ts';
import { now } from './now.ts';
import type { RawEnd, RawPiece, RawStart, V8Profile } from './node/raw.ts';

/** Microseconds: fine enough for a call of some milliseconds. */
const interval = 250;

/** What sampling at this interval was seen to cost, over programs of several kinds; this call may differ. */
const usualInfluence = { value: 1.15, low: 1, high: 1.25 };

const limits: readonly ProfileWarning[] = [
  {
    code: 'one-thread',
    message:
      'Measured from inside: this thread alone, without named waits and counts. whetstone run sees all.',
  },
];

/** Measures one call in this thread, by V8's sampler, and returns what it returned with the profile of it. */
export async function recordCall<T>(
  work: () => T | PromiseLike<T>,
  { workingDirectory, thread }: { workingDirectory: string; thread: number },
): Promise<{ value: Awaited<T>; profile: Profile }> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval });
    const started = new Date();
    await session.post('Profiler.start');
    const before = threadFigures();
    const loop = performance.eventLoopUtilization();
    const begin = now();
    const value = await work();
    const end = now();
    const { idle } = performance.eventLoopUtilization(loop);
    const after = threadFigures();
    const spent = (key: 'cpu' | 'queued') =>
      before === null || after === null ? null : after[key] - before[key];
    const { profile } = (await session.post('Profiler.stop')) as unknown as { profile: V8Profile };
    const pause = now() - end;
    const start: RawStart = {
      type: 'start',
      pid: process.pid,
      ppid: process.ppid,
      threadId: thread,
      // Joins the figures below, which are this thread's, in a worker as well.
      tid: process.pid,
      name: process.argv[1] ?? 'node',
      argv: process.argv,
      execArgv: process.execArgv,
      execPath: process.execPath,
      version: process.version,
      workingDirectory,
      epoch: started.getTime(),
      now: begin,
      began: begin,
      pass: 'time',
    };
    const piece: RawPiece = { type: 'piece', interval, pause, cpu: spent('cpu'), profile };
    const last: RawEnd = { type: 'end', reason: 'exit', now: end, idle: idle * 1000 };
    return {
      value,
      profile: assemble(
        {
          threads: [{ start, records: [start, piece, last], ended: true }],
          python: null,
          figures: [
            {
              process: process.pid,
              parent: process.ppid,
              tid: process.pid,
              name: start.name,
              first: begin,
              last: end,
              cpu: spent('cpu'),
              queued: spent('queued'),
              majorFaults: null,
              minorFaults: null,
            },
          ],
          command: process.argv,
          workingDirectory,
          // The program goes on.
          exit: { code: null, signal: null },
          started: started.toISOString(),
          begin,
          end,
          process: process.pid,
          peakMemory: null,
          load: os.loadavg()[0] ?? null,
          runtime: { name: 'node', version: process.versions.node, path: process.execPath },
          deopts: null,
          warnings: limits,
        },
        {},
        {
          sources: true,
          modes: { counts: false, waits: false, deopts: false, attached: false },
          influence: { ...usualInfluence, kind: 'estimated', longestPause: pause, pauses: pause },
          readText,
          agentFolder: import.meta.dirname,
          revision: null,
        },
      ),
    };
  } finally {
    session.disconnect();
  }
}

/** CPU time and waiting for a core of the calling thread, in microseconds; `null` where the system does not tell. */
function threadFigures(): { cpu: number; queued: number } | null {
  try {
    const [cpu = 0, queued = 0] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number);
    return { cpu: cpu / 1000, queued: queued / 1000 };
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
