import type { Instrument, Seen } from '../instrument.ts';
import { makeTemporaryFolder, removeFolder } from '../temporary-folders.ts';
import { now } from '../now.ts';
import { pythonAgentEnvironment, readPythonAgent } from './agent-sampler.ts';
import { pythonCountsEnvironment, readPythonCounts, type PythonCountsOptions } from './counts.ts';
import { pythonMemoryEnvironment, readPythonMemory } from './memory.ts';
import type { PythonIdentity } from './python-identity.ts';
import { runtimeOfIdentity, type TimedOptions } from './python-sampling.ts';

/** Counts calls, and the lines of some functions, from inside the Pythons of a run. */
export function pythonCounting(options: PythonCountsOptions): Instrument {
  return pass(
    (folder, environment) => pythonCountsEnvironment(folder, environment, options),
    (folder) => {
      const pythonCounts = readPythonCounts(folder);
      return { pythonCounts, reached: pythonCounts.processes.length > 0 };
    },
  );
}

/** Traces what lines allocate, from inside the Pythons of a run. */
export function pythonMemoryTracing(): Instrument {
  return pass(pythonMemoryEnvironment, (folder) => {
    const pythonMemory = readPythonMemory(folder);
    return { pythonMemory, reached: pythonMemory.processes.length > 0 };
  });
}

/** Samples functions from inside, where a program cannot be read from outside. */
export function pythonInside(
  options: TimedOptions,
  identity: PythonIdentity,
  refusal: NonNullable<PythonIdentity['refusal']>,
): Instrument {
  const { interval } = options;
  const until = () => (options.for === null ? null : now() + options.for * 1e3);
  return pass(
    (folder, environment) => pythonAgentEnvironment(folder, environment, { interval, until: until() }),
    (folder) => {
      const python = readPythonAgent(folder, { interval, until: null });
      const message = `${refusal.message}: it was measured from inside instead.`;
      return {
        python,
        runtime: runtimeOfIdentity(identity),
        warnings: [{ code: 'measured-inside', message }],
        reached: python.processes.length > 0,
      };
    },
  );
}

/** A run with an agent inside that leaves files in a folder. */
function pass(
  environmentOf: (folder: string, environment: NodeJS.ProcessEnv) => NodeJS.ProcessEnv,
  read: (folder: string) => Partial<Seen> & { readonly reached: boolean },
): Instrument {
  const folder = makeTemporaryFolder();
  return {
    folder: null,
    prepare: ({ args, environment }) => ({ args, environment: environmentOf(folder, environment) }),
    watch() {},
    samples: () => 0,
    async result() {
      const { reached, ...figures } = read(folder);
      return {
        missed: reached
          ? null
          : 'The agent did not get into a Python: the program has none, or it was started with -I, -E or -S',
        runtime: null,
        told: false,
        peakMemory: null,
        warnings: [],
        ...figures,
      };
    },
    leave: () => removeFolder(folder),
  };
}
