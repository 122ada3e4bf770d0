import { readFileSync } from 'node:fs';
import os from 'node:os';
import { estimatedInfluence } from '../influence.ts';
import { isAlive } from '../is-alive.ts';
import { now } from '../now.ts';
import { ProcFigures } from '../proc-figures.ts';
import { RecordError, type Progress, type RawRecording, type Recording } from '../recording.ts';
import { revisionOf } from '../revision-of.ts';
import { assemble } from './assemble.ts';
import { connectInspector, type InspectorClient } from './inspector-client.ts';
import { openInspector } from './inspector-port.ts';
import type { RawPiece, RawRecord, RawStart, V8Profile } from './raw.ts';
import { agentFolder } from './start-node.ts';

export interface AttachOptions {
  /** Microseconds between samples; `null`: 1 ms. */
  readonly interval: number | null;
  /** Ends the measuring after so many milliseconds; `null`: at Ctrl-C, or at the program's end. */
  readonly for: number | null;
  /** Keep the sources' text in the profile. */
  readonly sources: boolean;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const USUAL_INTERVAL = 1000;
/** A program that could not answer says within so many milliseconds that it is ending. */
const LAST_WORD = 300;
/** What is lost if the program is killed, in milliseconds. */
const PIECE = 1000;

/**
 * Measures the main thread of a running Node until Ctrl-C, the given time, or its end; then leaves, and the
 * program lives on.
 *
 * @throws {@link RecordError} `PROCESS_NOT_FOUND`, `PROCESS_NOT_NODE` or `ATTACH_FAILED`
 */
export async function attach(pid: number, options: AttachOptions): Promise<Recording> {
  const { url, wasOpen } = await openInspector(pid);
  const client = await connect(url, pid);
  const load = os.loadavg()[0] ?? null;
  const started = new Date().toISOString();
  const interval = options.interval ?? USUAL_INTERVAL;
  const figures = new ProcFigures(pid, Infinity);
  let raw: RawRecording;
  try {
    const begin = now();
    const start = await describe(client, pid);
    const records: RawRecord[] = [start, { type: 'note', code: 'first-line', message: '', time: start.now }];
    const before = figures.figures;
    await sampleUntil(client, interval, options, records);
    figures.look();
    const end = now();
    if (isAlive(pid)) records.push({ type: 'end', reason: 'detached', now: end, idle: null });
    raw = {
      threads: [{ start, records, ended: true }],
      figures: since(before, figures.figures),
      command: start.argv,
      workingDirectory: start.workingDirectory,
      exit: { code: null, signal: null },
      started,
      begin,
      end,
      process: pid,
      peakMemory: figures.peakMemory,
      load,
      runtime: { name: 'node', version: start.version, path: start.execPath },
      deopts: null,
      warnings: [
        {
          code: 'attached-late',
          message:
            'Attached to a running program: lines are coarse in code that was optimised before, and waits, counts and worker threads are not seen.',
        },
      ],
    };
  } finally {
    figures.stop();
    if (!wasOpen && isAlive(pid)) await closeInspector(client);
    client.close();
  }
  const profile = assemble(raw, null, {
    sources: options.sources,
    modes: { counts: false, waits: false, deopts: false, attached: true },
    influence: estimatedInfluence(raw),
    readText,
    agentFolder,
    revision: revisionOf(raw.workingDirectory),
  });
  return { profile, exit: { code: null, signal: null } };
}

async function connect(url: string, pid: number): Promise<InspectorClient> {
  try {
    return await connectInspector(url);
  } catch (cause) {
    throw new RecordError('ATTACH_FAILED', `Process ${pid} closed its inspector at once.`, { cause });
  }
}

/** What the agent would have written, had it been there from the start. */
async function describe(client: InspectorClient, pid: number): Promise<RawStart> {
  const expression = `(${inside.toString()})()`;
  const answer = await evaluate(client, expression);
  const told = answer as Omit<RawStart, 'type' | 'pid' | 'threadId' | 'tid' | 'began' | 'pass'>;
  // For us it begins now: what was before is not in the figures.
  return { type: 'start', pid, threadId: 0, tid: pid, pass: 'time', began: told.now, ...told };
}

/** Runs in the program: its text alone goes there. */
function inside(): object {
  const time = process.hrtime();
  return {
    ppid: process.ppid,
    name: process.argv[1] ?? '',
    argv: process.argv,
    execArgv: process.execArgv,
    execPath: process.execPath,
    version: process.version,
    workingDirectory: process.cwd(),
    epoch: Date.now(),
    now: time[0] * 1e6 + time[1] / 1e3,
  };
}

async function evaluate(client: InspectorClient, expression: string): Promise<unknown> {
  const answer = (await client.post('Runtime.evaluate', {
    expression,
    returnByValue: true,
    silent: true,
  })) as {
    result: { value?: unknown };
  };
  return answer.result.value;
}

/** Pieces overlap, as those of the agent do: V8 never stops, and forgets nothing. */
async function sampleUntil(
  client: InspectorClient,
  interval: number,
  options: AttachOptions,
  records: RawRecord[],
): Promise<void> {
  const began = now();
  let samples = 0;
  const state = { stopped: false, gone: false };
  let wake = () => {};
  const stop = () => {
    state.stopped = true;
    wake();
  };
  client.on('Profiler.consoleProfileFinished', (params) => {
    const { profile, title } = params as { profile: V8Profile; title?: string };
    if (title?.startsWith('whetstone ') !== true) return;
    samples += profile.samples?.length ?? 0;
    const piece: RawPiece = { type: 'piece', interval, pause, cpu: null, profile };
    records.push(piece);
  });
  let pause = 0;
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const left = () => {
    state.gone = true;
    stop();
  };
  void client.closed.then(left);
  // A program that ends waits until we have left; it can answer nothing more.
  client.on('NodeRuntime.waitingForDisconnect', left);
  try {
    await client.post('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
    await client.post('Profiler.enable');
    await client.post('Profiler.setSamplingInterval', { interval });
    await evaluate(client, `console.profile('whetstone 0')`);
    // What was optimised before has no names and lines for the profiler. Turning on precise coverage throws
    // all of it away, and what is compiled from now on has them.
    await client.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await client.post('Profiler.stopPreciseCoverage');
    for (let number = 0; !state.stopped; number++) {
      const rest = options.for === null ? PIECE : Math.min(PIECE, options.for - (now() - began) / 1e3);
      if (rest > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, rest);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (state.gone) break;
      const last = state.stopped || rest < PIECE;
      const next = last ? '' : `console.profile('whetstone ${number + 1}');`;
      // The program stands still while it answers; the time until we have it is the most that can be said.
      const asked = now();
      await evaluate(client, `${next}console.profileEnd('whetstone ${number}')`);
      pause = now() - asked;
      options.onProgress?.({ elapsed: now() - began, samples, stage: 'measuring' });
      if (last) break;
    }
  } catch (cause) {
    // The program ended meanwhile: what was taken until then is reported.
    await new Promise((resolve) => setTimeout(resolve, LAST_WORD));
    if (!state.gone) throw cause;
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** The port that our signal opened is closed again; the answer may not come, as its way closes too. */
async function closeInspector(client: InspectorClient): Promise<void> {
  const expression = `setImmediate(() => process._debugEnd())`;
  await Promise.race([
    client
      .post('Profiler.disable')
      .then(() => evaluate(client, expression))
      .catch(() => {}),
    new Promise((resolve) => setTimeout(resolve, 1000)),
  ]);
}

/** Only what the threads used while we looked. */
function since(before: RawRecording['figures'], after: RawRecording['figures']): RawRecording['figures'] {
  const earlier = new Map(before.map((figures) => [`${figures.process}/${figures.tid}`, figures]));
  const less = (a: number | null, b: number | null | undefined) => (a === null ? null : a - (b ?? 0));
  return after.map((figures) => {
    const then = earlier.get(`${figures.process}/${figures.tid}`);
    return {
      ...figures,
      cpu: less(figures.cpu, then?.cpu),
      queued: less(figures.queued, then?.queued),
      majorFaults: less(figures.majorFaults, then?.majorFaults),
      minorFaults: less(figures.minorFaults, then?.minorFaults),
    };
  });
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
