import type { Forward } from '../app/application.ts';
import type { RequestAborted } from '../engine/aborted.ts';
import { aliveEvery } from '../supervisor/messages.ts';
import { Replacements, allReady } from '../supervisor/keep-workers.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { type PythonProgram, PythonWorker } from './python-worker.ts';
import { requestHead } from './request-head.ts';

/** What a pool is made of. Times in milliseconds. */
export interface PythonPoolOptions extends PythonProgram {
  readonly workers: number;
  /** For what is under way when a worker is to end. */
  readonly drain: number;
  /** After which a loop that runs nothing is killed. */
  readonly silence: number;
  /** After which a request whose client left is given up. */
  readonly handlerTime: number;
  readonly report: (line: string) => void;
}

/** What a timer of Node can wait, milliseconds. */
const longestTimeout = 2 ** 31 - 1;

/** Python processes, and the requests that wait for one of them to be free. */
export class PythonPool implements ExchangeHost {
  readonly #options: PythonPoolOptions;
  readonly #ending = new AbortController();
  readonly #waiting: Exchange[] = [];
  readonly #leaving = new Set<PythonWorker>();
  readonly #replacements: Replacements<PythonWorker>;
  #workers: PythonWorker[] = [];
  #watch: NodeJS.Timeout | null = null;
  #watched = 0;

  constructor(options: PythonPoolOptions) {
    this.#options = options;
    this.#replacements = new Replacements({
      workers: options.workers,
      start: () => this.#start(),
      take: (worker) => this.#take([worker]),
      ending: this.#ending.signal,
      report: (line) => options.report(line),
    });
  }

  get serving(): number {
    return this.#workers.length;
  }

  get leaving(): number {
    return this.#leaving.size;
  }

  get restarts(): number {
    return this.#replacements.count;
  }

  /** @throws what a worker failed with; none is left then */
  async start(): Promise<void> {
    this.#take(await this.#generation());
    this.#watched = performance.now();
    this.#watch = setInterval(() => this.#killSilent(), aliveEvery);
    this.#watch.unref();
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
    if (this.#watch) clearInterval(this.#watch);
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all([
      ...workers.map((worker) => this.#dismiss(worker)),
      ...[...this.#leaving].map(({ ended }) => ended),
    ]);
  }

  /** Takes every request. */
  readonly forward: Forward = (incoming, origin, ended) => {
    const exchange = new Exchange(incoming, requestHead(incoming, origin), this, ended);
    if (incoming.body === null) {
      this.#waiting.push(exchange);
      this.#next();
      return;
    }
    void exchange.readBody().then(() => {
      if (exchange.over) return;
      this.#waiting.push(exchange);
      this.#next();
    });
  };

  left(exchange: Exchange, why: RequestAborted['code']): void {
    const { worker, number } = exchange;
    if (worker === null) {
      const at = this.#waiting.indexOf(exchange);
      if (at >= 0) this.#waiting.splice(at, 1);
      return;
    }
    worker.cancel(number);
    const giveUp = () => {
      if (!worker.abandon(number)) this.#replaceStuck(worker);
    };
    if (why === 'TIME_LIMIT') giveUp();
    else exchange.late = setTimeout(giveUp, Math.min(this.#options.handlerTime, longestTimeout)).unref();
  }

  report(line: string): void {
    this.#options.report(line);
  }

  /** Gives what waits to whoever has the least to do: first to those that are free. */
  #next(): void {
    const waiting = this.#waiting;
    while (waiting.length > 0) {
      let least: PythonWorker | null = null;
      for (const worker of this.#workers) {
        if (least !== null && worker.busy >= least.busy) continue;
        if (worker.free || worker.takesAhead) least = worker;
      }
      if (least === null) return;
      least.ask(waiting.shift()!);
    }
  }

  #start(): PythonWorker {
    return new PythonWorker(this.#options, (returned) => {
      this.#waiting.unshift(...returned);
      this.#next();
    });
  }

  #generation(): Promise<readonly PythonWorker[]> {
    const workers = Array.from({ length: this.#options.workers }, () => this.#start());
    return allReady(workers, this.#ending.signal);
  }

  #take(workers: readonly PythonWorker[]): void {
    for (const worker of workers) {
      this.#workers.push(worker);
      void worker.ended.then((how) => {
        if (!this.#drop(worker) || this.#ending.signal.aborted) return;
        this.#options.report(`Python worker ${worker.pid} ended by ${how}; another is started`);
        void this.#replacements.replace(performance.now() - worker.readyAt);
      });
    }
    this.#next();
  }

  /** False where it serves no more anyway. */
  #drop(worker: PythonWorker): boolean {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#workers.splice(at, 1);
    return at >= 0;
  }

  /** A thread that does not come back would hold its place for ever; the others of its process may still end. */
  #replaceStuck(worker: PythonWorker): void {
    if (!this.#drop(worker) || this.#ending.signal.aborted) return;
    this.#options.report(
      `Python worker ${worker.pid} has a request that does not end; another is started, and it is killed`,
    );
    void this.#dismiss(worker);
    void this.#replacements.replace(performance.now() - worker.readyAt);
  }

  /** A loop that does not even answer us runs nothing: something blocks it. */
  #killSilent(): void {
    const now = performance.now();
    // Where we were asleep ourselves, nobody could be heard.
    const asleep = now - this.#watched > 3 * aliveEvery;
    this.#watched = now;
    for (const worker of [...this.#workers, ...this.#leaving]) {
      if (worker.interface !== 'asgi') continue;
      if (asleep) worker.heard = now;
      worker.ping();
      if (now - worker.heard < this.#options.silence) continue;
      this.#options.report(
        `Python worker ${worker.pid} has been silent for ${(this.#options.silence / 1000).toFixed(1)} s; it is killed`,
      );
      worker.kill();
    }
  }

  async #dismiss(worker: PythonWorker): Promise<void> {
    this.#leaving.add(worker);
    worker.stop();
    const late = setTimeout(() => worker.kill(), Math.min(this.#options.drain, longestTimeout));
    await worker.ended;
    clearTimeout(late);
    this.#leaving.delete(worker);
  }
}
