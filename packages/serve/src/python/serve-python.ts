import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ServeError } from '../errors.ts';
import { limitsOf } from '../options-check.ts';
import type { ServeOptions, Server } from '../options.ts';
import { serveAlone } from '../serve.ts';
import { PythonPool } from './python-pool.ts';

/** What a Python application is served with, beside what any server is. */
export interface PythonOptions {
  /** The interpreter. Default: that of the active virtual environment, or else `python3`. */
  readonly python?: string | undefined;
  /** Requests that one process of a WSGI application has at once. Default 1, as not every application can more. */
  readonly threads?: number | undefined;
}

/** More threads of one process only wait for each other. */
const threadsAtMost = 1024;

/** @throws {@link ServeError} `OPTION_WRONG` that names the option and the value */
export function checkPythonOptions({ python, threads }: PythonOptions, isPython: boolean): void {
  const wrong = (message: string) => new ServeError('OPTION_WRONG', message);
  for (const [name, value] of Object.entries({ python, threads }))
    if (value !== undefined && !isPython)
      throw wrong(`${name} is for applications of Python (app.py:app), and this is none.`);
  if (python !== undefined && (typeof python !== 'string' || python === ''))
    throw wrong(`python is '${String(python)}', and must be the path of an interpreter.`);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= threadsAtMost))
    throw wrong(`threads is ${String(threads)}, and must be a whole number from 1 to ${threadsAtMost}.`);
}

/** `app.py:app` cut in two; `null` where it is another kind of target. */
export function pythonTarget(target: string): { readonly file: string; readonly name: string } | null {
  const match = /^(.+\.py):([A-Za-z_][\w.]*)$/.exec(target);
  return match ? { file: match[1]!, name: match[2]! } : null;
}

/** The Python of the virtual environment that is active, or the system's. */
function defaultPython(): string {
  const environment = process.env['VIRTUAL_ENV'];
  return environment ? path.join(environment, 'bin', 'python') : 'python3';
}

/**
 * Serves a WSGI or ASGI application with `workers` Python processes behind this one, which speaks HTTP.
 *
 * @throws {@link ServeError} `MODULE_MISSING`, `MODULE_WRONG`, `PYTHON_MISSING`, and what `serve` throws
 */
export async function servePython(
  { file, name }: { readonly file: string; readonly name: string },
  options: Omit<ServeOptions, 'fetch' | 'routes' | 'error' | 'websocket' | 'globals'> & PythonOptions,
): Promise<Server> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ServeError('MODULE_MISSING', `there is no module '${file}'.`);
  const { workers = availableParallelism(), python = defaultPython(), threads = 1, ...own } = options;
  const pool = new PythonPool({
    python,
    target: `${path.resolve(file)}:${name}`,
    threads,
    workers,
    drain: own.drain ?? 10_000,
    silence: own.silence ?? 10_000,
    handlerTime: limitsOf(own.limits).handlerTime,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  await pool.start();
  let server: Server;
  try {
    server = await serveAlone({ ...own, fetch: noFetch }, pool.forward);
  } catch (error) {
    await pool.stop();
    throw error;
  }
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await pool.stop();
    },
    async reload() {
      await server.reload();
      await pool.reload();
    },
    async stats() {
      const { serving, leaving, restarts } = pool;
      return { ...(await server.stats()), workers: { serving, leaving, restarts } };
    },
  };
}

// Stands where a handler must: every request goes to the pool.
const noFetch = (): never => {
  throw new Error('never called');
};
