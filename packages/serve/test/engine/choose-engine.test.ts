import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { serve } from '@whetstone/serve';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engines } from './engines.ts';

const run = promisify(execFile);
const here = path.resolve(import.meta.dirname, '../..');
let folder: string;

// The package as it is installed, without the native library.
beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'whetstone-engine-')));
  for (const name of ['dist', 'native', 'package.json'])
    cpSync(path.join(here, name), path.join(folder, name), { recursive: true });
  rmSync(path.join(folder, 'dist/native'), { recursive: true, force: true });
  const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
  symlinkSync(path.resolve(headers, '../..'), path.join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program printed that has the package's exports as `serve`. */
async function printed(code: string): Promise<string> {
  const program = `const serve = await import(${JSON.stringify(path.join(folder, 'dist/index.js'))}); ${code}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  return stdout;
}

const stats = `
  const server = await serve.serve({ port: 0, fetch: () => new serve.Response('hello'), engine: process.argv[1] ?? 'auto' });
  const text = await (await fetch(server.url)).text();
  const { engine, engineReason } = await server.stats();
  console.log(text, engine, '|', engineReason);
  await server.stop();`;

test('takes the TypeScript engine where there is no other, and says so', async () => {
  expect(await printed(stats)).toMatch(/^hello typescript \| no native one: .+\n$/);
});

test('fails with the reason where the native engine is asked for and missing', async () => {
  const code = `await serve.serve({ port: 0, fetch() {}, engine: 'native' }).catch((error) => console.log(error.code, error.message))`;
  expect(await printed(code)).toMatch(
    /^ENGINE_MISSING engine is 'native', and the native engine cannot be had: .+\.\n$/,
  );
});

// Whoever has no compiler is told of it by `engines`.
test.skipIf(!engines.includes('native'))('builds the native engine, and takes it from then on', async () => {
  const file = path.join(folder, 'dist/native/linux-x64.node');
  expect(await printed('console.log(await serve.buildNativeEngine())')).toBe(`${file}\n`);
  expect(await printed(stats)).toBe('hello native | it is built here\n');
});

test('takes the TypeScript engine where it is asked for', async () => {
  const server = await serve({ port: 0, engine: 'typescript', fetch: () => new Response('hello') });
  expect(await server.stats()).toMatchObject({ engine: 'typescript', engineReason: 'asked for' });
  await server.stop();
});

test('takes no native engine with TLS', async () => {
  const tls = { cert: 'cert.pem', key: 'key.pem' };
  await expect(serve({ engine: 'native', tls, fetch: () => new Response('') })).rejects.toMatchObject({
    code: 'OPTION_WRONG',
  });
});
