import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  Response,
  type ServeOptions,
  type Server,
  type ServerSentEvent,
  eventStream,
  serve,
} from '@whetstone/serve';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient } from './engine/client.ts';
import { engines } from './engine/engines.ts';

const servers: Server[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

const hello = () => new Response('hello') as never;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each(engines)('the %s engine:', (engine) => {
  async function started(options: ServeOptions): Promise<Server> {
    const server = await serve({ engine, port: 0, drain: 0, ...options });
    servers.push(server);
    return server;
  }

  describe('health and metrics', () => {
    test('are answered where they were asked for', async () => {
      const server = await started({
        fetch: hello,
        health: '/healthz',
        metrics: '/metrics',
        routes: { '/a/:b': hello },
      });
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      await fetch(`${server.url}/a/1`);
      await fetch(`${server.url}/other`);
      const text = await (await fetch(`${server.url}/metrics`)).text();
      expect(text).toMatch(/^serve_requests_total 4$/m);
      expect(text).toMatch(/^serve_responses_total\{status="200"\} 3$/m);
      expect(text).toMatch(/^serve_route_requests_total\{route="\/a\/:b"\} 1$/m);
      expect(text).toMatch(/^serve_route_seconds_total\{route="fetch"\} 0\.\d+$/m);
      // Each name is described once, before its samples.
      const described = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      expect(new Set(described).size).toBe(described.length);
      expect((await fetch(`${server.url}/healthz`, { method: 'POST' })).status).toBe(405);
    });

    test('are the handler’s where they were not', async () => {
      const server = await started({ fetch: hello });
      expect(await (await fetch(`${server.url}/metrics`)).text()).toBe('hello');
    });

    test('say that the server is stopping', async () => {
      let go!: () => void;
      const gate = new Promise<void>((resolve) => (go = resolve));
      let began!: () => void;
      const asked = new Promise<void>((resolve) => (began = resolve));
      const server = await serve({
        engine,
        port: 0,
        health: '/healthz',
        async fetch() {
          began();
          await gate;
          return hello();
        },
      });
      // The second is looked at when the first is answered, after the server began to stop.
      const client = await RawClient.to(server.url);
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await asked;
      const stopped = server.stop();
      go();
      expect(await client.untilClosed()).toContain('connection: close');
      await stopped;
      client.close();
    });
  });

  describe('the access log', () => {
    const lines = (file: string) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);

    test('has a line of JSON for each answer', async () => {
      const file = path.join(folder, 'access.log');
      const server = await started({ fetch: hello, accessLog: file, routes: { '/post': { POST: hello } } });
      await fetch(`${server.url}/a"b?c=%20`);
      await fetch(`${server.url}/post`);
      await until(() => lines(file).length === 2);
      expect(lines(file)).toMatchObject([
        { method: 'GET', target: '/a%22b?c=%20', status: 200, version: '1.1', remoteAddress: '127.0.0.1' },
        { target: '/post', status: 405 },
      ]);
      expect(Date.parse(String(lines(file)[0]!['time']))).toBeGreaterThan(0);
      expect(lines(file)[0]!['milliseconds']).toBeGreaterThanOrEqual(0);
    });

    test.skipIf(process.platform === 'win32')('is opened again by SIGUSR2', async () => {
      const file = path.join(folder, 'access.log');
      const server = await started({ fetch: hello, accessLog: file });
      await fetch(`${server.url}/before`);
      await until(() => lines(file).length === 1);
      renameSync(file, `${file}.1`);
      process.kill(process.pid, 'SIGUSR2');
      await until(() => {
        try {
          return readFileSync(file, 'utf8') === '';
        } catch {
          return false;
        }
      });
      await fetch(`${server.url}/after`);
      await until(() => lines(file).length === 1);
      expect([lines(`${file}.1`)[0]!['target'], lines(file)[0]!['target']]).toEqual(['/before', '/after']);
    });

    test.skipIf(process.platform !== 'linux')(
      'that fills the disk drops lines, and counts them',
      async () => {
        const server = await started({ fetch: hello, accessLog: '/dev/full' });
        expect(await (await fetch(server.url)).text()).toBe('hello');
        await until(async () => (await server.stats()).logDropped === 1);
        expect(await (await fetch(server.url)).text()).toBe('hello');
      },
    );

    test('that cannot be written is named', async () => {
      await expect(started({ fetch: hello, accessLog: '/no/such/folder/log' })).rejects.toMatchObject({
        code: 'LOG_UNWRITABLE',
      });
    });
  });

  describe('server-sent events', () => {
    test('come as they are made, and end when the client leaves', async () => {
      let ended!: () => void;
      const left = new Promise<void>((resolve) => (ended = resolve));
      async function* events(): AsyncGenerator<ServerSentEvent> {
        try {
          yield 'one\ntwo';
          yield { event: 'news', id: '7', retry: 1000, data: 'three' };
          for (let n = 0; ; n++) {
            yield String(n);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        } finally {
          ended();
        }
      }
      const server = await started({ fetch: () => eventStream(events()) });
      const client = await RawClient.to(server.url);
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      const text = await client.untilText('data: 0\n\n');
      expect(text).toContain('content-type: text/event-stream');
      expect(text).toContain('data: one\ndata: two\n\n');
      expect(text).toContain('event: news\nid: 7\nretry: 1000\ndata: three\n\n');
      client.close();
      await left;
    });

    test('send a comment when there is nothing to say', async () => {
      const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
      const server = await started({ fetch: () => eventStream(silent, { heartbeat: 10 }) });
      const client = await RawClient.to(server.url);
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await client.untilText(':\n\n', 3);
      client.close();
    });
  });

  describe('a WebSocket', () => {
    const echo = {
      open(socket: WebSocket, request: Request) {
        socket.send(new URL(request.url).pathname);
        socket.on('message', (data, binary) => socket.send(data, { binary }));
      },
    };
    const address = (server: Server) => server.url.replace('http', 'ws');

    test('is opened, and speaks both ways', async () => {
      const server = await started({ fetch: hello, websocket: echo });
      const socket = new WebSocket(`${address(server)}/room`);
      expect(String((await once(socket, 'message'))[0])).toBe('/room');
      for (const text of ['a', 'größe', 'x'.repeat(500_000)]) {
        socket.send(text);
        expect(String((await once(socket, 'message'))[0])).toBe(text);
      }
      // The rest is served as ever.
      expect(await (await fetch(server.url)).text()).toBe('hello');
      socket.close();
      await once(socket, 'close');
      await until(() => socket.readyState === WebSocket.CLOSED);
    });

    test('is closed when a message is too long, and the server goes on', async () => {
      const server = await started({ fetch: hello, websocket: { ...echo, messageBytes: 10 } });
      const socket = new WebSocket(address(server));
      await once(socket, 'message');
      socket.send('more than ten');
      expect((await once(socket, 'close'))[0]).toBe(1009);
      expect(await (await fetch(server.url)).text()).toBe('hello');
    });

    test.each([
      [undefined, {}, true],
      [undefined, { origin: 'http://evil.example' }, false],
      [undefined, { origin: 'same' }, true],
      ['any' as const, { origin: 'http://evil.example' }, true],
      [['http://good.example'], { origin: 'http://good.example' }, true],
      [['http://good.example'], { origin: 'http://evil.example' }, false],
    ])('is for the pages that may: origins %j, from %j: %j', async (origins, options, opened) => {
      const server = await started({ fetch: hello, websocket: { ...echo, ...(origins ? { origins } : {}) } });
      const headers =
        'origin' in options ? { origin: options.origin === 'same' ? server.url : options.origin } : {};
      const socket = new WebSocket(address(server), { headers });
      const result = await new Promise((resolve) => {
        socket.on('message', () => resolve(true));
        socket.on('error', (error) => resolve(error.message));
      });
      expect(result).toBe(opened ? true : 'Unexpected server response: 403');
      socket.terminate();
    });

    test('is refused by the handler', async () => {
      const server = await started({
        fetch: hello,
        websocket: { ...echo, accept: () => new Response('who are you?', { status: 401 }) as never },
      });
      const socket = new WebSocket(address(server));
      expect(((await once(socket, 'error'))[0] as Error).message).toBe('Unexpected server response: 401');
    });

    test('is told when the server stops', async () => {
      const server = await serve({ engine, port: 0, fetch: hello, websocket: echo });
      const socket = new WebSocket(address(server));
      await once(socket, 'message');
      const closed = once(socket, 'close');
      await server.stop();
      expect((await closed)[0]).toBe(1001);
    });

    test('is an ordinary request where there are none', async () => {
      const server = await started({ fetch: hello });
      const socket = new WebSocket(address(server));
      expect(((await once(socket, 'error'))[0] as Error).message).toBe('Unexpected server response: 200');
    });
  });

  describe('a proxy', () => {
    const about = (
      request: Request,
      { remoteAddress, requestId }: { remoteAddress: string; requestId: string },
    ) => Response.json([request.url, remoteAddress, requestId]) as never;
    const asked = async (trust: readonly string[], headers: Record<string, string>) => {
      const server = await started({ fetch: about, trust });
      const [url, ...rest] = (await (await fetch(`${server.url}/a`, { headers })).json()) as string[];
      return [url!.replace(server.url, 'direct'), ...rest];
    };

    test.each([
      [{ forwarded: 'for=192.0.2.1;proto=https;host=a.example' }, 'https://a.example/a', '192.0.2.1'],
      [{ forwarded: 'for=9.9.9.9, for="[2001:db8::1]:80"' }, 'direct/a', '2001:db8::1'],
      [{ forwarded: 'for=9.9.9.9, for=192.0.2.1:1234, for=10.1.2.3' }, 'direct/a', '192.0.2.1'],
      [{ forwarded: 'for=_hidden;proto=https' }, '', '127.0.0.1'],
      [{ forwarded: 'for="9.9.9.9, for=8.8.8.8"' }, 'direct/a', '127.0.0.1'],
      [
        {
          'x-forwarded-for': '9.9.9.9, 192.0.2.1',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'b.example',
        },
        'https://b.example/a',
        '192.0.2.1',
      ],
      [{ 'x-forwarded-for': '192.0.2.1, 10.0.0.1, 10.0.0.2' }, 'direct/a', '192.0.2.1'],
      [{ 'x-forwarded-for': 'nonsense', 'x-forwarded-host': 'a,b' }, '', '127.0.0.1'],
      [{ 'x-forwarded-host': 'evil/path', 'x-forwarded-proto': 'javascript' }, 'direct/a', '127.0.0.1'],
      // The standard's field goes before the others.
      [{ forwarded: 'for=192.0.2.1', 'x-forwarded-for': '9.9.9.9' }, 'direct/a', '192.0.2.1'],
    ])('that is trusted is believed: %j', async (headers, url, address) => {
      const [seen, remoteAddress] = await asked(
        ['127.0.0.1', '10.0.0.0/8'],
        headers as Record<string, string>,
      );
      expect(remoteAddress).toBe(address);
      if (url !== '') expect(seen).toBe(url);
    });

    test('that is not trusted is not believed', async () => {
      const headers = {
        forwarded: 'for=192.0.2.1;proto=https;host=a.example',
        'x-forwarded-for': '192.0.2.1',
        'x-request-id': 'theirs',
      };
      const [url, remoteAddress, id] = await asked(['10.0.0.0/8'], headers);
      expect([url, remoteAddress]).toEqual(['direct/a', '127.0.0.1']);
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
    });

    test('that is trusted names the request', async () => {
      expect((await asked(['127.0.0.0/8'], { 'x-request-id': 'abc-1' }))[2]).toBe('abc-1');
      expect((await asked(['127.0.0.0/8'], { 'x-request-id': 'not one' }))[2]).toMatch(/^[0-9a-f-]{36}$/);
    });

    test.each([['10.0.0.0/33'], ['a'], ['10.0.0.0/8/9'], ['']])(
      'that is none is named: %j',
      async (entry) => {
        await expect(started({ fetch: hello, trust: [entry] })).rejects.toMatchObject({
          code: 'OPTION_WRONG',
        });
      },
    );
  });
});
