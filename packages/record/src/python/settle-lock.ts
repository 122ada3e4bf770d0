import { opcodeClass } from './opcode-classes.ts';
import { pythonStates, type RawPython } from './raw-python.ts';

const lock = pythonStates.indexOf('lock');
const native = pythonStates.indexOf('native');

/**
 * Counts what a thread does between two waits for the interpreter's lock as waiting for it.
 *
 * A thread that waits wakes every few milliseconds to ask for the lock, and stands in the queue for a core
 * each time: seen from outside it runs, and does not hold the lock. Native code looks the same, but an
 * instruction that calls has called it.
 *
 * @param rows of the samples of each thread, in time order
 */
export function settleLock(python: RawPython, rows: readonly (readonly number[])[]): RawPython {
  const { samples, threads, processes } = python;
  const state = samples.state.slice();
  for (const own of rows) {
    const waits = (row: number | undefined, stack: number) =>
      row !== undefined && samples.state[row] === lock && samples.stack[row] === stack;
    for (const [i, row] of own.entries()) {
      const stack = samples.stack[row] as number;
      if (samples.state[row] !== native || stack < 0) continue;
      if (!waits(own[i - 1], stack) && !waits(own[i + 1], stack)) continue;
      const version = processes[threads[samples.thread[row] as number]?.process ?? -1]?.version ?? '';
      const name = opcodeClass(version, samples.opcode[row] as number)?.name;
      if (name !== undefined && !/^(?:INSTRUMENTED_)?(?:PRE)?CALL/.test(name)) state[row] = lock;
    }
  }
  return { ...python, samples: { ...samples, state } };
}
