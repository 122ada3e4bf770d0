import { createHash } from 'node:crypto';
import { serveModule } from '@whetstone/serve';
import { describe, expect, test } from 'vitest';
import { RawClient } from '../engine/client.ts';
import { engines } from '../engine/engines.ts';
import { apps, found, servers, start, stderrOf, text, until } from './serving.ts';

const kinds = [
  ...engines.flatMap((engine) => [['wsgi', engine] as const, ['asgi', engine] as const]),
  ['application', 'typescript'] as const,
];

describe.skipIf(!found).each(kinds)('%s behind the engine %s', (name, engine) => {
  test('answers, on every process', async () => {
    const url = await start(name, { engine });
    const pids = new Set(await Promise.all(Array.from({ length: 8 }, () => text(`${url}/slow`))));
    expect(pids.size).toBe(2);
  });

  test('gets a body whole, and gives status, headers and body', async () => {
    const url = await start(name, { engine });
    const body = Buffer.alloc(3_000_000, 'body ');
    const response = await fetch(`${url}/echo`, { method: 'POST', body });
    expect([response.status, response.headers.get('x-length')]).toEqual([201, '3000000']);
    expect(await response.text()).toBe(createHash('sha256').update(body).digest('hex'));
  });

  test('streams, and answers HEAD', async () => {
    const url = await start(name, { engine });
    expect((await (await fetch(`${url}/pieces`)).arrayBuffer()).byteLength).toBe(5_000_000);
    expect((await fetch(`${url}/pieces`, { method: 'HEAD' })).status).toBe(200);
    expect(await text(`${url}/`)).toMatch(/^\d+$/);
  });

  test('waits for a slow client without holding more than a window', async () => {
    const url = await start(name, { engine, workers: 1 });
    const client = await RawClient.to(url);
    client.socket.pause();
    client.send('GET /pieces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resume();
    expect((await client.untilClosed()).length).toBeGreaterThan(5_000_000);
    client.close();
    expect(await text(url)).toMatch(/^\d+$/);
  });

  test('serves on when clients leave, their requests waiting, begun, or half answered', async () => {
    const url = await start(name, { engine, workers: 1 });
    for (let round = 0; round < 3; round++) {
      const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.to(url)));
      for (const [n, client] of clients.entries())
        client.send(`GET ${['/', '/slow', '/pieces'][n % 3]} HTTP/1.1\r\nHost: h\r\n\r\n`);
      await clients[0]!.untilText('200 OK');
      for (const client of clients) client.close();
      expect(await text(url)).toMatch(/^\d+$/);
    }
    await until(async () => (await servers[0]!.stats()).inFlight === 0);
  });

  test('that fails is answered for with 500, and its traceback is printed', async () => {
    const url = await start(name, { engine });
    const written = await stderrOf(async () => {
      const response = await fetch(`${url}/fails`);
      expect([response.status, await response.text()]).toEqual([500, 'internal error\n']);
      expect((await fetch(`${url}/silent`)).status).toBe(500);
    });
    expect(written).toContain('ValueError: secret');
    expect(await text(url)).toMatch(/^\d+$/);
  });

  test('is replaced when its process ends', async () => {
    const url = await start(name, { engine, workers: 1 });
    const before = await text(url);
    const written = await stderrOf(async () => {
      expect((await fetch(`${url}/crash`)).status).toBe(500);
      expect(await text(url)).not.toBe(before);
    });
    expect(written).toMatch(/Python worker \d+ ended by exit code 3; another is started/);
  });

  test('reloads without losing a request', async () => {
    const url = await start(name, { engine });
    const before = new Set([await text(url), await text(url)]);
    let failed = 0;
    const run = { on: true };
    const clients = Array.from({ length: 4 }, async () => {
      while (run.on) if ((await fetch(url)).status !== 200) failed++;
    });
    await servers[0]!.reload();
    run.on = false;
    await Promise.all(clients);
    expect(failed).toBe(0);
    expect(before.has(await text(url))).toBe(false);
  });
});

describe.skipIf(!found)('a WSGI application', () => {
  test('sees what it should of a request', async () => {
    const url = await start('wsgi');
    const headers = { 'x-a': 'b', 'x-under_score': 'no', cookie: 'c=d' };
    const environ = (await (await fetch(`${url}/environ?q=%20`, { headers })).json()) as Record<
      string,
      unknown
    >;
    expect(environ).toMatchObject({
      REQUEST_METHOD: 'GET',
      PATH_INFO: '/environ',
      QUERY_STRING: 'q=%20',
      HTTP_X_A: 'b',
      HTTP_COOKIE: 'c=d',
      REMOTE_ADDR: '127.0.0.1',
      SERVER_NAME: '127.0.0.1',
      SERVER_PORT: new URL(url).port,
      'wsgi.url_scheme': 'http',
    });
    expect(environ).not.toHaveProperty('HTTP_X_UNDER_SCORE');
  });

  test('may write, fail late, and cannot smuggle a header', async () => {
    const url = await start('wsgi');
    expect(await text(`${url}/written`)).toBe('one two');
    await stderrOf(async () => {
      await expect(text(`${url}/fails-late`)).rejects.toThrow();
      const injected = await fetch(`${url}/injected`);
      expect([injected.status, injected.headers.getSetCookie()]).toEqual([500, []]);
    });
    expect((await fetch(`${url}/echo`, { method: 'POST', body: 'x' })).headers.getSetCookie()).toEqual([
      'a=1',
      'b=2',
    ]);
  });
});

describe.skipIf(!found)('an ASGI application', () => {
  test('sees what it should of a request, and has been started', async () => {
    const url = await start('asgi', { workers: 1 });
    const scope = (await (await fetch(`${url}/scope?q=1`, { headers: { 'x-a': 'b' } })).json()) as Record<
      string,
      unknown
    >;
    expect(scope).toMatchObject({
      type: 'http',
      method: 'GET',
      path: '/scope',
      query_string: 'q=1',
      scheme: 'http',
    });
    expect(scope['headers']).toContainEqual(['x-a', 'b']);
    expect(await text(`${url}/started`)).toBe('1');
  });

  test('is told when its client leaves', async () => {
    const url = await start('asgi', { workers: 1 });
    const client = await RawClient.to(url);
    client.send('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(async () => (await servers[0]!.stats()).inFlight === 1);
    client.close();
    await until(async () => (await text(`${url}/left`)) === '1');
  });

  test('has many requests at once in one process', async () => {
    const url = await start('asgi', { workers: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => text(`${url}/together`)));
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'all here'));
  });
});

test.skipIf(!found).each([
  [`${apps}:none`, 'MODULE_WRONG', "apps.py has no 'none'"],
  [`${apps}:text`, 'MODULE_WRONG', "'text' in apps.py cannot be called: it is str"],
  [apps.replace('apps', 'broken') + ':app', 'MODULE_WRONG', 'RuntimeError: broken when loaded'],
  ['/no/such.py:app', 'MODULE_MISSING', "there is no module '/no/such.py'"],
])('%s is refused, and why is said', async (target, code, message) => {
  await expect(serveModule(target, { port: 0 })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});
