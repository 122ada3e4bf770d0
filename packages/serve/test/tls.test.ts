import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { Response, type ServeOptions, type Server, serve } from '@whetstone/serve';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

let folder: string;
const servers: Server[] = [];
const cert = () => path.join(folder, 'cert.pem');
const key = () => path.join(folder, 'key.pem');

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-tls-'));
  makeCertificate('first');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

function makeCertificate(name: string, keyFile = key()): void {
  const what = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  ];
  execFileSync('openssl', ['req', ...what, '-keyout', keyFile, '-out', cert()], { stdio: 'pipe' });
}

async function started(options: ServeOptions): Promise<Server> {
  const server = await serve({ port: 0, drain: 0, tls: { cert: cert(), key: key() }, ...options });
  servers.push(server);
  return server;
}

const about = async (request: Request) =>
  Response.json({
    method: request.method,
    url: request.url,
    cookie: request.headers.get('cookie'),
    body: await request.text(),
  }) as never;

function session(server: Server): http2.ClientHttp2Session {
  const made = http2.connect(server.url, { rejectUnauthorized: false });
  made.on('error', () => undefined);
  return made;
}

async function call(
  client: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string | Buffer,
) {
  const stream = client.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return { status: answer[':status'], headers: answer, body: Buffer.concat(pieces).toString() };
}

test('speaks HTTP/1.1 over TLS', async () => {
  const server = await started({ fetch: about });
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const asked = request(`${server.url}/a?b`, { rejectUnauthorized: false, method: 'POST' }).end('hi');
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  expect(JSON.parse(text)).toMatchObject({ method: 'POST', url: `${server.url}/a?b`, body: 'hi' });
});

test.each([
  ['a Host with a comma', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  [
    'a bare LF behind a chunk size',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n',
  ],
])('refuses %s over TLS, as without', async (_, message) => {
  const server = await started({ fetch: about });
  const socket = connect({
    port: Number(new URL(server.url).port),
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  socket.write(message);
  let text = '';
  for await (const piece of socket) text += String(piece);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
});

describe('over HTTP/2', () => {
  test('answers many requests at once', async () => {
    const server = await started({ fetch: about });
    const client = session(server);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        call(client, { ':path': `/${n}?x=${n}`, ':method': 'POST' }, `body ${n}`),
      ),
    );
    for (const [n, { status, body }] of answers.entries()) {
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ url: `${server.url}/${n}?x=${n}`, body: `body ${n}` });
    }
    client.close();
  });

  test('joins cookies, normalises paths, answers HEAD, streams', async () => {
    const server = await started({
      routes: {
        '/stream': () =>
          new Response(
            (async function* () {
              for (let n = 0; n < 50; n++) yield Buffer.alloc(100_000, 'x');
            })(),
          ) as never,
        '/cookies': () =>
          new Response('', {
            headers: [
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ],
          }) as never,
      },
      fetch: about,
    });
    const client = session(server);
    const answer = await call(client, { ':path': '/a/../b', cookie: ['a=1', 'b=2'] as never });
    expect(JSON.parse(answer.body)).toMatchObject({ url: `${server.url}/b`, cookie: 'a=1; b=2' });
    const head = await call(client, { ':path': '/', ':method': 'HEAD' });
    expect([head.status, head.body, Number(head.headers['content-length']) > 0]).toEqual([200, '', true]);
    expect((await call(client, { ':path': '/stream' })).body.length).toBe(5_000_000);
    expect((await call(client, { ':path': '/cookies' })).headers['set-cookie']).toEqual(['a=1', 'b=2']);
    client.close();
  });

  test.each([
    [{ ':method': 'CONNECT', ':authority': 'a:1' }, 501],
    [{ ':method': 'FOO', ':path': '/' }, 501],
    [{ ':path': '/a#b' }, 400],
    [{ ':path': '/a\\b' }, 400],
    [{ ':path': '/', ':authority': 'a,b' }, 400],
    [{ ':path': '/', ':authority': 'a', host: 'b' }, 400],
    [{ ':path': '/', expect: 'more' }, 417],
  ])('refuses %j with %i', async (headers, status) => {
    const server = await started({ fetch: about });
    const client = session(server);
    expect((await call(client, headers)).status).toBe(status);
    client.close();
  });

  test('holds to the limits of a body', async () => {
    const server = await started({ fetch: about, limits: { bodyBytes: 1000 } });
    const client = session(server);
    const told = await call(
      client,
      { ':path': '/', ':method': 'POST', 'content-length': 2000 },
      Buffer.alloc(2000),
    );
    expect(told.status).toBe(413);
    const untold = await call(client, { ':path': '/', ':method': 'POST' }, Buffer.alloc(2000));
    expect(untold.status).toBe(413);
    expect((await call(client, { ':path': '/', ':method': 'POST' }, Buffer.alloc(1000))).status).toBe(200);
    client.close();
  });

  test('gives up on a handler that hangs', async () => {
    const server = await started({
      fetch: () => new Promise<never>(() => undefined),
      limits: { handlerTime: 50 },
    });
    const client = session(server);
    expect((await call(client, { ':path': '/' })).status).toBe(503);
    client.close();
  });

  test('tells a handler that its client took the request back', async () => {
    let aborted!: () => void;
    const left = new Promise<void>((resolve) => (aborted = resolve));
    let began!: () => void;
    const asked = new Promise<void>((resolve) => (began = resolve));
    const server = await started({
      fetch: (request) => {
        request.signal.addEventListener('abort', () => aborted());
        began();
        return new Promise<never>(() => undefined);
      },
    });
    const client = session(server);
    const stream = client.request({ ':path': '/' });
    stream.on('error', () => undefined);
    await asked;
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await left;
    client.close();
  });

  test('ends a connection that takes back request after request', async () => {
    const server = await started({ fetch: () => new Promise<never>(() => undefined) });
    const client = session(server);
    await once(client, 'connect');
    const told = new Promise<number>((resolve) => client.on('goaway', resolve));
    while (!client.destroyed) {
      const stream = client.request({ ':path': '/' });
      stream.on('error', () => undefined);
      await new Promise(setImmediate);
      stream.close(http2.constants.NGHTTP2_CANCEL);
      if (!stream.closed) await new Promise((resolve) => stream.on('close', resolve));
    }
    expect(await told).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
});

test('reads certificates again on reload, and keeps the old ones where the new do not fit', async () => {
  makeCertificate('first');
  const server = await started({ fetch: about });
  const name = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port: Number(new URL(server.url).port), rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  expect(await name()).toBe('first');
  makeCertificate('second');
  await server.reload();
  expect(await name()).toBe('second');
  makeCertificate('third', path.join(folder, 'other-key.pem'));
  await expect(server.reload()).rejects.toMatchObject({ code: 'TLS_WRONG' });
  expect(await name()).toBe('second');
  makeCertificate('first');
});

test('names what is wrong with a certificate', async () => {
  const none = { cert: '/no/cert.pem', key: key() };
  await expect(started({ fetch: about, tls: none })).rejects.toMatchObject({
    code: 'TLS_WRONG',
    message: expect.stringContaining("tls.cert is '/no/cert.pem'"),
  });
  const swapped = { cert: readFileSync(key(), 'utf8'), key: readFileSync(cert(), 'utf8') };
  await expect(started({ fetch: about, tls: swapped })).rejects.toMatchObject({ code: 'TLS_WRONG' });
  await expect(started({ fetch: about, tls: { cert: cert() } as never })).rejects.toMatchObject({
    code: 'OPTION_WRONG',
  });
});

test('answers 503 to whoever comes while the last request ends', async () => {
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const server = await serve({
    port: 0,
    health: '/healthz',
    tls: { cert: cert(), key: key() },
    async fetch() {
      await gate;
      return new Response('the last word') as never;
    },
  });
  const health = async () => {
    const asked = request(`${server.url}/healthz`, { rejectUnauthorized: false, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect(await health()).toBe(200);
  const client = session(server);
  const last = call(client, { ':path': '/' });
  while ((await server.stats()).inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = server.stop();
  // Between the two sockets the connection may be refused.
  while ((await health().catch(() => 0)) !== 503) await new Promise((resolve) => setTimeout(resolve, 5));
  go();
  expect((await last).body).toBe('the last word');
  client.close();
  await stopped;
});

test('closes a client that never ends its handshake', async () => {
  const server = await started({ fetch: about, limits: { headerTime: 50 } });
  const { connect: connectPlain } = await import('node:net');
  const socket = connectPlain(Number(new URL(server.url).port));
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'close');
});
