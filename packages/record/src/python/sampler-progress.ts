import type { Microseconds } from '@whetstone/profile';
import type { PythonSamplerProgress } from './raw-python.ts';

/** Places of the shared words. */
const place = {
  pid: 0,
  stop: 1,
  looks: 2,
  samples: 3,
  attached: 4,
  over: 5,
  verdict: 6,
  resident: 7,
} as const;

const verdicts: readonly PythonSamplerProgress['verdict'][] = [
  null,
  'outside',
  'not-python',
  'pypy',
  'version',
  'forbidden',
  'not-up',
];

/** In which resident memory is told, so that a word of 32 bits suffices. */
const PAGE = 4096;

/**
 * What the command and the sampler's thread tell each other through shared memory: the thread never
 * returns to its event loop, and would hear no message.
 */
export class SamplerProgress {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(8 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** The command names the process. */
  watch(pid: number): void {
    Atomics.store(this.#words, place.pid, pid);
    Atomics.notify(this.#words, place.pid);
  }

  /** The command ends the measuring. */
  stop(): void {
    Atomics.store(this.#words, place.stop, 1);
    Atomics.notify(this.#words, place.stop);
    // It may still be waiting for a process.
    if (Atomics.compareExchange(this.#words, place.pid, 0, -1) === 0) Atomics.notify(this.#words, place.pid);
  }

  /** The thread waits for the process's number; -1 where measuring ended before. */
  awaitPid(): number {
    Atomics.wait(this.#words, place.pid, 0);
    return Atomics.load(this.#words, place.pid);
  }

  /** The thread sleeps, unless measuring has ended: then it gives false, at once. */
  sleep(duration: Microseconds): boolean {
    return Atomics.wait(this.#words, place.stop, 0, duration / 1e3) !== 'not-equal' && !this.stopped;
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, place.stop) === 1;
  }

  /** The thread tells how far it is. */
  write(progress: PythonSamplerProgress): void {
    this.#words[place.looks] = progress.looks;
    this.#words[place.samples] = progress.samples;
    this.#words[place.attached] = progress.attached;
    this.#words[place.over] = progress.over ? 1 : 0;
    this.#words[place.verdict] = verdicts.indexOf(progress.verdict);
    this.#words[place.resident] = progress.resident / PAGE;
  }

  /** The command asks how far the thread is. */
  read(): PythonSamplerProgress {
    const words = this.#words;
    return {
      looks: words[place.looks] ?? 0,
      samples: words[place.samples] ?? 0,
      attached: words[place.attached] ?? 0,
      over: words[place.over] === 1,
      verdict: verdicts[words[place.verdict] ?? 0] ?? null,
      resident: (words[place.resident] ?? 0) * PAGE,
    };
  }
}
