import type { Microseconds } from '@whetstone/profile';
import { now } from '../now.ts';
import { executableOf, findInterpreter } from './interpreter-find.ts';
import { ProcessMemory } from './process-memory.ts';
import { NewTasks, withDescendants } from './process-tree.ts';
import { isPythonName } from './python-name.ts';
import type { SamplerProgress } from './sampler-progress.ts';

/** Between two looks: at first, and at most. A Python that ends sooner is not measured. */
const SHORTEST_LOOK: Microseconds = 10_000;
const LONGEST_LOOK: Microseconds = 50_000;
/** As a part of how long it has waited; and so many times longer than a look took, for there may be many processes. */
const LOOK_PER_AGE = 1 / 20;
const LOOK_SHARE = 30;
/** Between two searches for processes where none has begun: one may be adopted. */
const LONGEST_SEARCH: Microseconds = 100_000;
/** Between two searches for an interpreter that a program has loaded: as long as it has run, and at most. */
const LONGEST_AGE: Microseconds = 500_000;

/** A program that may turn out to be an interpreter. */
interface Program {
  readonly executable: string;
  readonly born: Microseconds;
  nextSearch: Microseconds;
}

/**
 * Waits until a process or a descendant of it runs an interpreter: to look at what is none, as closely as at one,
 * would take a tenth of a core from the program.
 *
 * @returns `false` where measuring has ended before
 */
export function awaitPython(root: number, progress: SamplerProgress): boolean {
  const programs = new Map<number, Program>();
  const newTasks = new NewTasks();
  const began = now();
  let searched = -Infinity;
  try {
    for (;;) {
      const moment = now();
      if (newTasks.any || moment - searched >= LONGEST_SEARCH) {
        searched = moment;
        for (const pid of withDescendants(root))
          if (!programs.has(pid)) programs.set(pid, programOf(pid, moment));
      }
      for (const pid of programs.keys()) if (isInterpreter(pid, programs, moment)) return true;
      const pause = Math.min(Math.max((moment - began) * LOOK_PER_AGE, SHORTEST_LOOK), LONGEST_LOOK);
      if (!progress.sleep(Math.max(pause, (now() - moment) * LOOK_SHARE))) return false;
    }
  } finally {
    newTasks.close();
  }
}

function programOf(pid: number, born: Microseconds): Program {
  return { executable: executableOf(pid), born, nextSearch: born };
}

/** Whether a process is an interpreter by now; one that has ended is forgotten. */
function isInterpreter(pid: number, programs: Map<number, Program>, moment: Microseconds): boolean {
  const executable = executableOf(pid);
  if (executable === '') {
    programs.delete(pid);
    return false;
  }
  if (isPythonName(executable)) return true;
  let program = programs.get(pid)!;
  if (program.executable !== executable) programs.set(pid, (program = programOf(pid, moment)));
  if (moment < program.nextSearch) return false;
  program.nextSearch = moment + Math.min(moment - program.born + SHORTEST_LOOK, LONGEST_AGE);
  return hasInterpreter(pid);
}

/** Whether a process has loaded one; one that cannot be measured is one, too. */
function hasInterpreter(pid: number): boolean {
  let memory: ProcessMemory;
  try {
    memory = new ProcessMemory(pid);
  } catch {
    return false;
  }
  try {
    const found = findInterpreter(pid, memory);
    return found !== null && !('code' in found && found.code === 'not-python');
  } finally {
    memory.close();
  }
}
