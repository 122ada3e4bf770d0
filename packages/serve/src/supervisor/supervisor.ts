import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { spareDescriptors } from '../engine/descriptors.ts';
import { turnAway } from '../engine/turn-away.ts';
import { ServeError } from '../errors.ts';
import { type ListenAt, listenError, urlOf } from '../listen-at.ts';
import type { Server, Stats, TlsOptions } from '../options.ts';
import { Replacements, allReady } from './keep-workers.ts';
import { aliveEvery } from './messages.ts';
import { stoppingSign } from './stopping-sign.ts';
import { sumStats } from './sum-stats.ts';
import { WorkerProcess, type WorkerScript, endText } from './worker-process.ts';

/** What a supervisor is started with. Times in milliseconds. */
export interface SupervisorOptions {
  readonly script: WorkerScript;
  readonly workers: number;
  readonly where: ListenAt;
  readonly tls: TlsOptions | null;
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
/** Milliseconds within which connections count as opened at once, and how far ahead of another a worker may be in them. */
const momentLength = 50;
const ahead = 2;
/** Connections that wait to be handed over, while no worker serves or those that do are busy. */
const waitingAtMost = 1024;
const backlog = 1024;

/**
 * Listens on one socket, and hands each connection to the worker that has the fewest.
 *
 * The socket stays open while workers come and go: nothing is lost between the old and the new.
 */
export class Supervisor implements Server {
  readonly #options: SupervisorOptions;
  readonly #listener: NetServer;
  readonly #waiting: Socket[] = [];
  readonly #ending = new AbortController();
  readonly #retired: Stats[] = [];
  readonly #replacements: Replacements<WorkerProcess>;
  /** Those that take connections, and those that were told to end. */
  #serving: WorkerProcess[] = [];
  readonly #leaving = new Set<WorkerProcess>();
  #turn = 0;
  #watch: NodeJS.Timeout | null = null;
  #waitingAtMost = waitingAtMost;
  #turnedAway = 0;
  #stopped: Promise<void> | null = null;
  #reloading: Promise<void> | null = null;
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
    this.#listener = createServer(
      { pauseOnConnect: true, allowHalfOpen: true, noDelay: !('unix' in options.where) },
      (socket) => this.#accept(socket),
    );
  }

  /** @throws {@link ServeError} where it cannot listen, or a worker fails to start: none is left then */
  async start(): Promise<void> {
    const { where, tls } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      const done = () => {
        this.#listener.off('error', reject);
        resolve();
      };
      if ('unix' in where) this.#listener.listen({ path: where.unix, backlog }, done);
      else this.#listener.listen({ port: where.port, host: where.hostname, backlog }, done);
    }).catch((error: unknown) => {
      throw listenError(error, where);
    });
    // Out of descriptors and the like: a connection is lost, the server goes on.
    this.#listener.on('error', () => undefined);
    this.url = urlOf(this.#listener.address() as AddressInfo | string, tls !== null);
    try {
      this.#take(await this.#generation());
    } catch (error) {
      this.#listener.close();
      throw error;
    }
    this.#waitingAtMost = Math.min(waitingAtMost, spareDescriptors());
    this.#watch = setInterval(() => this.#replaceSilent(), aliveEvery);
    this.#watch.unref();
  }

  reload({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    if (this.#stopped) return Promise.reject(new ServeError('STOPPED', 'the server is stopping.'));
    this.#reloading ??= this.#rollOver(!now).finally(() => (this.#reloading = null));
    return this.#reloading;
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
        this.#turnedAway,
      ),
    );
  }

  /** Has every worker open the access log again. */
  reopen(): void {
    for (const worker of [...this.#serving, ...this.#leaving]) worker.reopen();
  }

  async #rollOver(patient: boolean): Promise<void> {
    const fresh = await this.#generation();
    const old = this.#serving;
    this.#serving = [];
    this.#take(fresh);
    for (const worker of old) void this.#dismiss(worker, patient);
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    if (this.#watch) clearInterval(this.#watch);
    const address = this.#listener.address() as AddressInfo | string;
    this.#listener.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    const { tls, saysStopping } = this.#options;
    const endSign = saysStopping ? await stoppingSign(whereOf(address), tls) : null;
    await this.#reloading?.catch(() => undefined);
    const workers = this.#serving;
    this.#serving = [];
    // Those of a reload wait no longer for their idle connections.
    for (const worker of this.#leaving) worker.drain(this.#options.drain, false);
    await Promise.all([
      ...workers.map((worker) => this.#dismiss(worker, false)),
      ...[...this.#leaving].map(({ ended }) => ended),
    ]);
    await endSign?.();
  }

  /** As many workers as there are to be, all of them ready. @throws what the first failed with; none is left */
  #generation(): Promise<readonly WorkerProcess[]> {
    const workers = Array.from({ length: this.#options.workers }, () => this.#spawn());
    return allReady(workers, this.#ending.signal);
  }

  #spawn(): WorkerProcess {
    return new WorkerProcess(this.#options.script, this.url, (worker, id, what) => {
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
        for (const socket of undelivered) this.#accept(socket);
        if (at < 0 || this.#ending.signal.aborted) return;
        this.#options.report(`worker ${worker.pid} ended by ${endText(end)}; another is started`);
        void this.#replacements.replace(performance.now() - worker.readyAt);
      });
    }
    for (const socket of this.#waiting.splice(0)) this.#accept(socket);
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

  #accept(socket: Socket): void {
    if (this.#ending.signal.aborted) {
      socket.destroy();
      return;
    }
    const inHand = this.#serving.reduce((sum, { queued }) => sum + queued, this.#waiting.length);
    if (inHand >= this.#waitingAtMost) {
      this.#turnedAway++;
      if (this.#options.tls) socket.destroy();
      else turnAway(socket);
      return;
    }
    const worker = this.#least();
    if (worker) worker.give(socket);
    else this.#waiting.push(socket);
  }

  /**
   * The worker with the fewest connections; of several, each in turn.
   *
   * What closes is heard of a little later: so that a burst is never measured by what was open before it, no worker
   * gets more than {@link ahead} connections more than another within a moment.
   */
  #least(): WorkerProcess | undefined {
    const serving = this.#serving.filter(({ connected }) => connected);
    const moment = Math.floor(performance.now() / momentLength);
    if (moment !== this.#moment) {
      this.#moment = moment;
      for (const worker of serving) worker.lately = 0;
    }
    const fewest = Math.min(...serving.map(({ lately }) => lately));
    let least: WorkerProcess | undefined;
    for (let i = 0; i < serving.length; i++) {
      const worker = serving[(this.#turn + i) % serving.length]!;
      if (worker.lately - fewest >= ahead) continue;
      if (!least || worker.load < least.load) least = worker;
    }
    this.#turn++;
    if (least) least.lately++;
    return least;
  }

  #moment = 0;

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

const whereOf = (address: AddressInfo | string): ListenAt =>
  typeof address === 'string' ? { unix: address } : { port: address.port, hostname: address.address };
