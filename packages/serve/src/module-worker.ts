// What each worker of `whetstone serve` runs: `module-worker.js <module or folder> <options as JSON>`.
import { statSync } from 'node:fs';
import { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ServeError } from './errors.ts';
import { installGlobals } from './fetch/install.ts';
import { files } from './files/files.ts';
import type { ServeOptions } from './options.ts';
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
  if (!(process.features as { readonly typescript?: unknown }).typescript)
    register(new URL('typescript-hooks.js', import.meta.url));
  const name = path.relative(process.cwd(), file);
  const loaded = (await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw new ServeError('MODULE_WRONG', `${name} fails when it is loaded: ${shortly(error)}.`);
  })) as { readonly default?: unknown };
  const app = loaded.default;
  if (typeof app === 'function') return { fetch: app as NonNullable<ServeOptions['fetch']> };
  const { fetch, routes, error, websocket } = (app ?? {}) as ServeOptions;
  if (typeof fetch !== 'function' && typeof routes !== 'object')
    throw new ServeError(
      'MODULE_WRONG',
      `${name} has no fetch to serve: give it \`export default { fetch(request) { return new Response('hello'); } }\`.`,
    );
  return {
    ...(fetch ? { fetch: fetch.bind(app as ServeOptions) } : {}),
    ...(routes ? { routes } : {}),
    ...(error ? { error: error.bind(app as ServeOptions) } : {}),
    ...(websocket ? { websocket } : {}),
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
