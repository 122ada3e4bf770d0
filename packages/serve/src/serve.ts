import { Application } from './app/application.ts';
import { Router } from './app/router.ts';
import { typescriptEngine } from './engine/typescript/engine.ts';
import { secureContextOf } from './engine/typescript/tls.ts';
import { ServeError } from './errors.ts';
import { listenAt, listenError, urlOf } from './listen-at.ts';
import { checkOptions, limitsOf } from './options-check.ts';
import type { ServeOptions, Server, Stats } from './options.ts';
import { serveHanded, tellFailure, workerUrl } from './supervisor/in-worker.ts';
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
    tellFailure(error);
    throw error;
  }
}

async function serveAlone(options: ServeOptions): Promise<Server> {
  const { application, listen, stats } = prepared(options);
  const where = listenAt(options);
  const listener = await listen(where).catch((error: unknown) => {
    throw error instanceof ServeError ? error : listenError(error, where);
  });
  const { address } = listener;
  let stopped: Promise<void> | null = null;
  return {
    url: urlOf(address !== null && 'unix' in address ? address.unix : address!, options.tls !== undefined),
    stop() {
      stopped ??= listener.close(options.drain ?? defaultDrain).then(() => application.settled());
      return stopped;
    },
    async reload() {
      listener.readTls();
    },
    stats: () => Promise.resolve(stats(listener)),
  };
}

async function serveInWorker(options: ServeOptions, url: string): Promise<Server> {
  const { application, listen, stats } = prepared(options);
  const listener = await listen('handed');
  return serveHanded(url, listener, {
    stats: () => stats(listener),
    settled: () => application.settled(),
  });
}

async function serveWithWorkers(options: ServeOptions): Promise<Server> {
  checkOptions(options);
  limitsOf(options.limits);
  if (options.routes) new Router(options.routes);
  if (options.tls) secureContextOf(options.tls);
  const [, file, ...args] = process.argv;
  if (file === undefined)
    throw new ServeError(
      'OPTION_WRONG',
      'workers: there is no script that workers could run; save it as a file.',
    );
  const supervisor = new Supervisor({
    script: { file, args, execArgv: process.execArgv },
    workers: options.workers!,
    where: listenAt(options),
    secure: options.tls !== undefined,
    drain: options.drain ?? defaultDrain,
    silence: options.silence ?? 10_000,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  await supervisor.start();
  return supervisor;
}

/** What a process needs to serve, wherever its connections come from. */
function prepared(options: ServeOptions) {
  checkOptions(options);
  const limits = limitsOf(options.limits);
  const application = new Application({
    router: options.routes ? new Router(options.routes) : null,
    fetch: options.fetch ?? null,
    error: options.error ?? null,
    inFlight: limits.inFlight,
    report: (error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    },
  });
  const engine = typescriptEngine;
  type Where = Parameters<typeof engine.listen>[0]['where'];
  type Listener = Awaited<ReturnType<typeof engine.listen>>;
  return {
    application,
    listen: (where: Where) =>
      engine.listen({
        where,
        limits,
        tls: options.tls ?? null,
        onRequest: application.handle,
        onRefused: () => undefined,
      }),
    stats(listener: Listener): Stats {
      const { requests, inFlight, overloaded, statuses, routes } = application.counters;
      return {
        engine: engine.name,
        ...listener.counters,
        requests,
        inFlight,
        overloaded,
        statuses: Object.fromEntries(statuses),
        routes: Object.fromEntries([...routes].map(([name, figures]) => [name, { ...figures }])),
      };
    },
  };
}
