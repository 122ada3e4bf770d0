import { retry, waitExponential } from '@whetstone/retry';
import type { RequestAborted } from '../engine/aborted.ts';
import type { Request } from '../fetch/request.ts';
import { ServeError } from '../errors.ts';
import { Response } from '../fetch/response.ts';
import type { Context } from '../options.ts';
import { type PythonAnswer, type PythonRequest, PythonWorker } from './python-worker.ts';

/** What a pool is made of. */
export interface PythonPoolOptions {
  readonly python: string;
  /** `app.py:app`, its file absolute. */
  readonly target: string;
  readonly workers: number;
  /** Milliseconds for what is under way when a worker is to end. */
  readonly drain: number;
  readonly report: (line: string) => void;
}

/** A worker that lived so long, milliseconds, was no part of a crash loop. */
const settledAfter = 10_000;

interface Waiting {
  readonly request: PythonRequest;
  readonly give: (worker: PythonWorker) => void;
}

/** Python processes, and the requests that wait for one of them to be free. */
export class PythonPool {
  readonly #options: PythonPoolOptions;
  readonly #ending = new AbortController();
  readonly #waiting: Waiting[] = [];
  #workers: PythonWorker[] = [];
  readonly #leaving = new Set<PythonWorker>();
  restarts = 0;

  constructor(options: PythonPoolOptions) {
    this.#options = options;
  }

  get serving(): number {
    return this.#workers.length;
  }

  get leaving(): number {
    return this.#leaving.size;
  }

  /** @throws what a worker failed with; none is left then */
  async start(): Promise<void> {
    this.#take(await this.#generation());
  }

  /** New workers for the old. @throws what a new one failed with; the old serve on */
  async reload(): Promise<void> {
    const fresh = await this.#generation();
    const old = this.#workers;
    this.#workers = [];
    this.#take(fresh);
    for (const worker of old) void this.#dismiss(worker);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all([
      ...workers.map((worker) => this.#dismiss(worker)),
      ...[...this.#leaving].map(({ ended }) => ended),
    ]);
  }

  /** A handler: asks a free worker, or waits for one. */
  readonly handle = async (request: Request, context: Context): Promise<Response> => {
    // The whole body first: a slow client must not hold a process.
    const body = await request.bytes();
    const asked = { head: Buffer.from(JSON.stringify(headOf(request, context))), body };
    return await new Promise<Response>((resolve, reject) => {
      const { signal } = request;
      let worker: PythonWorker | null = null;
      let number = 0;
      const stream = new Pieces(
        (bytes) => worker!.took(number, bytes),
        () => worker!.cancel(number),
      );
      const done = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#next();
      };
      const failed = (reason: string): void => {
        done();
        stream.fail(new Error(reason));
        reject(new Error(`the Python application failed: ${reason}`));
      };
      const answer: PythonAnswer = {
        whole: (status, headers, bytes) => {
          done();
          try {
            resolve(responseOf(status, headers, bytes));
          } catch (error) {
            reject(error as Error);
          }
        },
        head: (status, headers) => {
          try {
            resolve(responseOf(status, headers, stream));
          } catch (error) {
            worker!.cancel(number);
            reject(error as Error);
          }
        },
        more: (piece) => stream.push(piece),
        end: () => {
          done();
          stream.finish();
        },
        failed,
      };
      const waiting: Waiting = {
        request: asked,
        give: (free) => {
          worker = free;
          number = free.ask(asked, answer);
        },
      };
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason as Error);
        if (!worker) return;
        worker.cancel(number);
        // One thread that does not come back would hold its process for ever.
        if ((signal.reason as RequestAborted).code === 'TIME_LIMIT' && worker.interface === 'wsgi')
          worker.kill();
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal.addEventListener('abort', onAbort);
      this.#waiting.push(waiting);
      this.#next();
    });
  };

  /** Gives what waits to the free worker with the least to do. */
  #next(): void {
    while (this.#waiting.length > 0) {
      let free: PythonWorker | null = null;
      for (const worker of this.#workers)
        if (worker.busy < worker.atOnce && (free === null || worker.busy < free.busy)) free = worker;
      if (!free) return;
      this.#waiting.shift()!.give(free);
    }
  }

  async #generation(): Promise<PythonWorker[]> {
    const { python, target, workers: count } = this.#options;
    const { signal } = this.#ending;
    if (signal.aborted) throw new ServeError('STOPPED', 'the server is stopping.');
    const workers = Array.from({ length: count }, () => new PythonWorker(python, target));
    const kill = () => {
      for (const worker of workers) worker.kill();
    };
    // Whoever stops the server does not wait for new workers to load.
    signal.addEventListener('abort', kill);
    try {
      await Promise.all(workers.map(({ ready }) => ready));
      signal.throwIfAborted();
      return workers;
    } catch (error) {
      kill();
      await Promise.all(workers.map(({ ended }) => ended));
      throw signal.aborted ? new ServeError('STOPPED', 'the server is stopping.') : error;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  #take(workers: readonly PythonWorker[]): void {
    for (const worker of workers) {
      this.#workers.push(worker);
      void worker.ended.then((how) => {
        const at = this.#workers.indexOf(worker);
        if (at < 0) return;
        this.#workers.splice(at, 1);
        if (this.#ending.signal.aborted) return;
        this.#options.report(`Python worker ${worker.pid} ended by ${how}; another is started`);
        void this.#replace(performance.now() - worker.readyAt < settledAfter);
      });
    }
    this.#next();
  }

  async #replace(early: boolean): Promise<void> {
    this.restarts++;
    const { python, target, report } = this.#options;
    const start = retry({
      attempts: Infinity,
      wait: waitExponential({ initial: '200ms', max: '30s', jitter: 'equal' }),
      signal: this.#ending.signal,
      beforeSleep: ({ outcome, upcomingDelay }) => {
        const why = outcome?.ok === false ? (outcome.error as Error).message : '';
        report(`the next Python worker is started in ${(upcomingDelay / 1000).toFixed(1)} s: ${why}`);
      },
    });
    try {
      await start.run(async ({ attemptNumber }) => {
        if (attemptNumber === 1 && early && this.restarts > this.#options.workers)
          throw new Error('the last one ended early');
        const worker = new PythonWorker(python, target);
        const kill = () => worker.kill();
        this.#ending.signal.addEventListener('abort', kill);
        try {
          await worker.ready;
        } finally {
          this.#ending.signal.removeEventListener('abort', kill);
        }
        this.#take([worker]);
      });
    } catch (error) {
      if (!this.#ending.signal.aborted) report(`a Python worker could not be replaced: ${String(error)}`);
    }
  }

  async #dismiss(worker: PythonWorker): Promise<void> {
    this.#leaving.add(worker);
    worker.stop();
    const late = setTimeout(() => worker.kill(), this.#options.drain);
    await worker.ended;
    clearTimeout(late);
    this.#leaving.delete(worker);
  }
}

function headOf(request: Request, context: Context): object {
  const { protocol, host, pathname, search } = new URL(request.url);
  const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return {
    method: request.method,
    scheme: protocol.slice(0, -1),
    version: '1.1',
    path: pathname,
    query: search.slice(1),
    server: [name, Number(port ?? (protocol === 'https:' ? 443 : 80))],
    client: context.remoteAddress,
    headers: [...request.headers],
  };
}

function responseOf(
  status: number,
  headers: [string, string][],
  body: Uint8Array | AsyncIterable<Uint8Array>,
): Response {
  const none = status === 204 || status === 205 || status === 304;
  return new Response(none ? null : body, { status, headers });
}

/** An answer's body as it comes; what was taken is acknowledged, so that no more than a window is on its way. */
class Pieces implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #took: (bytes: number) => void;
  readonly #cancel: () => void;
  readonly #waiting: Buffer[] = [];
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(took: (bytes: number) => void, cancel: () => void) {
    this.#took = took;
    this.#cancel = cancel;
  }

  push(piece: Buffer): void {
    this.#waiting.push(piece);
    this.#wake?.();
  }

  finish(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece) {
        this.#took(piece.length);
        return { done: false, value: piece };
      }
      if (this.#error) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) this.#cancel();
    this.#ended = true;
    this.#wake?.();
    return { done: true, value: undefined };
  }
}
