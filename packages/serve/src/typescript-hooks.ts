import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoadHook, ResolveHook } from 'node:module';
import { transformSync } from 'amaro';

// For Node before 22.18, which runs no TypeScript: registered by `module-worker.ts`, run in Node's hooks thread.

/** Finds `./x.ts` where a module names `./x.js`, as the compiler does. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const match = /^(\.{1,2}\/.*)\.(m?)js$/.exec(specifier);
    if (!missing || !match) throw error;
    return await next(`${match[1]}.${match[2]}ts`, context);
  }
};

/** Runs `.ts` and `.mts` as modules. */
export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith('file:') || !/\.m?ts(?:\?|$)/.test(url)) return await next(url, context);
  const file = fileURLToPath(url.replace(/\?.*$/, ''));
  const { code } = transformSync(await readFile(file, 'utf8'), { mode: 'transform', filename: file });
  return { format: 'module', source: code, shortCircuit: true };
};
