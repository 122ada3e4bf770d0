import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { spareDescriptors } from '../engine/descriptors.ts';
import { turnAway } from '../engine/turn-away.ts';
import type { ListenAt } from '../listen-at.ts';
import type { WorkerProcess } from './worker-process.ts';

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
export class HandOver {
  /** Connections that were turned away here, as too many waited. */
  turnedAway = 0;
  readonly #listener: NetServer;
  readonly #secure: boolean;
  readonly #workers: () => readonly WorkerProcess[];
  readonly #waiting: Socket[] = [];
  #waitingAtMost = waitingAtMost;
  #closed = false;
  #turn = 0;
  #moment = 0;

  /** `workers` are those that take connections at the time. */
  constructor(where: ListenAt, secure: boolean, workers: () => readonly WorkerProcess[]) {
    this.#secure = secure;
    this.#workers = workers;
    this.#listener = createServer(
      { pauseOnConnect: true, allowHalfOpen: true, noDelay: !('unix' in where) },
      (socket) => this.accept(socket),
    );
  }

  /** @throws what the system says of the address */
  async listen(where: ListenAt): Promise<void> {
    const listener = this.#listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      const done = () => {
        listener.off('error', reject);
        resolve();
      };
      if ('unix' in where) listener.listen({ path: where.unix, backlog }, done);
      else listener.listen({ port: where.port, host: where.hostname, backlog }, done);
    });
    // Out of descriptors and the like: a connection is lost, the server goes on.
    listener.on('error', () => undefined);
  }

  get address(): ListenAt {
    const address = this.#listener.address() as AddressInfo | string;
    return typeof address === 'string'
      ? { unix: address }
      : { port: address.port, hostname: address.address };
  }

  /** The first workers are there: what they do not need may be used for connections that wait. */
  settle(): void {
    this.#waitingAtMost = Math.min(waitingAtMost, spareDescriptors());
  }

  /** New workers are there for what waits. */
  takeWaiting(): void {
    for (const socket of this.#waiting.splice(0)) this.accept(socket);
  }

  /** Also for what comes back from a worker that ended. */
  accept(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const inHand = this.#workers().reduce((sum, { queued }) => sum + queued, this.#waiting.length);
    if (inHand >= this.#waitingAtMost) {
      this.turnedAway++;
      if (this.#secure) socket.destroy();
      else turnAway(socket);
      return;
    }
    const worker = this.#least();
    if (worker) worker.give(socket);
    else this.#waiting.push(socket);
  }

  close(): void {
    this.#closed = true;
    this.#listener.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  /**
   * The worker with the fewest connections; of several, each in turn.
   *
   * What closes is heard of a little later: so that a burst is never measured by what was open before it, no worker
   * gets more than {@link ahead} connections more than another within a moment.
   */
  #least(): WorkerProcess | undefined {
    const serving = this.#workers().filter(({ connected }) => connected);
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
}
