import type { Instrument } from '../instrument.ts';
import type { RawRecording } from '../recording.ts';
import type { PythonIdentity } from './python-identity.ts';
import { measuredProcesses } from './python-threads.ts';
import type { RawPython } from './raw-python.ts';
import { startPythonSampler } from './start-python-sampler.ts';

/** How closely one looks, and for how long. */
export interface TimedOptions {
  /** Mean time between two looks, in microseconds. */
  readonly interval: number;
  /** Measuring ends after so many milliseconds, `null` for the program's end. */
  readonly for: number | null;
}

/**
 * Measures Python from outside, wherever it is below the program, which is started as it is without us.
 *
 * @param identity what the program's own interpreter said of itself, if it was asked
 */
export async function pythonSampling(
  options: TimedOptions,
  identity: PythonIdentity | null = null,
): Promise<Instrument> {
  const { interval } = options;
  const sampler = await startPythonSampler({ interval, until: Infinity, isPython: identity !== null });
  let timer: NodeJS.Timeout | undefined;
  return {
    folder: null,
    prepare: (start) => start,
    watch(pid) {
      sampler.watch(pid);
      if (options.for !== null) timer = setTimeout(() => void sampler.stop().catch(failure), options.for);
    },
    samples: () => sampler.progress().samples,
    async result(pid) {
      const python = await sampler.stop().catch(failure);
      if (python instanceof Error)
        return { ...nothingSeen, missed: `The sampler failed (${python.message})` };
      const found = measuredProcesses(python).length > 0;
      return {
        ...nothingSeen,
        python,
        missed: found ? null : missedBy(python, pid),
        runtime: identity === null ? runtimeOf(python, pid) : runtimeOfIdentity(identity),
      };
    },
    leave() {
      clearTimeout(timer);
      void sampler.stop().catch(failure);
    },
  };
}

/** What an instrument says that saw nothing. */
export const nothingSeen = { runtime: null, told: false, peakMemory: null, warnings: [] } as const;

function failure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function runtimeOf(python: RawPython, pid: number): RawRecording['runtime'] | null {
  const measured = python.processes.filter((process) => process.measured);
  const main = measured.find((process) => process.pid === pid) ?? measured[0];
  if (main === undefined) return null;
  return { name: 'cpython', version: main.version, path: main.executable };
}

/** What an interpreter that was asked runs as. */
export function runtimeOfIdentity({ name, version, executable }: PythonIdentity): RawRecording['runtime'] {
  return { name, version, path: executable };
}

function missedBy(python: RawPython, pid: number): string {
  const reason = python.processes.findLast((process) => process.pid === pid)?.reason ?? null;
  if (reason === null || reason.code === 'not-python') return 'No Python ran here';
  return reason.message.replace(/\.$/, '');
}
