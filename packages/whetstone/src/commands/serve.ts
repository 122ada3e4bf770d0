import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import { type ServeModuleOptions, type Server, buildNativeEngine, serveModule } from '@whetstone/serve';
import type { Command } from '../commands.ts';
import { parseOptions, readCount, readDuration } from '../options.ts';
import { safeText } from '../terminal/safe-text.ts';
import { UsageError } from '../usage-error.ts';

/** Saving a file often writes several times: this long after the last, milliseconds. */
const settleTime = 100;

/** `whetstone serve`: a module's `fetch`, the files of a folder, or a Python application, on every core. */
export const serveCommand: Command = {
  usage: '[options] <module|folder|app.py:app>',
  summary: "Serve a module's fetch, a folder, or a WSGI or ASGI application, on every core.",
  completes: 'file',
  options: [
    {
      name: 'port',
      value: 'PORT',
      read: readPort,
      help: 'Listen on this port; 0 takes a free one. Default 3000.',
    },
    { name: 'host', value: 'HOST', help: 'Listen on this address. Default 127.0.0.1.' },
    { name: 'unix', value: 'PATH', help: 'Listen on a unix socket instead.' },
    {
      name: 'workers',
      value: 'N',
      read: readCount,
      help: 'Processes that serve. Default: one for each core.',
    },
    {
      name: 'engine',
      value: 'ENGINE',
      help: 'native (Linux on x64, without TLS), typescript, or auto: native where it is built. Default auto.',
    },
    {
      name: 'build',
      help: 'Build the native engine with the C++ compiler of this machine, and serve nothing.',
    },
    {
      name: 'threads',
      value: 'N',
      read: readCount,
      help: 'Requests that one Python process of a WSGI application has at once. Default 1.',
    },
    {
      name: 'python',
      value: 'FILE',
      help: 'The Python to serve app.py:app with. Default: the active environment, or python3.',
    },
    {
      name: 'cert',
      value: 'FILE',
      help: 'Speak TLS (HTTP/2 and HTTP/1.1) with this certificate, and --key.',
    },
    { name: 'key', value: 'FILE', help: 'The key of --cert.' },
    { name: 'health', value: 'PATH', help: 'Answer this path with 200, such as /healthz.' },
    {
      name: 'metrics',
      value: 'PATH',
      help: 'Answer this path with figures for Prometheus, such as /metrics.',
    },
    {
      name: 'access-log',
      value: 'FILE',
      help: 'Write a line of JSON for each answer. SIGUSR2 opens it again.',
    },
    {
      name: 'trust',
      value: 'ADDRESS',
      many: true,
      help: 'Believe what this proxy or network says in Forwarded and X-Forwarded-*. May stand more than once.',
    },
    {
      name: 'limit',
      value: 'NAME=N',
      many: true,
      help: 'Set a limit, such as bodyBytes=100000000 or idleTime=5000 (milliseconds). May stand more than once.',
    },
    {
      name: 'drain',
      value: 'TIME',
      read: readDuration('s'),
      help: 'Give the requests under way so long when the server stops or reloads. Default 10s.',
    },
    { name: 'watch', help: 'Reload when a file beside the module changes.' },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, serveCommand.options, { stopAtFirst: false });
    const [target] = rest;
    if (options.has('build')) return await build(rest);
    if (target === undefined || rest.length > 1)
      throw new UsageError(
        'serve takes one module, folder or Python application: whetstone serve app.ts, or app.py:app.',
      );
    const text = (name: string) => options.get(name) as string | undefined;
    const cert = text('cert');
    const key = text('key');
    if ((cert === undefined) !== (key === undefined))
      throw new UsageError(
        `--${cert === undefined ? 'key' : 'cert'} needs --${cert === undefined ? 'cert' : 'key'} beside it.`,
      );
    const given: Record<keyof ServeModuleOptions, unknown> | object = {
      port: options.get('port'),
      hostname: text('host'),
      unix: text('unix'),
      workers: options.get('workers'),
      threads: options.get('threads'),
      python: text('python'),
      engine: text('engine'),
      health: text('health'),
      metrics: text('metrics'),
      accessLog: text('access-log'),
      trust: options.get('trust'),
      limits: options.has('limit') ? limitsIn(options.get('limit') as readonly string[]) : undefined,
      drain: options.has('drain') ? (options.get('drain') as number) / 1000 : undefined,
      ...(cert !== undefined && key !== undefined ? { tls: { cert, key } } : {}),
    };
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    // Whoever tells too early that code or log have changed must not end the server: it is about to read both.
    for (const signal of ['SIGHUP', 'SIGUSR2'] as const)
      if (process.platform !== 'win32') process.on(signal, () => undefined);
    const server = await serveModule(target, known).catch((error: unknown) => {
      throw commandError(error);
    });
    const { engine, engineReason, workers } = await server.stats();
    process.stdout.write(
      `Serving ${target} on ${server.url} with ${workers!.serving} ${workers!.serving === 1 ? 'worker' : 'workers'}, engine ${engine} (${engineReason}). Ctrl-C ends.\n`,
    );
    // Whoever edits wants to see the new code; whoever serves wants no request lost.
    const watcher = options.has('watch') ? watching(target, reloading(server, { now: true })) : null;
    process.on('SIGHUP', reloading(server, { now: false }));
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    });
    watcher?.close();
    await server.stop();
    return 0;
  },
};

async function build(rest: readonly string[]): Promise<number> {
  if (rest.length > 0)
    throw new UsageError('serve --build takes no module: it builds the native engine, and ends.');
  const file = await buildNativeEngine().catch((error: unknown) => {
    throw commandError(error);
  });
  process.stdout.write(`Built the native engine: ${file}\n`);
  return 0;
}

/** Reloads; asked again meanwhile, once more after it: what has changed since would not be seen. */
function reloading(server: Server, how: { readonly now: boolean }): () => void {
  let under = false;
  let again = false;
  const reload = async (): Promise<void> => {
    under = true;
    do {
      again = false;
      try {
        await server.reload(how);
        process.stdout.write('Reloaded.\n');
      } catch (error) {
        process.stderr.write(`Not reloaded, the old code serves on: ${safeText((error as Error).message)}\n`);
      }
    } while (again);
    under = false;
  };
  return () => {
    if (under) again = true;
    else void reload();
  };
}

function watching(target: string, changed: () => void): FSWatcher {
  const file = target.replace(/\.py:[\w.]+$/, '.py');
  const folder = statSync(file).isDirectory() ? file : path.dirname(path.resolve(file));
  let timer: NodeJS.Timeout | undefined;
  return watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && /(?:^|[/\\])(?:node_modules|__pycache__|\.[^/\\]+)(?:[/\\]|$)/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(changed, settleTime);
  });
}

/** A wrong command line ends with 2, what fails with 1. */
function commandError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'OPTION_WRONG' || code === 'MODULE_MISSING') return new UsageError(`serve: ${message}`);
  if (error instanceof Error && error.name === 'ServeError') return new ServeCommandError(error);
  return error;
}

/** What keeps a server from serving. */
class ServeCommandError extends Error {
  override readonly name = 'ServeCommandError';
  readonly code = 'SERVE_FAILED';
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** `bodyBytes=100` and so on; which names there are the server knows. */
function limitsIn(given: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    given.map((text) => {
      const match = /^(\w+)=(\d+)$/.exec(text);
      if (!match)
        throw new UsageError(`--limit is '${text}', and takes a name and a number: bodyBytes=100000000.`);
      return [match[1]!, Number(match[2])];
    }),
  );
}

function readPort(text: string, name: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`${name} is '${text}', and takes a port from 0 to 65535.`);
  return port;
}
