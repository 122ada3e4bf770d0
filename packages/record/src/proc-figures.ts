import { readdirSync, readFileSync } from 'node:fs';
import type { ThreadFigures } from './recording.ts';
import { now } from './now.ts';

/** Between two looks at the processes: short while a program may still be over in a moment. */
const FIRST_LOOK = 10;
const USUAL_LOOK = 200;
/** Of the time may go into looking: each thread is read by itself, and the program may need the core. */
const LOOK_SHARE = 0.01;
/** At most: a look that had to wait itself says little of what it costs. */
const LONGEST_LOOK = 2000;

interface Thread {
  readonly parent: number;
  name: string;
  readonly first: number;
  last: number;
  cpu: number;
  queued: number;
  majorFaults: number;
  minorFaults: number;
  hadChildren: boolean;
}

/**
 * What Linux says of every thread of a process and of its descendants, read from outside until they end.
 *
 * A thread that lives shorter than the rhythm is not seen. Elsewhere than on Linux nothing is read.
 */
export class ProcFigures {
  readonly #threads = new Map<string, Thread>();
  readonly #root: number;
  readonly #until: number;
  readonly #peaks = new Map<number, number>();
  #peakTogether = 0;
  #wait = FIRST_LOOK;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to look; `until` is the monotonic moment at which measuring ends, or infinity. */
  constructor(root: number, until: number) {
    this.#root = root;
    this.#until = until;
    if (process.platform === 'linux') this.#next();
  }

  #next(): void {
    const began = now();
    this.look();
    const cost = (now() - began) / 1e3;
    this.#timer = setTimeout(
      () => this.#next(),
      Math.max(this.#wait, Math.min(cost / LOOK_SHARE, LONGEST_LOOK)),
    );
    this.#wait = Math.min(this.#wait * 1.5, USUAL_LOOK);
  }

  /** Ends looking. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Reads all of them now. */
  look(): void {
    const moment = now();
    if (moment > this.#until) return;
    const loaded = this.#peaks.has(this.#root);
    const pending = [{ pid: this.#root, parent: process.pid }];
    let together = 0;
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { pid, parent } = next;
      for (const tid of listing(`/proc/${pid}/task`)) {
        const folder = `/proc/${pid}/task/${tid}`;
        this.#readThread(folder, pid, parent, Number(tid), moment);
        for (const child of text(`${folder}/children`).split(' ')) {
          if (child.trim() !== '') pending.push({ pid: Number(child), parent: pid });
        }
      }
      const status = text(`/proc/${pid}/status`);
      const peak = kilobytes(status, 'VmHWM');
      if (peak !== null) {
        // At the first look a process may not have loaded its program yet: what it has then says nothing.
        const before = this.#peaks.get(pid);
        this.#peaks.set(pid, before === undefined ? 0 : Math.max(before, peak));
      }
      together += kilobytes(status, 'VmRSS') ?? 0;
    }
    if (loaded) this.#peakTogether = Math.max(this.#peakTogether, together);
  }

  #readThread(folder: string, pid: number, parent: number, tid: number, moment: number): void {
    const [cpu, queued] = text(`${folder}/schedstat`).split(' ').map(Number);
    if (cpu === undefined || queued === undefined) return;
    const stat = text(`${folder}/stat`);
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    const key = `${pid}/${tid}`;
    let thread = this.#threads.get(key);
    if (thread === undefined) {
      thread = {
        parent,
        name: '',
        first: moment,
        last: moment,
        cpu: 0,
        queued: 0,
        majorFaults: 0,
        minorFaults: 0,
        hadChildren: false,
      };
      this.#threads.set(key, thread);
    }
    // A program that replaces itself, or names its threads later, goes by the last name.
    thread.name = stat.slice(stat.indexOf('(') + 1, end);
    thread.last = moment;
    thread.cpu = cpu / 1e3;
    thread.queued = queued / 1e3;
    thread.minorFaults = Number(fields[7] ?? 0);
    // Whatever runs touches memory: no process ends without a fault.
    thread.hadChildren = Number(fields[8] ?? 0) > 0;
    thread.majorFaults = Number(fields[9] ?? 0);
  }

  /** What a process said of itself at its end, when nobody outside could look. */
  add(pid: number, tid: number, cpu: number, queued: number, moment: number): void {
    const thread = this.#threads.get(`${pid}/${tid}`);
    if (thread === undefined) {
      this.#threads.set(`${pid}/${tid}`, {
        parent: 0,
        name: '',
        first: moment,
        last: moment,
        cpu,
        queued,
        majorFaults: 0,
        minorFaults: 0,
        hadChildren: false,
      });
      return;
    }
    thread.cpu = Math.max(thread.cpu, cpu);
    thread.queued = Math.max(thread.queued, queued);
    thread.last = Math.max(thread.last, moment);
  }

  /** Pids of all processes that were seen. */
  get processes(): number[] {
    return [...new Set([...this.#threads.keys()].map((key) => Number.parseInt(key, 10)))];
  }

  /**
   * Largest resident size: of all processes together as they were seen, or of the largest by the kernel's own record.
   * `null` where none was seen twice.
   */
  get peakMemory(): number | null {
    let largest = this.#peakTogether;
    for (const peak of this.#peaks.values()) largest = Math.max(largest, peak);
    return largest === 0 ? null : largest;
  }

  /** One row for each thread that was seen. */
  get figures(): ThreadFigures[] {
    return [...this.#threads].map(([key, thread]) => {
      const [process = '0', tid = '0'] = key.split('/');
      return { process: Number(process), tid: Number(tid), ...thread };
    });
  }
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It ended between the two looks.
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function kilobytes(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status);
  return found === null ? null : Number(found[1]) * 1024;
}
