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
  return { format: 'module', source: javaScriptOf(await readFile(file, 'utf8'), file), shortCircuit: true };
};

/** Blanks take the place of types, so that errors and profiles name the lines that the user wrote. */
function javaScriptOf(source: string, filename: string): string {
  try {
    return transformSync(source, { mode: 'strip-only', filename }).code;
  } catch {
    // Enums, namespaces and the like are more than types; what is no TypeScript at all throws again.
    const { code, map } = transformSync(source, { mode: 'transform', filename, sourceMap: true });
    return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map!).toString('base64')}\n`;
  }
}
