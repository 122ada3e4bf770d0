import { runReport } from '@whetstone/analyze';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startViewServer, type ViewServer } from '../../src/view/view-server.ts';
import { shopProfile } from './shop-profile.ts';

let folder: string;
let server: ViewServer;
let port: number;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'whetstone-view-'));
  const page = path.join(folder, 'page');
  mkdirSync(path.join(page, 'assets'), { recursive: true });
  writeFileSync(path.join(page, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(path.join(page, 'assets', 'index-1.js'), 'export {};');
  writeFileSync(path.join(page, 'secret.txt'), 'secret');
  const root = path.join(folder, 'project');
  mkdirSync(root);
  writeFileSync(path.join(root, 'app.ts'), 'main();');
  writeFileSync(path.join(root, 'unnamed.ts'), 'secret');
  writeFileSync(path.join(folder, 'outside.ts'), 'secret');
  symlinkSync(path.join(folder, 'outside.ts'), path.join(root, 'link.ts'));
  const files = ['app.ts', 'link.ts', '../outside.ts', 'gone.ts'].map((name) => path.resolve(root, name));
  server = await startViewServer({
    profile: Uint8Array.of(1, 2, 3),
    report: runReport(shopProfile()),
    pageFolder: page,
    sources: { root, files: [...files, `${root}/../project/app.ts`] },
  });
  const url = new URL(server.url);
  port = Number(url.port);
  token = url.searchParams.get('token')!;
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A request exactly as written: `fetch` would tidy up paths and refuse headers. */
function ask(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: target, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

const cookie = () => ({ cookie: `other=1; whetstone-${port}=${token}` });
const source = (file: string) => `/source?file=${encodeURIComponent(path.join(folder, 'project', file))}`;

describe('startViewServer', () => {
  test('gives the page and a cookie for the token', async () => {
    const { status, headers } = await ask(`/?token=${token}`);
    expect(status).toBe(200);
    expect(headers['set-cookie']).toEqual([`whetstone-${port}=${token}; HttpOnly; SameSite=Strict; Path=/`]);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('has a new token of 256 bits for each run', () => {
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  test('serves page, profile and report to the cookie', async () => {
    for (const target of ['/', '/assets/index-1.js', '/report.json']) {
      expect((await ask(target, cookie())).status, target).toBe(200);
    }
    const { body, headers } = await ask('/profile.whet', cookie());
    expect([...body]).toEqual([1, 2, 3]);
    expect(headers['content-length']).toBe('3');
    expect((await ask('/profile.whet', cookie(), 'HEAD')).body).toHaveLength(0);
  });

  test.each([
    ['no token', '/', {}],
    ['a wrong token', '/?token=AAAA', {}],
    ['an empty token', '/?token=', {}],
    ['no cookie', '/profile.whet', {}],
    ['a token where the cookie belongs', '/profile.whet?token=', {}],
  ])('refuses %s', async (_, target, headers) => {
    const given = target.endsWith('.whet?token=') ? target + token : target;
    expect((await ask(given, headers)).status).toBe(403);
  });

  test.each(['evil.example', 'localhost.evil.example:80', '127.0.0.1', 'localhost', '[::1]'])(
    'refuses the host %s',
    async (host) => {
      expect((await ask('/profile.whet', { ...cookie(), host })).status).toBe(403);
    },
  );

  test('answers to localhost by name', async () => {
    expect((await ask('/profile.whet', { ...cookie(), host: `localhost:${port}` })).status).toBe(200);
  });

  test.each(['http://evil.example', 'null', 'https://127.0.0.1'])('refuses the origin %s', async (origin) => {
    expect((await ask('/profile.whet', { ...cookie(), origin })).status).toBe(403);
  });

  test('takes its own origin', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect((await ask('/profile.whet', { ...cookie(), origin })).status).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await ask('/profile.whet', cookie(), method)).status).toBe(403);
  });

  test.each([
    '/assets/',
    '/assets',
    '/secret.txt',
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/..%2fproject/app.ts',
    '/index.html/',
    '/package.json',
    '//evil.example/',
    '/__proto__',
  ])('refuses %s', async (target) => {
    const { status, body } = await ask(target, cookie());
    expect(status).toBe(403);
    expect(body.toString()).not.toContain('secret');
  });

  test('serves a source that the profile names below the root', async () => {
    const { status, body, headers } = await ask(source('app.ts'), cookie());
    expect([status, body.toString(), headers['content-type']]).toEqual([
      200,
      'main();',
      'text/plain; charset=utf-8',
    ]);
  });

  test.each(['unnamed.ts', 'link.ts', '../outside.ts', 'gone.ts', '.', ''])(
    'refuses the source %s',
    async (file) => {
      const { status, body } = await ask(source(file), cookie());
      expect(status).toBe(403);
      expect(body.toString()).not.toContain('secret');
    },
  );

  test('lists the sources that it serves', async () => {
    const { body } = await ask('/sources.json', cookie());
    const project = path.join(folder, 'project');
    expect(JSON.parse(body.toString())).toEqual([
      path.join(project, 'app.ts'),
      `${project}/../project/app.ts`,
    ]);
  });

  test('listens on 127.0.0.1 alone, and frees the port at the end', async () => {
    const other = await startViewServer({
      profile: new Uint8Array(),
      report: runReport(shopProfile()),
      pageFolder: path.join(folder, 'page'),
    });
    expect(new URL(other.url).hostname).toBe('127.0.0.1');
    await other.close();
    await expect(fetch(other.url)).rejects.toThrow();
  });
});
