import type { NativeModule } from '../engine/native/core.ts';
import { ServeError } from '../errors.ts';
import { type ListenAt, listenError, urlOf } from '../listen-at.ts';
import type { Server, Stats, TlsOptions } from '../options.ts';
import { HandOver } from './hand-over.ts';
import { Replacements, allReady } from './keep-workers.ts';
import { aliveEvery } from './messages.ts';
import { SharedSocket } from './shared-socket.ts';
import { stoppingSign } from './stopping-sign.ts';
import { sumStats } from './sum-stats.ts';
import { WorkerProcess, type WorkerScript, endText } from './worker-process.ts';

/** What a supervisor is started with. Times in milliseconds. */
export interface SupervisorOptions {
  readonly script: WorkerScript;
  readonly workers: number;
  readonly where: ListenAt;
  readonly tls: TlsOptions | null;
  /** The library of the native engine, where that is what the workers serve with. */
  readonly native: NativeModule | null;
  /** While the last requests end, answers 503 to whoever comes. */
  readonly saysStopping: boolean;
  /** Given to the requests under way when a worker is to end. */
  readonly drain: number;
  /** A worker not heard of for so long is killed and replaced. */
  readonly silence: number;
  /** Told what happens to workers, in a sentence. */
  readonly report: (line: string) => void;
}

/** Beyond the time for requests under way, until a worker that was told to end is killed. */
const killAfter = 2000;
/**
 * Starts workers, replaces those that end, and lets the new take over from the old.
 *
 * One listening socket stays open while workers come and go: nothing is lost between the old and the new. Workers of the
 * native engine accept on it themselves; to others each connection is handed over.
 */
export class Supervisor implements Server {
  readonly #options: SupervisorOptions;
  readonly #handOver: HandOver;
  #shared: SharedSocket | null = null;
  readonly #ending = new AbortController();
  readonly #retired: Stats[] = [];
  readonly #replacements: Replacements<WorkerProcess>;
  /** Those that take connections, and those that were told to end. */
  #serving: WorkerProcess[] = [];
  readonly #leaving = new Set<WorkerProcess>();
  #watch: NodeJS.Timeout | null = null;
  #stopped: Promise<void> | null = null;
  /** Resolves with those that are replaced. */
  #reloading: Promise<readonly WorkerProcess[]> | null = null;
  #address: ListenAt = { unix: '' };
  url = '';

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#replacements = new Replacements({
      workers: options.workers,
      start: () => this.#spawn(),
      take: (worker) => this.#take([worker]),
      ending: this.#ending.signal,
      report: options.report,
    });
    this.#handOver = new HandOver(options.where, options.tls !== null, () => this.#serving);
  }

  /** @throws {@link ServeError} where it cannot listen, or a worker fails to start: none is left then */
  async start(): Promise<void> {
    const { where, tls, native, workers } = this.#options;
    try {
      this.#shared = native ? await SharedSocket.listen(native, where, workers) : null;
      if (!this.#shared) await this.#handOver.listen(where);
    } catch (error) {
      throw listenError(error, where);
    }
    this.#address = this.#shared?.address ?? this.#handOver.address;
    this.url = urlOf('unix' in this.#address ? this.#address.unix : this.#address, tls !== null);
    try {
      this.#take(await this.#generation());
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#handOver.settle();
    this.#watch = setInterval(() => this.#replaceSilent(), aliveEvery);
    this.#watch.unref();
  }

  async reload({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    if (this.#stopped) throw new ServeError('STOPPED', 'the server is stopping.');
    this.#reloading ??= this.#rollOver(!now).finally(() => (this.#reloading = null));
    const old = await this.#reloading;
    // Whoever is told that it reloaded asks the new code: none of the old may take that connection.
    await Promise.all(old.map(({ draining }) => draining));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  stats(): Promise<Stats> {
    const living = [...this.#serving, ...this.#leaving];
    return Promise.resolve(
      sumStats(
        living.flatMap(({ stats }) => stats ?? []),
        this.#retired,
        { serving: this.#serving.length, leaving: this.#leaving.size, restarts: this.#replacements.count },
        this.#handOver.turnedAway,
      ),
    );
  }

  /** Has every worker open the access log again. */
  reopen(): void {
    for (const worker of [...this.#serving, ...this.#leaving]) worker.reopen();
  }

  async #rollOver(patient: boolean): Promise<readonly WorkerProcess[]> {
    const fresh = await this.#generation();
    const old = this.#serving;
    this.#serving = [];
    this.#take(fresh);
    for (const worker of old) void this.#dismiss(worker, patient);
    return old;
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    if (this.#watch) clearInterval(this.#watch);
    const endSign = await this.#stopListening();
    await this.#reloading?.catch(() => undefined);
    const workers = this.#serving;
    this.#serving = [];
    // Those of a reload wait no longer for their idle connections.
    for (const worker of this.#leaving) worker.drain(this.#options.drain, false);
    await Promise.all([
      ...workers.map((worker) => this.#dismiss(worker, false)),
      ...[...this.#leaving].map(({ ended }) => ended),
    ]);
    await endSign();
    this.#shared?.close();
  }

  /** From here on nobody else comes to a worker. Returns what ends the sign that is put up where one was asked for. */
  async #stopListening(): Promise<() => Promise<void>> {
    const { tls, saysStopping } = this.#options;
    const shared = this.#shared;
    if (shared === null || !saysStopping) this.#close();
    if (!saysStopping) return () => Promise.resolve();
    // The workers have the shared one still open: another could not listen there.
    return await stoppingSign(shared ? { shared: shared.given() } : this.#address, tls);
  }

  #close(): void {
    if (this.#shared) this.#shared.close();
    else this.#handOver.close();
  }

  /** As many workers as there are to be, all of them ready. @throws what the first failed with; none is left */
  #generation(): Promise<readonly WorkerProcess[]> {
    const workers = Array.from({ length: this.#options.workers }, () => this.#spawn());
    return allReady(workers, this.#ending.signal);
  }

  #spawn(): WorkerProcess {
    return new WorkerProcess(this.#options.script, this.url, this.#shared, (worker, id, what) => {
      const asked = what === 'stats' ? this.stats() : what === 'stop' ? this.stop() : this.reload();
      asked.then(
        (stats) => worker.answer(id, stats ? { stats } : {}),
        (error: Error) => worker.answer(id, { error: error.message }),
      );
    });
  }

  /** From here on these take connections. */
  #take(workers: readonly WorkerProcess[]): void {
    for (const worker of workers) {
      this.#serving.push(worker);
      void worker.ended.then((end) => {
        if (worker.stats) this.#retired.push(worker.stats);
        this.#mergeRetired();
        const undelivered = worker.takeBack();
        const at = this.#serving.indexOf(worker);
        if (at >= 0) this.#serving.splice(at, 1);
        for (const socket of undelivered) this.#handOver.accept(socket);
        if (at < 0 || this.#ending.signal.aborted) return;
        this.#options.report(`worker ${worker.pid} ended by ${endText(end)}; another is started`);
        void this.#replacements.replace(performance.now() - worker.readyAt);
      });
    }
    this.#handOver.takeWaiting();
  }

  async #dismiss(worker: WorkerProcess, patient: boolean): Promise<void> {
    const { drain } = this.#options;
    this.#leaving.add(worker);
    worker.drain(drain, patient);
    const late = setTimeout(() => worker.kill(), Math.min(drain + killAfter, 2 ** 31 - 1));
    await worker.ended;
    clearTimeout(late);
    this.#leaving.delete(worker);
  }

  #lastWatch = performance.now();

  #replaceSilent(): void {
    const now = performance.now();
    // Where we were asleep ourselves, nobody could be heard.
    const asleep = now - this.#lastWatch > 3 * aliveEvery;
    this.#lastWatch = now;
    for (const worker of this.#serving) {
      if (asleep) worker.heard = now;
      if (now - worker.heard < this.#options.silence) continue;
      this.#options.report(
        `worker ${worker.pid} has been silent for ${(this.#options.silence / 1000).toFixed(1)} s; it is killed`,
      );
      worker.kill();
    }
  }

  /** The figures of those that ended, kept as one. */
  #mergeRetired(): void {
    if (this.#retired.length < 2) return;
    const { workers: _, ...sum } = sumStats([], this.#retired);
    this.#retired.splice(0, this.#retired.length, sum);
  }
}
