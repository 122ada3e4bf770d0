import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { assemble } from '../assemble.ts';
import { estimatedInfluence } from '../influence.ts';
import { figuresSince } from '../figures-since.ts';
import type { AttachOptions } from '../node/attach.ts';
import { now } from '../now.ts';
import { ProcFigures } from '../proc-figures.ts';
import { RecordError, type RawRecording, type Recording } from '../recording.ts';
import { revisionOf } from '../revision-of.ts';
import { cellsOf } from './agent-cells.ts';
import { cutToCell } from './cut-to-cell.ts';
import { isPythonName } from './python-name.ts';
import { measuredProcesses } from './python-threads.ts';
import { pythonRefusal } from './python-identity.ts';
import type { PythonRefusal, PythonSampler, RawPython } from './raw-python.ts';
import { startPythonSampler } from './start-python-sampler.ts';

const USUAL_INTERVAL = 1000;
/** Between two looks at whether the program still runs, in milliseconds. */
const LOOK = 100;

/**
 * Measures a running Python with its children until Ctrl-C, the given time, or its end, from outside: the
 * program is not touched.
 *
 * @returns `null` for a process that is no Python
 * @throws {@link RecordError} `PROCESS_NOT_FOUND` or `ATTACH_FAILED`
 */
export async function attachPython(pid: number, options: AttachOptions): Promise<Recording | null> {
  if (!isPython(pid)) return null;
  const refusal = pythonRefusal(pid);
  if (refusal !== null) throw refused(pid, refusal);
  const stop = untilStopped(options.for);
  const cells = cellsOf(process.env);
  const load = os.loadavg()[0] ?? null;
  const started = new Date().toISOString();
  const interval = options.interval ?? USUAL_INTERVAL;
  const sampler = await startPythonSampler({ interval, until: Infinity, isPython: true });
  const figures = new ProcFigures(pid, Infinity);
  const before = figures.figures;
  const begin = now();
  let python: RawPython;
  try {
    sampler.watch(pid);
    if (cells !== null) await untilAttached(stop, sampler);
    cells?.ready();
    await stopOrOver(stop, sampler, () =>
      options.onProgress?.({
        elapsed: now() - begin,
        samples: sampler.progress().samples,
        stage: 'measuring',
      }),
    );
  } finally {
    stop.ignore();
    python = await sampler.stop();
    figures.look();
    figures.stop();
  }
  const itself = python.processes.findLast((process) => process.pid === pid);
  if (itself === undefined || !measuredProcesses(python).includes(pid))
    throw refused(pid, itself?.reason ?? null);
  const whole: RawRecording = {
    threads: [],
    // What the system tells of a thread counts from its start; here it counts from ours.
    python: { ...python, threads: python.threads.map((each) => ({ ...each, cpu: null, queued: null })) },
    // A kernel that measures itself has started us: we are no part of it.
    figures: figuresSince(before, figures.figures).filter((each) => each.process !== process.pid),
    command: itself.command,
    workingDirectory: link(`/proc/${pid}/cwd`) ?? process.cwd(),
    exit: { code: null, signal: null },
    started,
    begin,
    end: now(),
    process: pid,
    peakMemory: figures.peakMemory,
    load,
    runtime: { name: 'cpython', version: itself.version, path: itself.executable },
    deopts: null,
    pythonMarks: cells?.marks(pid) ?? null,
    warnings:
      cells === null
        ? [
            {
              code: 'attached-late',
              message: 'Attached to a running program: what it did before, and counts, are not seen.',
            },
          ]
        : [],
  };
  const raw = cells === null ? whole : cutToCell(whole, cells.runs(), cells.file());
  const profile = assemble(
    raw,
    {},
    {
      sources: options.sources,
      modes: { counts: false, waits: true, deopts: false, attached: true },
      influence: estimatedInfluence(raw),
      readText: (file) => cells?.textOf(file) ?? readText(file),
      agentFolder: [],
      revision: revisionOf(raw.workingDirectory),
    },
  );
  return { profile, exit: { code: null, signal: null } };
}

function isPython(pid: number): boolean {
  const executable = link(`/proc/${pid}/exe`);
  if (executable === null) return false;
  return (
    isPythonName(executable.replace(/ \(deleted\)$/, '')) ||
    /\/libpython[\d.]+\w*\.so/.test(text(`/proc/${pid}/maps`))
  );
}

interface Stop {
  readonly asked: boolean;
  /** Resolves when it is asked for. */
  readonly request: Promise<void>;
  ignore(): void;
}

/** Hears Ctrl-C from the beginning on. */
function untilStopped(milliseconds: number | null): Stop {
  const state = { asked: false };
  let stop = () => {};
  const request = new Promise<void>((resolve) => {
    stop = () => {
      state.asked = true;
      resolve();
    };
  });
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const timer = milliseconds === null ? undefined : setTimeout(stop, milliseconds);
  return {
    get asked() {
      return state.asked;
    },
    request,
    ignore() {
      clearTimeout(timer);
      process.removeListener('SIGINT', stop);
      process.removeListener('SIGTERM', stop);
    },
  };
}

async function stopOrOver(stop: Stop, sampler: PythonSampler, look: () => void): Promise<void> {
  while (!stop.asked && !sampler.progress().over) {
    await Promise.race([stop.request, new Promise((resolve) => setTimeout(resolve, LOOK))]);
    look();
  }
}

/** A cell that takes a few milliseconds must not begin before. */
async function untilAttached(stop: Stop, sampler: PythonSampler): Promise<void> {
  while (!stop.asked && !sampler.progress().over && sampler.progress().samples === 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function refused(
  pid: number,
  reason: { readonly code: PythonRefusal; readonly message: string } | null,
): RecordError {
  const advice =
    reason?.code === 'forbidden'
      ? ' Its own user may where the system allows it (kernel.yama.ptrace_scope), and root.'
      : reason === null
        ? ''
        : ' Start the program with whetstone run, which measures it from inside.';
  return new RecordError(
    'ATTACH_FAILED',
    `Process ${pid} cannot be measured. ${reason?.message ?? 'It ended'}.${advice}`,
  );
}

function link(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
