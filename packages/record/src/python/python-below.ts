import type { Instrument } from '../instrument.ts';
import { now } from '../now.ts';
import { executableOf } from './interpreter-find.ts';
import { withDescendants } from './process-tree.ts';
import { isPythonName } from './python-name.ts';
import { nothingSeen, pythonSampling, type TimedOptions } from './python-sampling.ts';

/** Between two looks at what a program has started, in milliseconds: a Python that ends sooner is not measured. */
const LOOK = 50;

/** Measures the Pythons that a Node starts: the sampler begins when the first of them has begun. */
export function pythonBelow(options: TimedOptions): Instrument {
  let timer: NodeJS.Timeout | undefined;
  let sampling: Promise<Instrument> | null = null;
  let sampler: Instrument | null = null;
  return {
    folder: null,
    prepare: (start) => start,
    watch(pid) {
      const began = now();
      timer = setInterval(() => {
        const left = options.for === null ? null : options.for - (now() - began) / 1e3;
        if (left !== null && left <= 0) return clearInterval(timer);
        if (!hasPythonBelow(pid)) return;
        clearInterval(timer);
        sampling = pythonSampling({ ...options, for: left }).then((started) => {
          sampler = started;
          started.watch(pid);
          return started;
        });
        sampling.catch(() => undefined);
      }, LOOK).unref();
    },
    samples: () => sampler?.samples() ?? 0,
    async result(pid, figures) {
      clearInterval(timer);
      if (sampling === null) return { ...nothingSeen, missed: 'No Python ran here' };
      return await (await sampling).result(pid, figures);
    },
    leave() {
      clearInterval(timer);
      sampler?.leave();
    },
  };
}

function hasPythonBelow(root: number): boolean {
  return withDescendants(root).some((pid) => pid !== root && isPythonName(executableOf(pid)));
}
