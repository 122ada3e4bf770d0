import { Headers, Request, Response } from '@whetstone/serve';
import { describe, expect, test } from 'vitest';

// What ours and the platform's must agree on: each line is run with both.
const platform = { Headers: globalThis.Headers, Request: globalThis.Request, Response: globalThis.Response };
const light = { Headers, Request, Response } as unknown as typeof platform;

describe.each([
  ['the light classes', light],
  ["the platform's", platform],
])('%s', (_, { Headers, Request, Response }) => {
  test('headers are found in any case, joined, sorted, cookies apart', () => {
    const headers = new Headers({ B: ' 2 ', a: '1' });
    headers.append('b', '3');
    headers.append('Set-Cookie', 'x=1');
    headers.append('set-cookie', 'y=2');
    expect([...headers]).toEqual([
      ['a', '1'],
      ['b', '2, 3'],
      ['set-cookie', 'x=1'],
      ['set-cookie', 'y=2'],
    ]);
    expect(headers.get('B')).toBe('2, 3');
    expect(headers.getSetCookie()).toEqual(['x=1', 'y=2']);
    headers.set('b', '4');
    headers.delete('A');
    expect([headers.has('a'), headers.get('b'), headers.get('none')]).toEqual([false, '4', null]);
    expect([...new Headers(headers)]).toEqual([...headers]);
    expect([...new Headers([['c', 'd']])]).toEqual([['c', 'd']]);
    const seen: string[] = [];
    headers.forEach((value, name) => seen.push(`${name}=${value}`), undefined);
    expect(seen).toEqual(['b=4', 'set-cookie=x=1', 'set-cookie=y=2']);
  });

  test.each(['a b', '', 'a\r\n', 'ü', 'a:'])('the header name %j is refused', (name) => {
    expect(() => new Headers().set(name, 'x')).toThrow(TypeError);
  });
  test.each(['a\r\nb', 'a\0', 'a\nb', '€'])('the header value %j is refused', (value) => {
    expect(() => new Headers().set('x', value)).toThrow(TypeError);
  });

  test('a response has a status, headers, a body that is read once', async () => {
    const response = new Response('größe', { status: 201, headers: { x: 'y' } });
    expect([response.status, response.ok, response.statusText, response.bodyUsed]).toEqual([
      201,
      true,
      '',
      false,
    ]);
    expect([...response.headers]).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['x', 'y'],
    ]);
    const copy = response.clone();
    expect(await response.text()).toBe('größe');
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(() => response.clone()).toThrow(TypeError);
    expect(Buffer.from(await copy.arrayBuffer()).toString()).toBe('größe');
  });

  test('a response takes every kind of body', async () => {
    expect(await new Response(new Uint8Array([104, 105])).text()).toBe('hi');
    expect(await new Response(new Uint8Array([104, 105]).buffer).text()).toBe('hi');
    expect(await new Response(new Blob(['hi'])).text()).toBe('hi');
    expect(await new Response(new Blob(['hi']).stream()).text()).toBe('hi');
    const params = new Response(new URLSearchParams({ a: 'b c' }));
    expect([params.headers.get('content-type'), await params.text()]).toEqual([
      'application/x-www-form-urlencoded;charset=UTF-8',
      'a=b+c',
    ]);
    const form = new FormData();
    form.set('a', new File(['content'], 'a.txt'));
    expect(((await new Response(form).formData()).get('a') as File).name).toBe('a.txt');
    const blob = await new Response('hi', { headers: { 'content-type': 'text/css' } }).blob();
    expect([blob.type, await blob.text()]).toEqual(['text/css', 'hi']);
    expect(await new Response('').text()).toBe('');
    expect(new Response(null).body).toBe(null);
    expect(await new Response('\ufeffa').text()).toBe('a');
  });

  test('a response that cannot be is refused', () => {
    expect(() => new Response('', { status: 700 })).toThrow(RangeError);
    expect(() => new Response('', { status: 99 })).toThrow(RangeError);
    expect(() => new Response('a', { status: 204 })).toThrow(TypeError);
    expect(() => Response.redirect('http://a/', 200 as never)).toThrow(RangeError);
    expect(() => Response.json(undefined as never)).toThrow(TypeError);
  });

  test('a response is made of JSON, of a redirection, of an error', async () => {
    const json = Response.json({ a: 1 }, { status: 202 });
    expect([json.status, json.headers.get('content-type'), await json.json()]).toEqual([
      202,
      'application/json',
      { a: 1 },
    ]);
    const there = Response.redirect('http://a/b c', 302);
    expect([there.status, there.headers.get('location')]).toEqual([302, 'http://a/b%20c']);
    expect([Response.error().status, Response.error().type]).toEqual([0, 'error']);
  });

  test('a clone and its original are both read', async () => {
    const response = new Response(new Blob(['abc']).stream());
    const copy = response.clone();
    expect([await response.text(), await copy.text()]).toEqual(['abc', 'abc']);
  });

  test('a request is made of another', async () => {
    const first = new Request('http://a/b#c', { method: 'post', body: 'hi', headers: { x: 'y' } });
    expect([first.method, first.url, first.headers.get('content-type')]).toEqual([
      'POST',
      'http://a/b#c',
      'text/plain;charset=UTF-8',
    ]);
    const second = new Request(first, { headers: { z: '1' } });
    expect([second.method, second.headers.get('x'), second.headers.get('z')]).toEqual(['POST', null, '1']);
    expect(await second.text()).toBe('hi');
    expect(first.bodyUsed).toBe(true);
    expect(() => new Request(first)).toThrow(TypeError);
  });

  test('a request that cannot be is refused', () => {
    expect(() => new Request('/a')).toThrow(TypeError);
    // oxlint-disable-next-line no-invalid-fetch-options -- that it is refused is what is tested
    expect(() => new Request('http://a', { body: 'x' })).toThrow(TypeError);
    expect(() => new Request('http://a', { method: 'TRACE' })).toThrow(TypeError);
    expect(() => new Request('http://me:pw@a')).toThrow(TypeError);
  });

  test('the signal of a request follows the one it was given', () => {
    const controller = new AbortController();
    const request = new Request('http://a', { signal: controller.signal });
    const copy = request.clone();
    controller.abort(new Error('why'));
    expect([request.signal.aborted, (copy.signal.reason as Error).message]).toEqual([true, 'why']);
  });
});

test('instanceof holds for ours and the platform’s', () => {
  expect(new Response('') instanceof Response).toBe(true);
  expect(new globalThis.Response('') instanceof Response).toBe(true);
  expect(new Request('http://a') instanceof Request).toBe(true);
  expect(new globalThis.Request('http://a') instanceof Request).toBe(true);
  expect({} instanceof Response).toBe(false);
  class Mine extends Response {}
  expect([
    new Mine('') instanceof Mine,
    new Mine('') instanceof Response,
    new Response('') instanceof Mine,
  ]).toEqual([true, true, false]);
});

test('a light request is made of the platform’s', async () => {
  const request = new Request(new globalThis.Request('http://a/', { method: 'PUT', body: 'hi' }));
  expect([request.method, await request.text()]).toEqual(['PUT', 'hi']);
});
