import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { type Server, files, serve } from '@whetstone/serve';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';

let folder: string;
let server: Server;
const text = 'whetstone '.repeat(500);
const large = Buffer.alloc(3_000_000, 'large ');

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-files-'));
  const inside = path.join(folder, 'public');
  mkdirSync(path.join(inside, 'sub', '.well-known'), { recursive: true });
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  mkdirSync(path.join(folder, 'public-too'));
  writeFileSync(path.join(folder, 'public-too', 'x.txt'), 'secret');
  writeFileSync(path.join(inside, 'index.html'), '<h1>index</h1>');
  writeFileSync(path.join(inside, 'a.txt'), '0123456789');
  writeFileSync(path.join(inside, 'ü b.txt'), 'escaped');
  writeFileSync(path.join(inside, '.env'), 'secret');
  writeFileSync(path.join(inside, 'text.txt'), text);
  writeFileSync(path.join(inside, 'large.bin'), large);
  writeFileSync(path.join(inside, 'empty'), '');
  writeFileSync(path.join(inside, 'sub', 'index.html'), 'sub index');
  writeFileSync(path.join(inside, 'app.js'), text);
  writeFileSync(path.join(inside, 'app.js.gz'), gzipSync('precompressed'));
  writeFileSync(path.join(inside, 'old.js'), text);
  writeFileSync(path.join(inside, 'old.js.gz'), gzipSync('stale'));
  utimesSync(path.join(inside, 'old.js.gz'), 1000, 1000);
  symlinkSync(path.join(folder, 'secret.txt'), path.join(inside, 'link.txt'));
  symlinkSync(folder, path.join(inside, 'up'));
  symlinkSync('../public-too', path.join(inside, 'beside'));
  symlinkSync('a.txt', path.join(inside, 'inner.txt'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [path.join(inside, 'fifo')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function get(target: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname, port } = new URL(server.url);
  return await new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>(
    (resolve, reject) => {
      request({ hostname, port, path: target, headers, method }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }),
        );
        response.on('error', reject);
      })
        .on('error', reject)
        .end();
    },
  );
}
const brief = async (...args: Parameters<typeof get>) => {
  const { status, body } = await get(...args);
  return [status, body.toString()];
};

describe.each(engines)('the %s engine:', (engine) => {
  beforeAll(async () => {
    const inside = path.join(folder, 'public');
    server = await serve({
      engine,
      port: 0,
      drain: 0,
      fetch: files(inside),
      routes: { '/at/*': files(inside, { index: null }) },
    });
  });
  afterAll(() => server.stop());

  test('serves files, and an index for a folder', async () => {
    const { status, headers, body } = await get('/a.txt');
    expect([status, body.toString(), headers['content-type'], headers['content-length']]).toEqual([
      200,
      '0123456789',
      'text/plain;charset=utf-8',
      '10',
    ]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(await brief('/')).toEqual([200, '<h1>index</h1>']);
    expect(await brief('/sub/')).toEqual([200, 'sub index']);
    expect((await get('/sub?x')).headers.location).toBe('/sub/?x');
    expect((await get('//sub')).status).toBe(404);
    expect(await brief('/%C3%BC%20b.txt')).toEqual([200, 'escaped']);
    expect(await brief('/at/a.txt')).toEqual([200, '0123456789']);
    expect((await get('/at/sub/')).status).toBe(404);
    expect(await brief('/empty')).toEqual([200, '']);
    expect((await get('/large.bin')).body.equals(large)).toBe(true);
    expect(await brief('/inner.txt')).toEqual([200, '0123456789']);
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/sub/../../secret.txt',
    '/at/../../secret.txt',
    '/at/..%2f..%2fsecret.txt',
    '/at/%2e%2e/secret.txt',
    '//etc/passwd',
    '/%2fetc/passwd',
    '/at//etc/passwd',
    '/at/%2fetc/passwd',
    '/link.txt',
    '/up/secret.txt',
    '/beside/x.txt',
    '/.env',
    '/at/.env',
    '/a.txt/',
    '/a.txt/x',
    '/a.txt%00',
    '/%ff',
    '/none',
    '/fifo',
    `/${'a'.repeat(5000)}`,
  ])('serves nothing for %s', async (target) => {
    const { status, body } = await get(target);
    expect([404, 400]).toContain(status);
    expect(body.toString()).not.toContain('secret');
  });

  test('answers HEAD, and no other method', async () => {
    const { status, headers, body } = await get('/large.bin', {}, 'HEAD');
    expect([status, headers['content-length'], body.length]).toEqual([200, '3000000', 0]);
    const post = await get('/a.txt', {}, 'POST');
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  describe('a part', () => {
    test.each([
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
      ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
      ['bytes=10-', 416, 'the file has no such part\n', 'bytes */10'],
      ['bytes=-0', 416, 'the file has no such part\n', 'bytes */10'],
      ['bytes=3-1', 200, '0123456789', undefined],
      ['bytes=0-1,3-4', 200, '0123456789', undefined],
      ['items=0-1', 200, '0123456789', undefined],
      ['bytes=-', 200, '0123456789', undefined],
    ])('%s', async (range, status, body, contentRange) => {
      const answer = await get('/a.txt', { range });
      expect([answer.status, answer.body.toString(), answer.headers['content-range']]).toEqual([
        status,
        body,
        contentRange,
      ]);
    });

    test('of a large file', async () => {
      const { body } = await get('/large.bin', { range: 'bytes=1000000-2999999' });
      expect(body.equals(large.subarray(1_000_000))).toBe(true);
    });

    test('counts only of the version that the client has', async () => {
      const { headers } = await get('/a.txt');
      const range = 'bytes=0-1';
      expect((await get('/a.txt', { range, 'if-range': headers.etag! })).status).toBe(206);
      expect((await get('/a.txt', { range, 'if-range': headers['last-modified']! })).status).toBe(206);
      expect((await get('/a.txt', { range, 'if-range': '"other"' })).status).toBe(200);
      expect((await get('/a.txt', { range, 'if-range': 'Thu, 01 Jan 1970 00:00:00 GMT' })).status).toBe(200);
    });
  });

  test('answers conditions', async () => {
    const { headers } = await get('/a.txt');
    const etag = headers.etag!;
    const modified = headers['last-modified']!;
    const past = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const status = async (conditions: Record<string, string>) => (await get('/a.txt', conditions)).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'if-none-match': '*' })).toBe(304);
    expect(await status({ 'if-none-match': '"x"', 'if-modified-since': modified })).toBe(200);
    expect(await status({ 'if-modified-since': modified })).toBe(304);
    expect(await status({ 'if-modified-since': past })).toBe(200);
    expect(await status({ 'if-match': etag })).toBe(200);
    expect(await status({ 'if-match': '"x"' })).toBe(412);
    expect(await status({ 'if-unmodified-since': past })).toBe(412);
    expect(await status({ 'if-modified-since': 'nonsense' })).toBe(200);
  });

  describe('a coding', () => {
    test('is sent to who accepts it', async () => {
      const plain = await get('/text.txt');
      expect([plain.headers['content-encoding'], plain.headers.vary]).toEqual([undefined, 'accept-encoding']);
      const gzip = await get('/text.txt', { 'accept-encoding': 'gzip' });
      expect([gzip.headers['content-encoding'], gunzipSync(gzip.body).toString() === text]).toEqual([
        'gzip',
        true,
      ]);
      expect(gzip.headers.etag).not.toBe(plain.headers.etag);
      const best = await get('/text.txt', { 'accept-encoding': 'gzip, deflate, br' });
      expect([best.headers['content-encoding'], brotliDecompressSync(best.body).toString() === text]).toEqual(
        ['br', true],
      );
      const again = await get('/text.txt', { 'accept-encoding': 'br', 'if-none-match': best.headers.etag! });
      expect(again.status).toBe(304);
    });

    test.each([
      ['gzip;q=0', undefined],
      ['br;q=0.2, gzip;q=0.8', 'gzip'],
      ['*', 'br'],
      ['identity', undefined],
      ['identity;q=1, gzip;q=0.5', undefined],
      ['*;q=0', undefined],
      ['x-gzip', 'gzip'],
      ['', undefined],
    ])('is negotiated: %j', async (accept, coding) => {
      expect((await get('/text.txt', { 'accept-encoding': accept })).headers['content-encoding']).toBe(
        coding,
      );
    });

    test('is taken from the file beside, where that is not older', async () => {
      const beside = await get('/app.js', { 'accept-encoding': 'gzip' });
      expect(gunzipSync(beside.body).toString()).toBe('precompressed');
      expect(beside.headers['content-type']).toContain('javascript');
      const stale = await get('/old.js', { 'accept-encoding': 'gzip' });
      expect(gunzipSync(stale.body).toString()).toBe(text);
    });

    test('is not made of a part', async () => {
      const part = await get('/text.txt', { 'accept-encoding': 'gzip', range: 'bytes=0-9' });
      expect([part.status, part.headers['content-encoding'], part.body.toString()]).toEqual([
        206,
        undefined,
        'whetstone ',
      ]);
    });
  });

  test.skipIf(process.platform !== 'linux')('leaves no file open, whatever was asked', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    await get('/large.bin');
    const before = open();
    for (let n = 0; n < 20; n++) {
      for (const target of ['/', '/sub', '/none', '/fifo', '/link.txt', '/app.js', '/large.bin']) {
        await get(target, { 'accept-encoding': 'gzip' });
        await get(target, {}, 'HEAD');
        await get(target, { range: 'bytes=0-' });
      }
      // And who leaves in the middle.
      const { hostname, port } = new URL(server.url);
      await new Promise<void>((resolve) => {
        const call = request({ hostname, port, path: '/large.bin' }, (response) => {
          response.once('data', () => call.destroy());
          response.on('error', () => undefined);
        });
        call.on('error', () => undefined).on('close', () => resolve());
        call.end();
      });
    }
    while (open() > before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});

test('a folder that is none is named', () => {
  expect(() => files('/no/such/folder')).toThrow("there is no folder '/no/such/folder' to serve");
});
