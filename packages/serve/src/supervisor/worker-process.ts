import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { ServeError, type ServeErrorCode } from '../errors.ts';
import type { Stats } from '../options.ts';
import { type FromWorker, type ToWorker, placeVariable, workerVariable } from './messages.ts';
import type { SharedSocket } from './shared-socket.ts';

/** What is started as a worker. */
export interface WorkerScript {
  readonly file: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One worker, as its supervisor sees it. */
export class WorkerProcess {
  readonly pid: number;
  /** Resolves when it serves. @throws {@link ServeError} `WORKER_FAILED`, or what it failed with */
  readonly ready: Promise<void>;
  /** Resolves when it takes no connection any more: it was told to end, or ended. */
  readonly draining: Promise<void>;
  readonly ended: Promise<WorkerEnd>;
  /** When it was heard of last, and when it began to serve; `performance.now()`. */
  heard = performance.now();
  readyAt = Number.NaN;
  /** Connections that it was given within the present moment. */
  lately = 0;
  /** Its latest figures. */
  stats: Stats | null = null;
  readonly #child: ChildProcess;
  #sent = 0;
  #taken = 0;
  #open = 0;
  #leaving = false;
  /** What is not sent yet, and what was sent last: until the worker confirms it, Node holds it open. */
  readonly #handing = new Map<Socket, SocketHandle | null>();
  #sentLast: SocketHandle | null = null;

  constructor(
    script: WorkerScript,
    url: string,
    shared: SharedSocket | null,
    onAsk: (worker: WorkerProcess, id: number, what: 'stats' | 'stop' | 'reload') => void,
  ) {
    const place = shared?.place() ?? null;
    const child = fork(script.file, script.args, {
      execArgv: [...script.execArgv],
      env: {
        ...process.env,
        ...script.env,
        [workerVariable]: url,
        [placeVariable]: place ? JSON.stringify(place) : '',
      },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...(shared ? [shared.descriptor, shared.file] : [])],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: 1, signal: null }));
    });
    if (shared && place) void this.ended.then(() => shared.leave(place));
    let drains: () => void;
    this.draining = new Promise((resolve) => (drains = resolve));
    void this.ended.then(() => drains());
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message: FromWorker) => {
        this.heard = performance.now();
        switch (message?.serve) {
          case 'ready':
            this.readyAt = this.heard;
            resolve();
            break;
          case 'failed':
            reject(new ServeError(message.code as ServeErrorCode, message.message));
            break;
          case 'draining':
            drains();
            break;
          case 'load':
            this.#taken = message.taken;
            this.#open = message.open;
            break;
          case 'alive':
            this.stats = message.stats;
            break;
          case 'ask':
            onAsk(this, message.id, message.what);
            break;
        }
      });
      void this.ended.then((end) =>
        reject(new ServeError('WORKER_FAILED', `a worker ended before it served: ${endText(end)}.`)),
      );
    });
    this.ready.catch(() => undefined);
    // A channel that breaks off is followed by the exit.
    child.on('error', () => undefined);
  }

  /** Connections it has, and those on their way to it. */
  get load(): number {
    return this.#open + this.#sent - this.#taken;
  }

  /** Connections that are not sent to it yet: it hangs, or there are many at once. */
  get queued(): number {
    return this.#handing.size;
  }

  /** Whether it was told to end. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Whether it can be told anything. */
  get connected(): boolean {
    return this.#child.connected;
  }

  give(socket: Socket): void {
    const number = ++this.#sent;
    const handle = handleOf(socket);
    this.#handing.set(socket, handle);
    this.#child.send({ serve: 'connection', number } satisfies ToWorker, socket, (error) => {
      this.#handing.delete(socket);
      this.#sentLast = handle;
      if (error) socket.destroy();
    });
  }

  /**
   * After its end, the connections that were not sent to it: one that hangs takes none, and Node forgets those that wait.
   * Node also leaves the one open that was sent and never confirmed: its client would wait for ever.
   */
  takeBack(): Socket[] {
    const unsent = [...this.#handing].filter(([socket, handle]) => {
      if (handleOf(socket)) return true;
      handle?.close();
      return false;
    });
    this.#handing.clear();
    this.#sentLast?.close();
    return unsent.map(([socket]) => socket);
  }

  drain(milliseconds: number, patient: boolean): void {
    this.#leaving = true;
    this.#tell({ serve: 'drain', milliseconds, patient });
  }

  reopen(): void {
    this.#tell({ serve: 'reopen' });
  }

  answer(id: number, answer: { readonly stats?: Stats; readonly error?: string }): void {
    this.#tell({ serve: 'answer', id, ...answer });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

/** What Node takes from a socket that is sent. Closing it once more does nothing. */
interface SocketHandle {
  close(): void;
}

function handleOf(socket: Socket): SocketHandle | null {
  return (socket as { readonly _handle?: SocketHandle | null })._handle ?? null;
}

/** `exit code 1`, `signal SIGKILL` */
export function endText({ code, signal }: WorkerEnd): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}
