import { readdirSync, readFileSync } from 'node:fs';
import { ProcFile } from './sampler-files.ts';

/** Threads of a process; none where it is gone. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** Processes that the threads of a process have started and that still are. */
export function childrenOf(pid: number, threads: Iterable<number>): number[] {
  const children: number[] = [];
  for (const tid of threads) {
    try {
      for (const child of readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1').split(' ')) {
        if (child !== '') children.push(Number(child));
      }
    } catch {
      // The thread ended meanwhile.
    }
  }
  return children;
}

/** A process and all below it. */
export function withDescendants(root: number): number[] {
  const all = [root];
  for (const pid of all) all.push(...childrenOf(pid, threadsOf(pid)));
  return all;
}

/** Whether a process has ended, or is ending: its memory is gone, though its parent may not yet have asked how. */
export function isEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/statm`, 'latin1').startsWith('0 ');
  } catch {
    return true;
  }
}

/**
 * Tells whether any process or thread has begun on this machine since one asked before: the system's
 * newest number is in `/proc/loadavg`, so that a look at it saves one at every thread.
 */
export class NewTasks {
  readonly #file = new ProcFile('/proc/loadavg');
  #last = '';

  /** Whether there may be a new one. */
  get any(): boolean {
    this.#file.read();
    const last = this.#file.toString().split(' ').at(-1) ?? '';
    const isNew = last !== this.#last;
    this.#last = last;
    return isNew;
  }

  close(): void {
    this.#file.close();
  }
}
