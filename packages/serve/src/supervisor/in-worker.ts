import type { Socket } from 'node:net';
import type { Listener, SharedPlace, Where } from '../engine/engine.ts';
import { ServeError, type ServeErrorCode } from '../errors.ts';
import type { Server, Stats } from '../options.ts';
import { type FromWorker, type ToWorker, aliveEvery, placeVariable, workerVariable } from './messages.ts';

/** Between two looks at how many connections there are, milliseconds. */
const loadEvery = 20;

/** What this process does itself. */
export interface OwnPart {
  stats(): Stats;
  /** Called first of all when the worker is to end. */
  stopping(how: { readonly unhealthy: boolean }): void;
  /** Resolves when all that is left to do is done. */
  settled(): Promise<void>;
  reopen(): void;
}

let served = false;

/** The url that this process is a worker for; `null` where it is none. */
export function workerUrl(): string | null {
  return process.send === undefined ? null : (process.env[workerVariable] ?? null);
}

/** Where this worker's connections come from. */
export function workerWhere(): Where {
  const place = process.env[placeVariable];
  return place ? { shared: JSON.parse(place) as SharedPlace } : 'handed';
}

/** Tells the supervisor that this worker cannot serve; resolves when it is told. */
export async function tellFailure(error: unknown): Promise<void> {
  const { code, message } = error as { code?: ServeErrorCode; message?: string };
  const told: FromWorker = {
    serve: 'failed',
    code: code ?? 'WORKER_FAILED',
    message: message ?? String(error),
  };
  if (process.connected) await new Promise<void>((resolve) => process.send!(told, () => resolve()));
}

/**
 * Serves what the supervisor hands over, or what is accepted here, until it says to end; then this process ends.
 *
 * @throws {@link ServeError} `OPTION_WRONG` for a second server in one worker
 */
export function serveHanded(url: string, listener: Listener, own: OwnPart): Server {
  if (served) throw new ServeError('OPTION_WRONG', 'workers: one process can have one server with workers.');
  served = true;
  let taken = 0;
  let told = '';
  const answers = new Map<number, { resolve(stats: Stats | undefined): void; reject(error: Error): void }>();
  let asked = 0;

  const alive = () => tell({ serve: 'alive', stats: own.stats() });
  const load = () => {
    const now = `${taken} ${listener.load}`;
    if (now === told) return;
    told = now;
    tell({ serve: 'load', taken, open: listener.load });
  };
  setInterval(alive, aliveEvery);
  // Whoever accepts by itself is handed nothing.
  if (workerWhere() === 'handed') setInterval(load, loadEvery).unref();

  const end = async (milliseconds: number, patient: boolean) => {
    own.stopping({ unhealthy: !patient });
    await listener.close(milliseconds, patient, () => tell({ serve: 'draining' }));
    await Promise.race([own.settled(), new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
    // The last figures are on their way when the process ends.
    if (process.connected) process.send!({ serve: 'alive', stats: own.stats() }, () => process.exit(0));
    else process.exit(0);
  };

  process.on('message', (message: ToWorker, handle?: Socket) => {
    switch (message?.serve) {
      case 'connection':
        // Some before it may never have come: out of descriptors, a message is lost with its handle.
        taken = message.number;
        if (!handle) return;
        // What passes between processes loses how it was opened.
        handle.allowHalfOpen = true;
        listener.accept(handle);
        break;
      case 'drain':
        void end(message.milliseconds, message.patient);
        break;
      case 'reopen':
        own.reopen();
        break;
      case 'answer': {
        const waiting = answers.get(message.id);
        answers.delete(message.id);
        if (message.error === undefined) waiting?.resolve(message.stats);
        else waiting?.reject(new ServeError('WORKER_FAILED', message.error));
        break;
      }
    }
  });
  // The supervisor is gone, and with it the listening socket.
  process.on('disconnect', () => void end(0, false));
  // Gone while this script loaded: nobody tells of it any more.
  if (!process.connected) process.exit(0);
  // Ctrl-C reaches us all; the supervisor says what to do.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)
    process.on(signal, () => undefined);

  const ask = (what: 'stats' | 'stop' | 'reload') =>
    new Promise<Stats | undefined>((resolve, reject) => {
      answers.set(++asked, { resolve, reject });
      tell({ serve: 'ask', id: asked, what });
    });
  alive();
  tell({ serve: 'ready' });
  return {
    url,
    stop: async () => void (await ask('stop')),
    reload: async () => void (await ask('reload')),
    stats: async () => (await ask('stats'))!,
  };
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => undefined);
}
