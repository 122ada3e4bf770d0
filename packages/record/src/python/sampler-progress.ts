import type { Microseconds } from '@whetstone/profile';
import type { PythonSamplerProgress } from './raw-python.ts';

/** Places of the shared words. */
const place = { pid: 0, stop: 1, looks: 2, samples: 3, over: 4 } as const;

/**
 * What the command and the sampler's thread tell each other through shared memory: the thread never
 * returns to its event loop, and would hear no message.
 */
export class SamplerProgress {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(Object.keys(place).length * Int32Array.BYTES_PER_ELEMENT)) {
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
  write({ looks, samples, over }: PythonSamplerProgress): void {
    this.#words.set([looks, samples, over ? 1 : 0], place.looks);
  }

  /** The command asks how far the thread is. */
  read(): PythonSamplerProgress {
    const [looks = 0, samples = 0, over = 0] = this.#words.subarray(place.looks);
    return { looks, samples, over: over === 1 };
  }
}
