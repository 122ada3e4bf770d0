import type { Answers, Question, Reply } from './messages.ts';

/** How far the worker is with opening. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly whole: number | null;
}

/** What the worker could not do; `code` is that of the profile's error. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks the worker and waits for its answers. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #open = new Map<number, PromiseWithResolvers>();
  #next = 1;

  constructor(worker: Worker, onProgress: (progress: Progress) => void) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (data.kind === 'progress') {
        onProgress(data);
        return;
      }
      const waiting = this.#open.get(data.number);
      this.#open.delete(data.number);
      if (data.kind === 'answer') waiting?.resolve(data.answer);
      else waiting?.reject(new WorkerFailure(data.code, data.message));
    });
    worker.addEventListener('error', (event) => {
      for (const waiting of this.#open.values()) waiting.reject(new WorkerFailure('WORKER', event.message));
      this.#open.clear();
    });
  }

  ask<K extends Question['kind']>(question: Question & { kind: K }): Promise<Answers[K]> {
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve: resolve as (answer: unknown) => void, reject });
      this.#worker.postMessage({ number, question }, []);
    });
  }
}

interface PromiseWithResolvers {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}
