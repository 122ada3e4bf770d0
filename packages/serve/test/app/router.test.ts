import { Response, type Server, serve } from '@whetstone/serve';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: Server;
const named =
  (name: string) =>
  (_: unknown, { params }: { params: Readonly<Record<string, string>> }) =>
    Response.json({ name, ...params });

beforeAll(async () => {
  server = await serve({
    port: 0,
    routes: {
      '/': named('root'),
      '/user/me': named('me'),
      '/user/:id': named('user'),
      '/user/:id/posts/:post': named('post'),
      '/user/*': named('rest of user'),
      '/files/*': named('files'),
      '/a b/ü': named('escaped'),
      '/far/../near': named('near'),
      '/by/method': { GET: named('get'), POST: named('post') },
      '/by/:method': { PUT: named('put') },
    },
    fetch: named('fetch'),
  });
});
afterAll(() => server.stop());

test.each([
  ['/', { name: 'root' }],
  ['/user/me', { name: 'me' }],
  ['/user/42', { name: 'user', id: '42' }],
  ['/user/42?x=/y', { name: 'user', id: '42' }],
  ['/user/a%2Fb', { name: 'user', id: 'a/b' }],
  ['/user/gr%C3%B6%C3%9Fe', { name: 'user', id: 'größe' }],
  ['/user/42/posts/7', { name: 'post', id: '42', post: '7' }],
  ['/user/42/posts', { name: 'rest of user', '*': '42/posts' }],
  ['/user/', { name: 'rest of user', '*': '' }],
  ['/user/me/posts/1', { name: 'post', id: 'me', post: '1' }],
  ['/user/__proto__', { name: 'user', id: '__proto__' }],
  ['/files/a/b.txt', { name: 'files', '*': 'a/b.txt' }],
  ['/files/../user/me', { name: 'me' }],
  ['/files/%2e%2e/user/me', { name: 'me' }],
  ['/files/..%2fuser/me', { name: 'files', '*': '../user/me' }],
  ['/a%20b/%C3%BC', { name: 'escaped' }],
  ['/near', { name: 'near' }],
  ['/user/a/posts', { name: 'rest of user', '*': 'a/posts' }],
  ['/user/%ff', { name: 'fetch' }],
  ['/files', { name: 'fetch' }],
  ['//', { name: 'fetch' }],
  ['/by/method', { name: 'get' }],
])('%s', async (target, expected) => {
  expect(await (await raw(target)).json()).toEqual(expected);
});

test('another method is answered with 405 and those that are allowed', async () => {
  const response = await fetch(`${server.url}/by/method`, { method: 'DELETE' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  expect((await fetch(`${server.url}/by/method`, { method: 'HEAD' })).status).toBe(200);
  // A literal route is not passed over for one that would take the method.
  expect((await fetch(`${server.url}/by/method`, { method: 'PUT' })).status).toBe(405);
});

test('time and requests are counted by route', async () => {
  const before = (await server.stats()).routes['/files/*']?.requests ?? 0;
  await raw('/files/x');
  const { routes } = await server.stats();
  expect(routes['/files/*']!.requests).toBe(before + 1);
  expect(routes['/files/*']!.time).toBeGreaterThan(0);
});

test.each([
  [{ '/a/:x': named(''), '/a/:y': named('') }, 'matches what'],
  [{ '/a/*/b': named('') }, 'not its last segment'],
  [{ '/a*': named('') }, 'beside other characters'],
  [{ '/:': named('') }, 'without a proper name'],
  [{ '/:a/:a': named('') }, "names 'a' twice"],
  [{ '/a': {} }, 'has no method'],
  [{ '/a': { FETCH: named('') } }, "has the method 'FETCH'"],
  [{ '/a': 'b' }, 'neither a function'],
])('what makes no sense is refused: %j', async (routes, message) => {
  await expect(serve({ port: 0, routes: routes as never })).rejects.toMatchObject({
    code: 'OPTION_WRONG',
    message: expect.stringContaining(message),
  });
});

/** `fetch` would normalise the path before it sends it. */
async function raw(target: string): Promise<globalThis.Response> {
  const { get } = await import('node:http');
  const { hostname, port } = new URL(server.url);
  return await new Promise((resolve, reject) => {
    get({ hostname, port, path: target }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve(new globalThis.Response(Buffer.concat(pieces), { status: response.statusCode! })),
      );
    }).on('error', reject);
  });
}
