import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ServeError } from '../errors.ts';
import type { ServeOptions, Server } from '../options.ts';
import { serve } from '../serve.ts';
import { PythonPool } from './python-pool.ts';

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
  options: Omit<ServeOptions, 'fetch' | 'routes' | 'error' | 'websocket' | 'globals' | 'silence'> & {
    readonly python?: string;
  },
): Promise<Server> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ServeError('MODULE_MISSING', `there is no module '${file}'.`);
  const { workers = availableParallelism(), python = defaultPython(), ...own } = options;
  const pool = new PythonPool({
    python,
    target: `${path.resolve(file)}:${name}`,
    workers,
    drain: own.drain ?? 10_000,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  await pool.start();
  let server: Server;
  try {
    server = await serve({ ...own, fetch: pool.handle as never });
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
