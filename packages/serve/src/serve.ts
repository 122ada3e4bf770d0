import { Application, type Forward } from './app/application.ts';
import { TrustedProxies } from './app/forwarded.ts';
import { Router } from './app/router.ts';
import { WebSockets } from './app/web-sockets.ts';
import { withinDescriptors } from './engine/descriptors.ts';
import { chooseEngine } from './engine/choose-engine.ts';
import type { Listener, Where } from './engine/engine.ts';
import { secureContextOf } from './engine/typescript/tls.ts';
import { ServeError } from './errors.ts';
import { installGlobals } from './fetch/install.ts';
import { listenAt, listenError, urlOf } from './listen-at.ts';
import { AccessLog } from './log/access-log.ts';
import { checkOptions, limitsOf } from './options-check.ts';
import type { ServeOptions, Server, Stats } from './options.ts';
import { stoppingSign } from './supervisor/stopping-sign.ts';
import { serveHanded, tellFailure, workerUrl, workerWhere } from './supervisor/in-worker.ts';
import type { WorkerScript } from './supervisor/worker-process.ts';
import { Supervisor } from './supervisor/supervisor.ts';

/** Given to the requests under way when a server stops, milliseconds. */
const defaultDrain = 10_000;

/**
 * Starts a server; resolves when it listens, with all its workers.
 *
 * With `workers` above 1 the main script runs again in each worker, and what it does besides `serve` with it.
 *
 * @throws {@link ServeError} that names the option, the value and what to do
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const url = workerUrl();
  if (url === null)
    return await ((options.workers ?? 1) > 1 ? serveWithWorkers(options) : serveAlone(options));
  try {
    return await serveInWorker(options, url);
  } catch (error) {
    await tellFailure(error);
    throw error;
  }
}

/** Serves in this process alone; `forward` takes what no route does, instead of `fetch`. */
export async function serveAlone(options: ServeOptions, forward: Forward | null = null): Promise<Server> {
  let listener: Listener | null = null;
  const figures = (): Promise<Stats> => Promise.resolve(made.stats(listener!));
  const made = await prepared(options, figures, forward);
  const where = listenAt(options);
  listener = await made.listen(where).catch((error: unknown) => {
    throw error instanceof ServeError ? error : listenError(error, where);
  });
  const running = listener;
  const { address } = running;
  const stopReopening = onReopen(options, () => made.reopen());
  let stopped: Promise<void> | null = null;
  const stopRunning = async () => {
    const closed = running.close(options.drain ?? defaultDrain);
    const endSign = options.health === undefined ? null : await stoppingSign(address!, options.tls ?? null);
    await closed;
    await made.settled();
    await endSign?.();
  };
  return {
    url: urlOf(address !== null && 'unix' in address ? address.unix : address!, options.tls !== undefined),
    stop() {
      stopReopening();
      made.stopping({ unhealthy: true });
      stopped ??= stopRunning();
      return stopped;
    },
    async reload() {
      running.readTls();
    },
    stats: figures,
  };
}

async function serveInWorker(options: ServeOptions, url: string): Promise<Server> {
  if (options.globals !== false) installGlobals();
  let server: Server | null = null;
  const made = await prepared(options, () => server!.stats());
  const listener = await made.listen(workerWhere());
  server = serveHanded(url, listener, { ...made, stats: () => made.stats(listener) });
  return server;
}

async function serveWithWorkers(options: ServeOptions): Promise<Server> {
  checkOptions(options);
  limitsOf(options.limits);
  routerOf(options);
  if (options.tls) secureContextOf(options.tls);
  const [, file, ...args] = process.argv;
  if (file === undefined)
    throw new ServeError(
      'OPTION_WRONG',
      'workers: there is no script that workers could run; save it as a file.',
    );
  return await serveScript({ file, args, execArgv: process.execArgv }, options);
}

/** Serves by workers that run `script`, which calls {@link serve}. */
export async function serveScript(
  script: WorkerScript,
  options: Pick<
    ServeOptions,
    'port' | 'hostname' | 'unix' | 'workers' | 'engine' | 'tls' | 'health' | 'drain' | 'silence' | 'accessLog'
  >,
): Promise<Server> {
  const supervisor = new Supervisor({
    script,
    workers: options.workers ?? 1,
    where: listenAt(options),
    tls: options.tls ?? null,
    native: chooseEngine(options).native,
    saysStopping: options.health !== undefined,
    drain: options.drain ?? defaultDrain,
    silence: options.silence ?? 10_000,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  await supervisor.start();
  const stopReopening = onReopen(options, () => supervisor.reopen());
  return {
    url: supervisor.url,
    async stop() {
      stopReopening();
      await supervisor.stop();
    },
    reload: (how) => supervisor.reload(how),
    stats: () => supervisor.stats(),
  };
}

/** What a process needs to serve, wherever its connections come from. */
async function prepared(
  options: ServeOptions,
  figures: () => Promise<Stats>,
  forward: Forward | null = null,
) {
  checkOptions(options);
  const { engine, reason } = chooseEngine(options);
  const limits = withinDescriptors(limitsOf(options.limits));
  const router = routerOf(options);
  const sockets = options.websocket ? await WebSockets.from(options.websocket) : null;
  const log = options.accessLog === undefined ? null : await AccessLog.to(options.accessLog);
  const application = new Application({
    router,
    sockets,
    log,
    trusted: options.trust ? new TrustedProxies(options.trust) : null,
    figures,
    fetch: options.fetch ?? null,
    forward,
    error: options.error ?? null,
    health: options.health ?? null,
    metrics: options.metrics ?? null,
    inFlight: limits.inFlight,
    report,
  });
  return {
    listen: (where: Where): Promise<Listener> =>
      engine.listen({
        where,
        limits,
        tls: options.tls ?? null,
        onRequest: application.handle,
        onRefused: () => undefined,
      }),
    stopping: (how: { readonly unhealthy: boolean }) => application.stopping(how),
    async settled() {
      await application.settled();
      await log?.end();
    },
    reopen: () => void log?.reopen().catch(report),
    stats(listener: Listener): Stats {
      const { requests, inFlight, overloaded, statuses, routes } = application.counters;
      return {
        engine: engine.name,
        engineReason: reason,
        ...listener.counters,
        requests,
        inFlight,
        overloaded,
        logDropped: log?.dropped ?? 0,
        statuses: Object.fromEntries([...statuses.entries()].filter(([, count]) => count > 0)),
        routes: Object.fromEntries([...routes].map(([name, known]) => [name, { ...known }])),
      };
    },
  };
}

/** Whoever rotates logs sends SIGUSR2. Returns what ends the listening to it. */
function onReopen({ accessLog }: Pick<ServeOptions, 'accessLog'>, reopen: () => void): () => void {
  if (accessLog === undefined || process.platform === 'win32') return () => undefined;
  process.on('SIGUSR2', reopen);
  return () => process.off('SIGUSR2', reopen);
}

function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

function routerOf({ routes }: ServeOptions): Router | null {
  return routes ? new Router(routes) : null;
}
