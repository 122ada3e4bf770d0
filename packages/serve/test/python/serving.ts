import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ServeModuleOptions, type Server, serveModule } from '@whetstone/serve';
import { afterEach } from 'vitest';

/** Whether there is a Python to test with; says so where there is none. */
export const found = !spawnSync('python3', ['--version']).error;
if (!found) process.stderr.write('the tests of Python applications are skipped: there is no python3.\n');

export const apps = fileURLToPath(new URL('apps.py', import.meta.url));

/** What the present test serves. */
export const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Serves one of the applications in `apps.py`; resolves to its url. */
export async function start(name: string, options: ServeModuleOptions = {}): Promise<string> {
  const server = await serveModule(`${apps}:${name}`, { port: 0, workers: 2, drain: 1000, ...options });
  servers.push(server);
  return server.url;
}

export const text = async (url: string): Promise<string> => await (await fetch(url)).text();

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** What was written to stderr meanwhile. */
export async function stderrOf(run: () => Promise<void>): Promise<string> {
  const write = process.stderr.write;
  let written = '';
  process.stderr.write = ((chunk: string | Uint8Array) => {
    written += String(chunk);
    return true;
  }) as never;
  try {
    await run();
    return written;
  } finally {
    process.stderr.write = write;
  }
}
