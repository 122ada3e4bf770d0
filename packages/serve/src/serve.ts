import { Application } from './app/application.ts';
import { Router } from './app/router.ts';
import type { Engine, Where } from './engine/engine.ts';
import { typescriptEngine } from './engine/typescript/engine.ts';
import { ServeError } from './errors.ts';
import { checkOptions, limitsOf } from './options-check.ts';
import type { ServeOptions, Server, Stats } from './options.ts';

/**
 * Starts a server; resolves when it listens.
 *
 * @throws {@link ServeError} `OPTION_WRONG`, `ADDRESS_IN_USE`, `LISTEN_FAILED` or `TLS_WRONG`
 */
export async function serve(options: ServeOptions): Promise<Server> {
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
  const engine: Engine = typescriptEngine;
  const where: Where =
    options.unix === undefined
      ? { port: options.port ?? 3000, hostname: options.hostname ?? '127.0.0.1' }
      : { unix: options.unix };
  const listener = await engine
    .listen({
      where,
      limits,
      tls: options.tls ?? null,
      onRequest: application.handle,
      onRefused: () => undefined,
    })
    .catch((error: unknown) => {
      throw error instanceof ServeError ? error : listenError(error, where);
    });
  const { address } = listener;
  let stopped: Promise<void> | null = null;
  return {
    url:
      address === null
        ? ''
        : 'unix' in address
          ? `unix:${address.unix}`
          : `${options.tls ? 'https' : 'http'}://${address.hostname.includes(':') ? `[${address.hostname}]` : address.hostname}:${address.port}`,
    stop() {
      stopped ??= listener.close(options.drain ?? 10_000).then(() => application.settled());
      return stopped;
    },
    async reload() {
      listener.readTls();
    },
    stats() {
      const { requests, inFlight, overloaded, statuses, routes } = application.counters;
      const stats: Stats = {
        engine: engine.name,
        ...listener.counters,
        requests,
        inFlight,
        overloaded,
        statuses: Object.fromEntries(statuses),
        routes: Object.fromEntries([...routes].map(([name, figures]) => [name, { ...figures }])),
      };
      return Promise.resolve(stats);
    },
  };
}

function listenError(error: unknown, where: Where): ServeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const place = where === 'handed' ? '' : 'unix' in where ? where.unix : `${where.hostname}:${where.port}`;
  if (code === 'EADDRINUSE')
    return new ServeError(
      'ADDRESS_IN_USE',
      `${place} is in use by another program: end it, or choose another with ${'unix' in (where as object) ? 'unix' : 'port'}.`,
      { cause: error },
    );
  const reason =
    code === 'EACCES'
      ? 'not permitted; ports below 1024 need root'
      : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
        ? 'this machine has no such address'
        : message;
  return new ServeError('LISTEN_FAILED', `cannot listen on ${place}: ${reason}.`, { cause: error });
}
