import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const command = new URL('../../../packages/whetstone/bin/whetstone.js', import.meta.url).pathname;
const app = new URL('../src/app.ts', import.meta.url).pathname;

let folder: string;
let service: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'shelf-'));
});
afterEach(async () => {
  if (service && service.exitCode === null) {
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    await ended;
  }
  service = null;
  rmSync(folder, { recursive: true });
});

/** Starts the service, as its README does, with a shelf in `folder`; returns its address. */
async function start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<string> {
  const options = ['--port', '0', '--workers', '2', '--health', '/healthz', '--metrics', '/metrics', ...args];
  service = spawn(process.execPath, [command, 'serve', app, ...options], {
    env: { ...process.env, SHELF_FOLDER: path.join(folder, 'shelved'), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const piece of service.stdout!) {
    text += String(piece);
    const url = /on (http\S+) with/.exec(text)?.[1];
    if (url) return url;
  }
  throw new Error(`the service did not start: ${text}`);
}

interface Shelved {
  readonly name: string;
  readonly bytes: number;
  readonly path: string;
}
const list = async (url: string) => (await (await fetch(`${url}/api/files`)).json()) as Shelved[];

/** Reads the server-sent events until a list has these names. */
async function listed(events: ReadableStreamDefaultReader<string>, ...names: string[]): Promise<void> {
  let text = '';
  for (;;) {
    const { done, value } = await events.read();
    if (done) throw new Error('the events ended');
    text += value;
    for (const [, data] of text.matchAll(/^event: list\ndata: (.*)$/gm)) {
      const found = (JSON.parse(data!) as Shelved[]).map(({ name }) => name).sort();
      if (JSON.stringify(found) === JSON.stringify(names)) return;
    }
  }
}

test('takes files, lists them to everybody, hands them out and takes them away', async () => {
  const url = await start();
  const stream = await fetch(`${url}/api/events`);
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  const events = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await listed(events);

  const form = new FormData();
  form.append('file', new File(['one'], 'one.txt'));
  form.append('file', new File(['größer'], 'größe.html', { type: 'text/html' }));
  const posted = await fetch(`${url}/api/files`, { method: 'POST', body: form });
  expect([posted.status, await posted.json()]).toMatchObject([
    201,
    [
      { name: 'one.txt', bytes: 3 },
      { name: 'größe.html', bytes: 8, path: '/files/gr%C3%B6%C3%9Fe.html' },
    ],
  ]);
  await listed(events, 'größe.html', 'one.txt');

  const large = Buffer.alloc(5_000_000, 'abcdefgh');
  const put = await fetch(`${url}/api/files/large.bin`, { method: 'PUT', body: large });
  expect([put.status, await put.json()]).toMatchObject([201, { name: 'large.bin', bytes: 5_000_000 }]);
  expect((await list(url)).map(({ name }) => name).sort()).toEqual(['größe.html', 'large.bin', 'one.txt']);

  const part = await fetch(`${url}/files/large.bin`, { headers: { range: 'bytes=8-15' } });
  expect([part.status, await part.text()]).toEqual([206, 'abcdefgh']);
  // What others put here never runs as a page of the service.
  const page = await fetch(`${url}/files/gr%C3%B6%C3%9Fe.html`);
  expect(await page.text()).toBe('größer');
  expect(page.headers.get('content-disposition')).toBe('attachment');
  expect(page.headers.get('content-security-policy')).toBe('sandbox');

  expect((await fetch(`${url}/api/files/one.txt`, { method: 'DELETE' })).status).toBe(204);
  await listed(events, 'größe.html', 'large.bin');
  expect((await fetch(`${url}/files/one.txt`)).status).toBe(404);
  await events.cancel();
});

test('refuses what would leave the shelf or overfill it, and leaves nothing behind', async () => {
  const url = await start([], { SHELF_BYTES: '1000' });
  const put = async (name: string, body: string) => {
    const answer = await fetch(`${url}/api/files/${name}`, { method: 'PUT', body });
    return [answer.status, ((await answer.json()) as { error?: string }).error];
  };
  expect(await put('%2e%2e%2fout', 'x')).toEqual([400, expect.stringContaining("'../out' is no name")]);
  expect(await put('.hidden', 'x')).toEqual([400, expect.stringContaining("'.hidden' is no name")]);
  expect(await put('fits', 'x'.repeat(900))).toEqual([201, undefined]);
  expect(await put('does-not', 'x'.repeat(200))).toEqual([507, expect.stringContaining('the shelf is full')]);
  const form = new FormData();
  form.append('note', 'no file');
  expect((await fetch(`${url}/api/files`, { method: 'POST', body: form })).status).toBe(400);
  expect((await fetch(`${url}/api/files/not-there`, { method: 'DELETE' })).status).toBe(404);
  expect((await fetch(`${url}/api/files`, { method: 'DELETE' })).status).toBe(405);
  expect(readdirSync(path.join(folder, 'shelved'))).toEqual(['fits']);
  expect(readdirSync(folder)).toEqual(['shelved']);
});

test('serves its page, its health and its figures', async () => {
  const url = await start();
  const page = await (await fetch(url)).text();
  expect(page).toContain('<title>Shelf</title>');
  for (const [, name] of page.matchAll(/(?:href|src)="(\/[^"]+)"/g))
    expect((await fetch(url + name)).status).toBe(200);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('serve_workers 2\n');
});

const noOpenssl = spawnSync('openssl', ['version']).error !== undefined;
if (noOpenssl) process.stderr.write('A test of the shelf is skipped: there is no openssl.\n');

test.skipIf(noOpenssl)('serves by TLS', async () => {
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const what =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'.split(' ');
  execFileSync('openssl', ['req', ...what, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const url = await start(['--cert', cert, '--key', key]);
  expect(url).toMatch(/^https:/);
  const asked = request(`${url}/api/files`, { rejectUnauthorized: false }).end();
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  expect([response.statusCode, text]).toEqual([200, '[]']);
});
