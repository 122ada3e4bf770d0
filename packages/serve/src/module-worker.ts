// What each worker of `whetstone serve` runs: `module-worker.js <module or folder> <options as JSON>`.
import { statSync } from 'node:fs';
import { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ServeError } from './errors.ts';
import { installGlobals } from './fetch/install.ts';
import { files } from './files/files.ts';
import type { ServeOptions } from './options.ts';
import { runsTypeScript } from './runs-typescript.ts';
import { serve } from './serve.ts';
import { tellFailure } from './supervisor/in-worker.ts';

const [target, options] = process.argv.slice(2) as [string, string];
// A module that never ends loading must not outlive its supervisor.
const onGone = () => process.exit(0);
process.on('disconnect', onGone);
if (!process.connected) onGone();
try {
  const app = statSync(target).isDirectory() ? { fetch: files(target) } : await appOf(target);
  await serve({ ...app, ...(JSON.parse(options) as ServeOptions) });
  // From here on what is under way ends first.
  process.off('disconnect', onGone);
} catch (error) {
  await tellFailure(error);
  process.exit(1);
}

/** What a module serves: its default export. @throws {@link ServeError} `MODULE_WRONG` */
async function appOf(file: string): Promise<ServeOptions> {
  // Before the module runs, as it may keep the classes that it finds.
  installGlobals();
  if (!(await runsTypeScript())) register(new URL('typescript-hooks.js', import.meta.url));
  const name = path.relative(process.cwd(), file);
  const loaded = (await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw new ServeError('MODULE_WRONG', `${name} fails when it is loaded: ${shortly(error)}.`);
  })) as { readonly default?: unknown };
  const app = loaded.default;
  if (typeof app === 'function') return { fetch: app as NonNullable<ServeOptions['fetch']> };
  const given = (typeof app === 'object' && app !== null ? app : {}) as ServeOptions;
  // Routers of frameworks have `routes` that are lists of their own, and some answer to whatever name they are asked for.
  const has = (name: keyof ServeOptions, type: 'function' | 'object') =>
    name in given && typeof given[name] === type && !Array.isArray(given[name]);
  const named = typeof given.fetch === 'function';
  const routed = has('routes', 'object');
  if (!named && !routed)
    throw new ServeError(
      'MODULE_WRONG',
      `${name} has no fetch to serve: give it \`export default { fetch(request) { return new Response('hello'); } }\`.`,
    );
  return {
    ...(named ? { fetch: given.fetch!.bind(given) } : {}),
    ...(routed ? { routes: given.routes! } : {}),
    ...(has('error', 'function') ? { error: given.error!.bind(given) } : {}),
    ...(has('websocket', 'object') ? { websocket: given.websocket! } : {}),
  };
}

/** The message and the place in the user's code: `TypeError: boom, at app.ts:1:7`. */
function shortly(error: unknown): string {
  const [message = ''] = String(error).split('\n', 1);
  const stack = error instanceof Error ? (error.stack ?? '') : String(error);
  const place = /file:\/\/(\S+?\.[mc]?[jt]s(?::\d+)*)/.exec(stack)?.[1];
  if (place === undefined || place.includes('module-worker')) return stack.replace(/\s+/g, ' ').trim();
  return `${message.trim()}, at ${path.relative(process.cwd(), place)}`;
}
