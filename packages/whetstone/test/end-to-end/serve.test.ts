import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const command = fileURLToPath(new URL('../../bin/whetstone.js', import.meta.url));
const noPython = spawnSync('python3', ['--version']).error !== undefined;
if (noPython) process.stderr.write('A test of whetstone serve is skipped: there is no python3.\n');

let folder: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'whetstone-serve-'));
  write('package.json', '{ "type": "module" }');
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // With its workers, should it not end by itself.
    const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 15_000);
    await ended;
    clearTimeout(late);
  }
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);

/** Starts `whetstone serve …` in the folder. */
const run = (...args: string[]) => launch('serve', ...args);

/** Starts `whetstone …` in the folder. */
function launch(...args: string[]) {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  const output = { stdout: '', stderr: '' };
  const changed: (() => void)[] = [];
  const note = (stream: 'stdout' | 'stderr') => (piece: Buffer) => {
    output[stream] += String(piece);
    for (const wake of changed.splice(0)) wake();
  };
  child.stdout.on('data', note('stdout'));
  child.stderr.on('data', note('stderr'));
  child.on('exit', () => {
    for (const wake of changed.splice(0)) wake();
  });
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${output.stderr}`);
      await new Promise<void>((resolve) => changed.push(resolve));
    }
  };
  return {
    child,
    output,
    until,
    async url() {
      await until(() => output.stdout.includes('\n'));
      return /on (http\S+) with/.exec(output.stdout)![1]!;
    },
    async ended() {
      if (child.exitCode === null) await once(child, 'exit');
      return { code: child.exitCode, stderr: output.stderr };
    },
  };
}

test('serves the default export of a TypeScript module on many workers, and ends by SIGTERM', async () => {
  write('greet.ts', 'export const greet = (name: string): string => `hello ${name}`;');
  write(
    'app.ts',
    `import { greet } from './greet.ts';
     export default {
       async fetch(request: Request): Promise<Response> {
         const { pathname } = new URL(request.url);
         return Response.json([greet(pathname), request instanceof Request, new Response('') instanceof Response, process.pid]);
       },
     };`,
  );
  const served = run('app.ts', '--port', '0', '--workers', '2');
  const url = await served.url();
  expect(served.output.stdout).toMatch(
    /^Serving app\.ts on http:\/\/127\.0\.0\.1:\d+ with 2 workers, engine (?:native|typescript) \(.+\)\. Ctrl-C ends\.\n/,
  );
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => (await (await fetch(`${url}/you`)).json()) as unknown[]),
  );
  expect(answers[0]!.slice(0, 3)).toEqual(['hello /you', true, true]);
  expect(new Set(answers.map(([, , , pid]) => pid)).size).toBe(2);
  served.child.kill('SIGTERM');
  expect((await served.ended()).code).toBe(0);
});

test('serves a folder, with health and metrics', async () => {
  write('index.html', '<h1>here</h1>');
  const served = run('.', '--port', '0', '--workers', '1', '--health', '/healthz', '--metrics', '/metrics');
  const url = await served.url();
  expect(await (await fetch(url)).text()).toBe('<h1>here</h1>');
  expect((await fetch(`${url}/package.json`)).headers.get('content-type')).toContain('json');
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('serve_workers 1\n');
});

test('reloads what changes with --watch, and keeps what works', async () => {
  write('app.js', "export default () => new Response('one');");
  const served = run('app.js', '--port', '0', '--workers', '1', '--watch');
  const url = await served.url();
  // A connection that was kept is closed by the reload; whoever finds it so connects again.
  const text = async () => await (await fetch(url).catch(() => fetch(url))).text();
  expect(await text()).toBe('one');
  write('app.js', "export default () => new Response('two');");
  await served.until(() => served.output.stdout.includes('Reloaded.'));
  expect(await text()).toBe('two');
  write('app.js', 'export default (');
  await served.until(() =>
    served.output.stderr.includes('Not reloaded, the old code serves on: app.js fails'),
  );
  expect(await text()).toBe('two');
});

test.each([
  [
    'a module without fetch',
    { 'app.js': 'export default {};' },
    ['app.js', '--port', '0'],
    1,
    'app.js has no fetch to serve',
  ],
  [
    'a module that fails',
    { 'app.js': "throw new TypeError('boom');" },
    ['app.js', '--port', '0'],
    1,
    'app.js fails when it is loaded: TypeError: boom, at app.js:1:7',
  ],
  ['a module that is missing', {}, ['gone.ts'], 2, "no module and no folder 'gone.ts'"],
  ['nothing', {}, [], 2, 'serve takes one module, folder or Python application'],
  ['an unknown option', {}, ['.', '--prot', '3'], 2, "no option '--prot'. Did you mean --port?"],
  ['a wrong port', {}, ['.', '--port', '70000'], 2, "--port is '70000'"],
  ['a limit without a number', {}, ['.', '--limit', 'bodyBytes'], 2, "--limit is 'bodyBytes', and takes"],
  [
    'an unknown limit',
    {},
    ['.', '--limit', 'bodyByte=3'],
    2,
    "there is no limit 'bodyByte'; there are headerBytes",
  ],
  [
    'limits that contradict each other',
    {},
    ['.', '--limit', 'connections=10', '--limit', 'inFlight=20'],
    2,
    'limits.inFlight is 20 and limits.connections 10',
  ],
  ['a certificate without its key', {}, ['.', '--cert', 'cert.pem'], 2, '--cert needs --key'],
  [
    'a certificate that is missing',
    {},
    ['.', '--cert', 'cert.pem', '--key', 'key.pem'],
    1,
    "tls.cert is 'cert.pem', which cannot be read",
  ],
  [
    'two places',
    {},
    ['.', '--unix', 'socket', '--port', '3000'],
    2,
    'give unix, or port and hostname, not both',
  ],
] as const)('%s is one line and an exit code', async (_, files, args, code, message) => {
  for (const [name, content] of Object.entries(files)) write(name, content);
  const ended = await run(...args).ended();
  expect(ended.stderr).toContain(message);
  expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(ended.code).toBe(code);
});

test('holds to the limits that are given, and names the lines of TypeScript that fail', async () => {
  write(
    'app.ts',
    `interface Thing {
       readonly a: string;
     }

     export default {
       async fetch(request: Request): Promise<Response> {
         const thing = { a: await request.text() } satisfies Thing;
         if (thing.a === 'fail') throw new Error('as asked');
         return new Response(thing.a);
       },
     };`,
  );
  const served = run('app.ts', '--port', '0', '--workers', '1', '--limit', 'bodyBytes=5', '--drain', '2s');
  const url = await served.url();
  const post = async (body: string) => (await fetch(url, { method: 'POST', body })).status;
  expect([await post('short'), await post('longer')]).toEqual([200, 413]);
  expect(await post('fail')).toBe(500);
  await served.until(() => /Error: as asked\n.*app\.ts:8:/.test(served.output.stderr));
});

test('under the profiler the hottest line is that of the handler which computes', async () => {
  write(
    'app.ts',
    `interface Sum {
       readonly sum: number;
     }
     export default {
       fetch(request: Request): Response {
         if (request.url.endsWith('/end')) process.kill(process.ppid, 'SIGTERM');
         let sum = 0;
         for (let n = 0; n < 20_000_000; n++) sum += Math.sqrt(n);
         const made: Sum = { sum };
         return Response.json(made);
       },
     };`,
  );
  const served = [process.execPath, command, 'serve', 'app.ts', '--port', '0', '--workers', '1'];
  const measured = launch('run', '--no-save', '--quiet', '--json', 'report.json', ...served);
  const url = await measured.url();
  for (let n = 0; n < 20; n++) expect((await fetch(url)).status).toBe(200);
  await fetch(`${url}/end`);
  expect((await measured.ended()).code).toBe(0);
  const { lines } = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as {
    lines: { file: string; line: number; function: string }[];
  };
  expect(lines[0]).toMatchObject({ file: 'app.ts', line: 8, function: 'fetch' });
});

test.skipIf(noPython)('serves an application of Python, and reloads it', async () => {
  const application = (text: string) =>
    `def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'${text}']\n`;
  write('app.py', application('one'));
  const served = run('app.py:app', '--port', '0', '--workers', '2', '--watch');
  const url = await served.url();
  expect(served.output.stdout).toContain('with 2 workers');
  expect(await (await fetch(url)).text()).toBe('one');
  write('app.py', application('two'));
  await served.until(() => served.output.stdout.includes('Reloaded.'));
  expect(await (await fetch(url)).text()).toBe('two');
  served.child.kill('SIGTERM');
  expect((await served.ended()).code).toBe(0);
});

test('a port in use is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as import('node:net').AddressInfo;
  const ended = await run('.', '--port', String(port)).ended();
  other.close();
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(`127.0.0.1:${port} is in use`) });
});
