import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const started: ChildProcess[] = [];

afterAll(async () => {
  for (const child of started) {
    if (child.exitCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
});

async function start(module: string, options: object): Promise<string> {
  const args = [here('serve-module.mjs'), here(module), JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(child);
  for await (const piece of child.stdout) return String(piece).trim();
  throw new Error(`${module} was not served`);
}

const cases = engines.flatMap((engine) => [
  [engine, { engine }],
  [`${engine}, and the platform’s classes`, { engine, globals: false }],
]) as [string, object][];

describe.each(cases)('with %s', (_, options) => {
  describe('Hono', () => {
    let url: string;
    beforeAll(async () => {
      url = await start('hono-app.mjs', options);
    });

    test('answers, by all workers', async () => {
      const pids = new Set<string | null>();
      while (pids.size < 2) {
        const answer = await fetch(url, { headers: { connection: 'close' } });
        expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
        pids.add(answer.headers.get('x-process'));
      }
    });

    test('reads parameters, queries, JSON and forms with files', async () => {
      expect(await (await fetch(`${url}/user/zo%C3%AB?page=2`)).json()).toEqual({ name: 'zoë', page: '2' });
      const echo = await fetch(`${url}/echo`, { method: 'POST', body: JSON.stringify({ a: ['ö'] }) });
      expect([echo.status, await echo.json()]).toEqual([201, { a: ['ö'] }]);
      const form = new FormData();
      form.set('note', 'größe');
      form.set('file', new File(['content'], 'a.txt', { type: 'text/plain' }));
      expect(await (await fetch(`${url}/form`, { method: 'POST', body: form })).json()).toEqual({
        note: 'größe',
        file: { name: 'a.txt', text: 'content' },
      });
    });

    test('streams, and sends events', async () => {
      expect(await (await fetch(`${url}/stream`)).text()).toBe('one two three');
      const events = await fetch(`${url}/events`);
      expect(events.headers.get('content-type')).toContain('text/event-stream');
      expect(await events.text()).toBe('event: news\ndata: first\n\nevent: news\ndata: last\n\n');
    });

    test('sets cookies, asks for passwords, redirects, and answers for errors', async () => {
      const cookies = await fetch(`${url}/cookie`);
      expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([204, ['a=b', 'c=d']]);
      expect((await fetch(`${url}/private/page`)).status).toBe(401);
      const authorization = `Basic ${btoa('me:secret')}`;
      const page = await fetch(`${url}/private/page`, { headers: { authorization } });
      expect([page.headers.get('content-type'), await page.text()]).toEqual([
        'text/html; charset=UTF-8',
        '<p>private</p>',
      ]);
      const redirect = await fetch(`${url}/redirect`, { redirect: 'manual' });
      expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/']);
      const texts = await Promise.all(
        ['forbidden', 'fail', 'gone'].map(async (name) => {
          const answer = await fetch(`${url}/${name}`);
          return [answer.status, await answer.text()];
        }),
      );
      expect(texts).toEqual([
        [403, 'not you'],
        [500, '{"error":"as asked"}'],
        [404, 'nothing here'],
      ]);
      const head = await fetch(url, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    });
  });

  test('itty-router answers, reads what it is sent, and answers for errors', async () => {
    const url = await start('itty-app.mjs', options);
    expect(await (await fetch(url)).json()).toBe('hello');
    expect(await (await fetch(`${url}/user/zo%C3%AB?page=2`)).json()).toEqual({
      name: 'zo%C3%AB',
      page: '2',
    });
    const echo = await fetch(`${url}/echo`, { method: 'POST', body: JSON.stringify({ a: ['ö'] }) });
    expect(await echo.json()).toEqual({ a: ['ö'] });
    const statuses = await Promise.all(
      ['forbidden', 'fail', 'gone'].map(async (name) => (await fetch(`${url}/${name}`)).status),
    );
    expect(statuses).toEqual([403, 500, 404]);
  });
});
