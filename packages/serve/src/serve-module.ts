import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { secureContextOf } from './engine/typescript/tls.ts';
import { ServeError } from './errors.ts';
import { checkOptions } from './options-check.ts';
import { type PythonOptions, checkPythonOptions, pythonTarget, servePython } from './python/serve-python.ts';
import type { ServeOptions, Server } from './options.ts';
import { serveScript } from './serve.ts';

/** What {@link serveModule} takes: what can be said without code. */
export type ServeModuleOptions = Omit<ServeOptions, 'fetch' | 'routes' | 'error' | 'websocket' | 'globals'> &
  PythonOptions;

/**
 * Serves a module's default export (an object with `fetch`, or a function), the files of a folder, or a WSGI or ASGI
 * application of Python (`app.py:app`), with a worker for each core unless `workers` says otherwise.
 *
 * @throws {@link ServeError} `MODULE_MISSING`, `MODULE_WRONG`, and what `serve` throws
 */
export async function serveModule(
  target: string,
  { python, threads, ...options }: ServeModuleOptions = {},
): Promise<Server> {
  checkOptions({ ...options, fetch: noFetch });
  const application = pythonTarget(target);
  checkPythonOptions({ python, threads }, application !== null);
  if (application) return await servePython(application, { ...options, python, threads });
  const file = path.resolve(target);
  if (!statSync(file, { throwIfNoEntry: false }))
    throw new ServeError('MODULE_MISSING', `there is no module and no folder '${target}'.`);
  if (options.tls) secureContextOf(options.tls);
  const { port: _port, hostname: _hostname, unix: _unix, workers = availableParallelism(), ...own } = options;
  const script = {
    file: fileURLToPath(new URL('module-worker.js', import.meta.url)),
    args: [file, JSON.stringify(own)],
    execArgv: process.execArgv,
  };
  return await serveScript(script, { ...options, workers });
}

// Stands for what the module will bring, while its options are checked.
const noFetch = (): never => {
  throw new Error('never called');
};
