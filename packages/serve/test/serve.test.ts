import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Response, type ServeOptions, type Server, serve } from '@whetstone/serve';
import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from './engine/client.ts';
import { engines } from './engine/engines.ts';

const servers: Server[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** As the server answers by itself, without the line on stderr. */
const quiet = () => new Response('internal error\n', { status: 500 });

async function client(server: Server): Promise<RawClient> {
  const made = await RawClient.to(server.url);
  clients.push(made);
  return made;
}

const answer = (response: unknown) => () => response as never;
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
const deferred = <T>() => {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
};

describe.each(engines)('the %s engine:', (engine) => {
  async function started(options: ServeOptions): Promise<Server> {
    const server = await serve({ engine, port: 0, drain: 0, error: quiet, ...options });
    servers.push(server);
    return server;
  }

  describe('a connection', () => {
    test('is kept, and answers in order what was sent at once', async () => {
      const server = await started({
        fetch: async (r) => new Response(`<${new URL(r.url).pathname}>`) as never,
      });
      const c = await client(server);
      c.send(get('/a') + get('/b') + get('/c'));
      const text = await c.untilText('</c>');
      expect([...text.matchAll(/<(.*?)>/g)].map(([, path]) => path)).toEqual(['/a', '/b', '/c']);
      c.send(get('/d'));
      await c.untilText('</d>');
    });

    test('takes a thousand requests in one piece', async () => {
      const server = await started({ fetch: answerEach((n) => `<${n}>`) });
      const c = await client(server);
      c.send(get('/').repeat(1000));
      const text = await c.untilText('<1000>');
      expect([...text.matchAll(/<(\d+)>/g)].map(([, n]) => Number(n))).toEqual(
        Array.from({ length: 1000 }, (_, i) => i + 1),
      );
    });

    test('closes when asked to, after the answer', async () => {
      const server = await started({ fetch: answerEach(() => 'bye') });
      const c = await client(server);
      c.send(get('/', 'Connection: close\r\n'));
      const text = await c.untilClosed();
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toContain('connection: close\r\n');
      expect(text).toMatch(/bye$/);
    });

    test('answers HTTP/1.0 without chunks, and closes', async () => {
      const server = await started({ fetch: answerEach(() => stream(['a', 'b'])) });
      const c = await client(server);
      c.send('GET / HTTP/1.0\r\n\r\n');
      const text = await c.untilClosed();
      expect(text).not.toContain('transfer-encoding');
      expect(text).toMatch(/\r\n\r\nab$/);
    });

    test('answers a client that has closed its own half', async () => {
      const server = await started({ fetch: async () => new Response('still') as never });
      const c = await client(server);
      c.send(get('/'));
      c.socket.end();
      expect(await c.untilClosed()).toMatch(/still$/);
    });

    test('refuses with a status, closes, and looks at nothing behind', async () => {
      let requests = 0;
      const server = await started({
        fetch: () => {
          requests++;
          return new Response('') as never;
        },
      });
      const c = await client(server);
      c.send('GET / HTTP/1.1\r\nHost: a, b\r\n\r\n' + get('/'));
      const text = await c.untilClosed();
      expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(requests).toBe(0);
      expect((await server.stats()).refused).toBe(1);
    });
  });

  test('a field of a request is found by its name alone, and those of one name are joined', async () => {
    const names = ['agent', 'x-agent', 'X-AGENT', 'list', 'empty', 'case', 'last', 'none'];
    const server = await started({
      fetch: ({ headers }) => {
        const found = names.map((name) => headers.get(name));
        headers.append('list', 'd');
        return Response.json({ found, list: headers.get('list'), has: headers.has('last') }) as never;
      },
    });
    const c = await client(server);
    c.send(
      get(
        '/',
        'X-Agent: agent: 1, x-agent:2\r\nList: a\r\nX-List: c\r\nLIST:\tb \r\nEmpty:\r\nCase: As It Came\r\nLast: ü\r\n',
      ),
    );
    const text = await c.untilText('}');
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({
      found: [
        null,
        'agent: 1, x-agent:2',
        'agent: 1, x-agent:2',
        'a, b',
        '',
        'As It Came',
        expect.anything(),
        null,
      ],
      list: 'a, b, d',
      has: true,
    });
  });

  describe('a body that comes', () => {
    const echo = async (request: Request) => new Response(await request.text()) as never;

    test('is read whole, in text of more than one byte a character', async () => {
      const server = await started({ fetch: echo });
      const response = await fetch(server.url, { method: 'POST', body: 'größe €' });
      expect(await response.text()).toBe('größe €');
    });

    test('is read in pieces, megabytes of it', async () => {
      const server = await started({
        async fetch(request) {
          let length = 0;
          for await (const piece of request.body as AsyncIterable<Uint8Array>) length += piece.length;
          return new Response(String(length)) as never;
        },
      });
      const body = Buffer.alloc(5_000_000, 'x');
      expect(await (await fetch(server.url, { method: 'POST', body })).text()).toBe('5000000');
    });

    test('is read in chunks, with its trailers', async () => {
      const server = await started({ fetch: echo });
      const c = await client(server);
      c.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n');
      c.send('2\r\nde\r\n0\r\nX: y\r\n\r\n');
      expect(await c.untilText('abcde')).toContain('content-length: 5');
    });

    test('is waited for with 100 Continue only when it is read', async () => {
      const read = deferred<void>();
      const server = await started({
        async fetch(request) {
          if (request.url.endsWith('/no')) return new Response('no', { status: 403 }) as never;
          await read.promise;
          return await echo(request);
        },
      });
      const c = await client(server);
      c.send('POST /yes HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
      read.resolve();
      await c.untilText('HTTP/1.1 100 Continue\r\n\r\n');
      c.send('body');
      await c.untilText('body');

      const other = await client(server);
      other.send('POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
      const text = await other.untilClosed();
      expect(text).toMatch(/^HTTP\/1\.1 403 /);
      // Whether the body follows, nobody knows: the connection cannot be kept.
      expect(text).toContain('connection: close');
    });

    test('that nobody reads is dropped, and the connection is kept', async () => {
      const server = await started({ fetch: answerEach((n) => `<${n}>`) });
      const c = await client(server);
      c.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
      await c.untilText('<1>');
      c.send(`def${get('/')}`);
      await c.untilText('<2>');
    });

    test('that nobody reads and is large ends the connection', async () => {
      const server = await started({ fetch: answerEach((n) => `<${n}>`) });
      const c = await client(server);
      c.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc');
      expect(await c.untilClosed()).toContain('connection: close');
    });

    test('beyond the limit is refused, before the handler where its length is told', async () => {
      let requests = 0;
      const server = await started({
        limits: { bodyBytes: 10 },
        fetch: async (request) => {
          requests++;
          return await echo(request);
        },
      });
      const c = await client(server);
      c.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n');
      expect(await c.untilClosed()).toMatch(/^HTTP\/1\.1 413 /);
      expect(requests).toBe(0);
      const other = await client(server);
      other.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n');
      await until(() => requests === 1);
      other.send('3\r\nijk\r\n');
      expect(await other.untilClosed()).toMatch(/^HTTP\/1\.1 413 /);
    });

    test('that a handler does not read stops its client', async () => {
      const go = deferred<void>();
      const server = await started({
        async fetch(request) {
          await go.promise;
          return await echo(request);
        },
      });
      const size = 12_000_000;
      const c = await client(server);
      c.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`);
      c.socket.write(Buffer.alloc(size, 'x'));
      await until(() => c.socket.bytesWritten > 100_000);
      // The kernel's buffers take some megabytes; the rest waits here.
      expect(c.socket.writableLength).toBeGreaterThan(0);
      go.resolve();
      await c.until(({ received }) => received.length > size);
    });

    test('is a form with files', async () => {
      const server = await started({
        async fetch(request) {
          const form = await request.formData();
          const file = form.get('file') as File;
          return Response.json({
            name: file.name,
            type: file.type,
            text: await file.text(),
            note: form.get('note'),
          }) as never;
        },
      });
      const form = new FormData();
      form.set('note', 'größe');
      form.set('file', new File(['content'], 'a.txt', { type: 'text/plain' }));
      expect(await (await fetch(server.url, { method: 'POST', body: form })).json()).toEqual({
        name: 'a.txt',
        type: 'text/plain',
        text: 'content',
        note: 'größe',
      });
    });
  });

  describe('an answer', () => {
    test('has a length, a type and a date', async () => {
      const server = await started({ fetch: answerEach(() => 'größe') });
      const response = await fetch(server.url);
      expect(response.headers.get('content-length')).toBe('7');
      expect(response.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
      expect(Math.abs(Date.parse(response.headers.get('date')!) - Date.now())).toBeLessThan(60_000);
      expect(await response.text()).toBe('größe');
    });

    test('to HEAD has the length and no body', async () => {
      const server = await started({ fetch: answerEach(() => 'hello') });
      const c = await client(server);
      c.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n' + get('/'));
      const text = await c.untilText('hello');
      expect(text.match(/content-length: 5\r\n/g)).toHaveLength(2);
      expect(text.match(/hello/g)).toHaveLength(1);
    });

    test('comes in chunks where its length is not known', async () => {
      const server = await started({ fetch: answerEach(() => stream(['ab', 'cde'])) });
      const c = await client(server);
      c.send(get('/') + get('/'));
      const text = await c.untilText('0\r\n\r\n', 2);
      expect(text).toContain('\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\nHTTP/1.1 200');
    });

    test('goes no faster than its client', async () => {
      let made = 0;
      const piece = Buffer.alloc(100_000, 'x');
      const slow = await started({
        fetch: () =>
          new Response(
            (async function* () {
              for (; made < 500; made++) yield piece;
            })(),
          ) as never,
      });
      const c = await client(slow);
      c.socket.pause();
      c.send(get('/'));
      await until(() => made > 2);
      let before = -1;
      while (before !== made) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect(made).toBeLessThan(400);
      c.socket.resume();
      await c.until(({ received }) => received.length > 50_000_000 && received.endsWith('\r\n0\r\n\r\n'));
      expect(made).toBe(500);
    });

    test('that breaks off cuts the connection, so that none takes it for the whole', async () => {
      const server = await started({
        fetch: () =>
          new Response(
            (async function* () {
              yield 'half';
              throw new Error('broken');
            })(),
          ) as never,
      });
      await withoutStderr(async () => {
        const response = await fetch(server.url);
        await expect(response.text()).rejects.toThrow();
      });
    });

    test('longer or shorter than it says cuts the connection', async () => {
      for (const length of ['3', '5']) {
        const server = await started({
          fetch: () => new Response(stream(['half']), { headers: { 'content-length': length } }) as never,
        });
        await expect(fetch(server.url).then((response) => response.text())).rejects.toThrow();
      }
    });

    test('cannot be made to hold another', async () => {
      expect(() => new Response('', { headers: { a: 'b\r\nSet-Cookie: c' } })).toThrow(TypeError);
      expect(() => new Response('', { headers: { 'a\r\nb': 'c' } })).toThrow(TypeError);
    });

    test('of the platform is sent as well', async () => {
      const server = await started({
        fetch: () =>
          new globalThis.Response('theirs', {
            status: 201,
            headers: [
              ['set-cookie', 'a=b'],
              ['set-cookie', 'c=d'],
            ],
          }),
      });
      const response = await fetch(server.url);
      expect([response.status, await response.text(), response.headers.getSetCookie()]).toEqual([
        201,
        'theirs',
        ['a=b', 'c=d'],
      ]);
    });

    test('without a body has none', async () => {
      const server = await started({ fetch: answer(new Response(null, { status: 204 })) });
      const c = await client(server);
      c.send(get('/'));
      expect(await c.untilText('\r\n\r\n')).not.toContain('content-length');
    });

    test('is large', async () => {
      const text = 'x'.repeat(20_000_000);
      const server = await started({ fetch: () => new Response(text) as never });
      expect((await (await fetch(server.url)).text()).length).toBe(text.length);
    });
  });

  describe('a handler', () => {
    test.each([
      [
        'throws',
        () => {
          throw new Error('secret');
        },
      ],
      [
        'rejects',
        async () => {
          throw new Error('secret');
        },
      ],
      ['returns nothing', () => undefined],
      ['returns a text', () => 'secret'],
      [
        'returns a response that was used',
        async () => {
          const r = new Response('secret');
          await r.text();
          return r;
        },
      ],
    ])('that %s is answered for with 500, and no details', async (_, handler) => {
      const server = await serve({ engine, port: 0, drain: 0, fetch: handler as never });
      servers.push(server);
      const errors = await withoutStderr(async () => {
        const response = await fetch(server.url);
        expect(response.status).toBe(500);
        expect(await response.text()).toBe('internal error\n');
      });
      expect(errors).not.toBe('');
    });

    test('that throws is answered for by `error`', async () => {
      const server = await started({
        fetch: () => {
          throw new Error('late');
        },
        error: (error, request) =>
          new Response(`${(error as Error).message} ${request.method}`, { status: 502 }) as never,
      });
      const response = await fetch(server.url);
      expect([response.status, await response.text()]).toEqual([502, 'late GET']);
    });

    test('is told when its client leaves', async () => {
      const left = deferred<unknown>();
      const began = deferred<void>();
      const server = await started({
        fetch(request) {
          began.resolve();
          return new Promise((_, reject) => {
            request.signal.addEventListener('abort', () => {
              left.resolve(request.signal.reason);
              reject(request.signal.reason as Error);
            });
          });
        },
      });
      const c = await client(server);
      c.send(get('/'));
      await began.promise;
      c.close();
      expect(await left.promise).toMatchObject({ name: 'AbortError', code: 'CLIENT_LEFT' });
      await until(async () => (await server.stats()).inFlight === 0);
    });

    test('that hangs is given up on with 503', async () => {
      const server = await started({
        limits: { handlerTime: 50 },
        fetch: () => new Promise<never>(() => undefined),
      });
      const response = await fetch(server.url);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
    });

    test('whose stream is left is told so', async () => {
      const ended = deferred<void>();
      const server = await started({
        fetch: () =>
          new Response(
            new ReadableStream({
              pull: (controller) => controller.enqueue(new Uint8Array(1000)),
              cancel: () => ended.resolve(),
            }),
          ) as never,
      });
      const c = await client(server);
      c.send(get('/'));
      await c.until(({ received }) => received.length > 10_000);
      c.close();
      await ended.promise;
    });
  });

  describe('a limit', () => {
    const hello = answerEach(() => 'hello');

    test('of time ends a head that does not come', async () => {
      const server = await started({ limits: { headerTime: 50 }, fetch: hello });
      const c = await client(server);
      c.send('GET / HTTP/1.1\r\nHo');
      expect(await c.untilClosed()).toMatch(/^HTTP\/1\.1 408 /);
    });

    test('of time ends a body that does not come', async () => {
      const server = await started({
        limits: { bodyTime: 50 },
        fetch: async (request) => new Response(await request.text()) as never,
      });
      const c = await client(server);
      c.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab');
      expect(await c.untilClosed()).toMatch(/^HTTP\/1\.1 408 /);
    });

    test('of time closes a connection that is idle, without a word', async () => {
      const server = await started({ limits: { idleTime: 50 }, fetch: hello });
      const c = await client(server);
      c.send(get('/'));
      expect((await c.untilClosed()).match(/HTTP\/1\.1 /g)).toHaveLength(1);
    });

    test('of time cuts a client that does not take its answer', async () => {
      const server = await started({
        limits: { sendTime: 50 },
        fetch: () => new Response('x'.repeat(50_000_000)) as never,
      });
      const c = await client(server);
      c.socket.pause();
      c.send(get('/'));
      await until(async () => (await server.stats()).requests === 1);
      await until(async () => (await server.stats()).connections === 0);
    });

    test('of connections turns the next away with 503', async () => {
      const server = await started({ limits: { connections: 1 }, fetch: hello });
      const first = await client(server);
      first.send(get('/'));
      await first.untilText('hello');
      const second = await client(server);
      expect(await second.untilClosed()).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/);
      first.close();
      await until(async () => (await server.stats()).connections === 0);
      const third = await client(server);
      third.send(get('/'));
      await third.untilText('hello');
    });

    test('of requests in flight answers the next with 503', async () => {
      const go = deferred<void>();
      const server = await started({
        limits: { inFlight: 1 },
        async fetch() {
          await go.promise;
          return new Response('done') as never;
        },
      });
      const first = fetch(server.url);
      await until(async () => (await server.stats()).inFlight === 1);
      const second = await fetch(server.url);
      expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
      go.resolve();
      expect((await first).status).toBe(200);
    });

    test.each([
      [{ fetch: hello, prot: 3 }, "there is no option 'prot'"],
      [{ fetch: hello, port: 70_000 }, 'port is 70000'],
      [{ fetch: hello, limits: { headerTimes: 3 } }, "there is no limit 'headerTimes'"],
      [{ fetch: hello, limits: { idleTime: -1 } }, 'limits.idleTime is -1'],
      [{}, 'there is nothing to serve'],
      [{ fetch: hello, unix: '/tmp/x', port: 1 }, 'not both'],
      [{ routes: { a: hello } }, "'a' must begin with /"],
    ])('or option that is wrong is named: %j', async (options, message) => {
      await expect(serve(options as never)).rejects.toMatchObject({
        code: 'OPTION_WRONG',
        message: expect.stringContaining(message),
      });
    });

    test('of the system is named: a port in use', async () => {
      const server = await started({ fetch: hello });
      const port = Number(new URL(server.url).port);
      await expect(serve({ engine, port, fetch: hello })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    });
  });

  test('stop lets a request under way end, and closes idle connections at once', async () => {
    const go = deferred<void>();
    const began = deferred<void>();
    const server = await serve({
      engine,
      port: 0,
      async fetch() {
        began.resolve();
        await go.promise;
        return new Response('done') as never;
      },
    });
    const idle = await client(server);
    const busy = await client(server);
    busy.send(get('/'));
    await began.promise;
    const stopped = server.stop();
    await idle.untilClosed();
    go.resolve();
    const text = await busy.untilClosed();
    expect(text).toContain('connection: close');
    expect(text).toMatch(/done$/);
    await stopped;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  test('serves node:http as a client, over a kept connection', async () => {
    const server = await started({ fetch: answerEach((n) => `answer ${n}`) });
    for (let n = 1; n <= 3; n++) {
      const call = httpRequest(server.url, { method: 'GET' }).end();
      const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
      let text = '';
      for await (const piece of response) text += String(piece);
      expect(text).toBe(`answer ${n}`);
    }
  });
});

/** A handler that counts its calls from 1. */
function answerEach(body: (n: number) => string | AsyncIterable<string>) {
  let n = 0;
  return () => new Response(body(++n)) as never;
}

async function* stream(pieces: readonly string[]) {
  for (const piece of pieces) yield piece;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What was written to stderr meanwhile. */
async function withoutStderr(run: () => Promise<void>): Promise<string> {
  const write = process.stderr.write;
  let text = '';
  process.stderr.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as never;
  try {
    await run();
    return text;
  } finally {
    process.stderr.write = write;
  }
}
