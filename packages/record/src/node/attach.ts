import { readFileSync } from 'node:fs';
import os from 'node:os';
import { figuresSince } from '../figures-since.ts';
import { estimatedInfluence } from '../influence.ts';
import { isAlive } from '../is-alive.ts';
import { now } from '../now.ts';
import { ProcFigures } from '../proc-figures.ts';
import { RecordError, type Progress, type RawRecording, type Recording } from '../recording.ts';
import { revisionOf } from '../revision-of.ts';
import { assemble } from '../assemble.ts';
import { connectInspector, type InspectorClient } from './inspector-client.ts';
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
/** A program that is busy closes its inspector when it gets round to it, in milliseconds. */
const CLOSING = 2000;

/**
 * Measures the main thread of a running Node until Ctrl-C, the given time, or its end; then leaves, and the
 * program lives on.
 *
 * @throws {@link RecordError} `PROCESS_NOT_FOUND`, `PROCESS_NOT_NODE` or `ATTACH_FAILED`
 */
export async function attach(pid: number, options: AttachOptions): Promise<Recording> {
  const stop = stopAsked();
  try {
    return await attachUntil(stop, pid, options);
  } finally {
    stop.ignore();
  }
}

async function attachUntil(stop: Stop, pid: number, options: AttachOptions): Promise<Recording> {
  // Whoever runs a program needs none of what finds the one that runs already.
  const { openInspector } = await import('./inspector-port.ts');
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
    await sampleUntil(stop, client, interval, options, records);
    figures.look();
    const end = now();
    if (isAlive(pid)) records.push({ type: 'end', reason: 'detached', now: end, idle: null });
    raw = {
      threads: [{ start, records, ended: true }],
      python: null,
      figures: figuresSince(before, figures.figures),
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
  const profile = assemble(
    raw,
    {},
    {
      sources: options.sources,
      modes: { counts: false, waits: false, deopts: false, attached: true },
      influence: estimatedInfluence(raw),
      readText,
      agentFolder,
      revision: revisionOf(raw.workingDirectory),
    },
  );
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

/** Whether the user wants us to leave. */
interface Stop {
  readonly asked: boolean;
  /** Resolves after so many milliseconds, or as soon as we are asked to leave. */
  wait(milliseconds: number): Promise<void>;
  now(): void;
  ignore(): void;
}

/** Hears Ctrl-C from before the program's inspector is opened: who opens it has to close it. */
function stopAsked(): Stop {
  let asked = false;
  let wake = () => {};
  const now = () => {
    asked = true;
    wake();
  };
  process.on('SIGINT', now);
  process.on('SIGTERM', now);
  return {
    get asked() {
      return asked;
    },
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, asked ? 0 : Math.max(milliseconds, 0));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    now,
    ignore() {
      process.removeListener('SIGINT', now);
      process.removeListener('SIGTERM', now);
    },
  };
}

/** Pieces overlap, as those of the agent do: V8 never stops, and forgets nothing. */
async function sampleUntil(
  stop: Stop,
  client: InspectorClient,
  interval: number,
  options: AttachOptions,
  records: RawRecord[],
): Promise<void> {
  const began = now();
  let samples = 0;
  let pause = 0;
  const state = { gone: false };
  client.on('Profiler.consoleProfileFinished', (params) => {
    const { profile, title } = params as { profile: V8Profile; title?: string };
    if (title?.startsWith('whetstone ') !== true) return;
    samples += profile.samples?.length ?? 0;
    const piece: RawPiece = { type: 'piece', interval, pause, cpu: null, profile };
    records.push(piece);
  });
  const left = () => {
    state.gone = true;
    stop.now();
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
    for (let number = 0, last = false; !last && !state.gone; number++) {
      const rest = options.for === null ? PIECE : Math.min(PIECE, options.for - (now() - began) / 1e3);
      await stop.wait(rest);
      if (state.gone) break;
      last = stop.asked || rest < PIECE;
      const next = last ? '' : `console.profile('whetstone ${number + 1}');`;
      // The program stands still while it answers; the time until we have it is the most that can be said.
      const asked = now();
      await evaluate(client, `${next}console.profileEnd('whetstone ${number}')`);
      pause = now() - asked;
      options.onProgress?.({ elapsed: now() - began, samples, stage: 'measuring' });
    }
  } catch (cause) {
    // The program ended meanwhile: what was taken until then is reported.
    await new Promise((resolve) => setTimeout(resolve, LAST_WORD));
    if (!state.gone) throw cause;
  }
}

/**
 * The port that our signal opened is closed again, by the program: where both sides close the connection at
 * once, Node uses memory that it has freed (`WsHandler::OnCloseFrameWritten`), and the program dies. One that
 * does not get round to it in time closes the port later, when we are long gone.
 */
async function closeInspector(client: InspectorClient): Promise<void> {
  const closing = `globalThis[Symbol.for('@whetstone/closing')]`;
  try {
    await client.post('Profiler.disable');
    await evaluate(client, `${closing} = setImmediate(() => { delete ${closing}; process._debugEnd(); }), 0`);
    if (await within(CLOSING, client.closed)) return;
    await evaluate(
      client,
      `clearImmediate(${closing}); delete ${closing};
      setTimeout(() => process._debugEnd(), ${CLOSING}).unref(), 0`,
    );
  } catch {
    // The way to the program closed with it, or before its answer came.
  }
}

/** Whether a promise has settled before so many milliseconds are over. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const settled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return settled;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
