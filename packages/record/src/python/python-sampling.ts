import type { Instrument } from '../instrument.ts';
import { measuredProcesses } from './python-threads.ts';
import type { PythonSamplerOptions, RawPython } from './raw-python.ts';
import { startPythonSampler } from './start-python-sampler.ts';

/** Measures Python from outside, wherever it is below the program, which is started as it is without us. */
export async function pythonSampling(options: PythonSamplerOptions): Promise<Instrument> {
  const sampler = await startPythonSampler(options);
  return {
    folder: null,
    prepare: (start) => start,
    watch: (pid) => sampler.watch(pid),
    samples: () => sampler.progress().samples,
    async result(pid) {
      const python = await sampler.stop().catch((error: unknown) => failure(error));
      if (python instanceof Error) return { ...nothing, missed: `The sampler failed (${python.message})` };
      const found = measuredProcesses(python).length > 0;
      return {
        ...nothing,
        python,
        missed: found ? null : missedBy(python, pid),
        runtime: found ? runtimeOf(python, pid) : null,
      };
    },
    leave: () => void sampler.stop().catch(() => undefined),
  };
}

const nothing = { runtime: null, told: false, peakMemory: null, warnings: [] } as const;

function failure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function runtimeOf(python: RawPython, pid: number) {
  const measured = python.processes.filter((process) => process.measured);
  const main = measured.find((process) => process.pid === pid) ?? measured[0];
  if (main === undefined) return null;
  return { name: 'cpython', version: main.version, path: main.executable } as const;
}

function missedBy(python: RawPython, pid: number): string {
  const reason = python.processes.findLast((process) => process.pid === pid)?.reason ?? null;
  if (reason === null || reason.code === 'not-python') return 'No Python ran here';
  return reason.message.replace(/\.$/, '');
}
