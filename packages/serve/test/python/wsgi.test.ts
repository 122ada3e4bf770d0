import { readFileSync } from 'node:fs';
import { serveModule } from '@whetstone/serve';
import { describe, expect, test } from 'vitest';
import { RawClient } from '../engine/client.ts';
import { apps, found, start, stderrOf, text, until } from './serving.ts';

describe.skipIf(!found)('PEP 3333', () => {
  test('is kept, as wsgiref.validate says', async () => {
    const url = await start('validated', { workers: 1 });
    const written = await stderrOf(async () => {
      expect(await text(`${url}/a%20b%C3%A9?c=%20d`)).toBe('/a bé c=%20d');
      const posted = await fetch(`${url}/`, { method: 'POST', body: 'x'.repeat(100_000) });
      expect([posted.status, posted.headers.get('x-length')]).toEqual([200, '100000']);
      expect((await fetch(`${url}/`, { method: 'HEAD' })).status).toBe(200);
    });
    expect(written).toBe('');
  });

  test('start_response may be called again with what went wrong, until something is sent', async () => {
    const url = await start('wsgi', { workers: 1 });
    const page = await fetch(`${url}/late-error-page`);
    expect([page.status, await page.text()]).toEqual([500, 'error page']);
    expect([page.headers.get('x-first'), page.headers.get('x-second')]).toEqual([null, '2']);
    const written = await stderrOf(async () => {
      await expect(text(`${url}/later-error-page`)).rejects.toThrow();
    });
    expect(written).toContain('ValueError: later');
  });

  test('an answer is closed: when it is out, in one piece or several, and when its client left', async () => {
    const url = await start('wsgi', { workers: 1 });
    expect(await text(`${url}/closing`)).toBe('pieces.');
    await until(async () => (await text(`${url}/closed`)) === '1');
    expect(await text(`${url}/closing-whole`)).toBe('one');
    await until(async () => (await text(`${url}/closed`)) === '2');
    const client = await RawClient.to(url);
    client.send('GET /closing-endless HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.untilText('200 OK');
    client.close();
    await until(async () => (await text(`${url}/closed`)) === '3');
  });

  test('wsgi.file_wrapper sends a file', async () => {
    const url = await start('wsgi', { workers: 1 });
    expect(await text(`${url}/file`)).toBe(readFileSync(apps, 'utf8'));
  });

  test('HEAD says how long the answer would be', async () => {
    const url = await start('wsgi', { workers: 1 });
    const response = await fetch(`${url}/closing`, { method: 'HEAD' });
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['7', '']);
  });
});

test.each([
  [`${apps}:wsgi`, { threads: 0 }, 'threads is 0, and must be a whole number from 1 to 1024.'],
  [`${apps}:wsgi`, { python: '' }, "python is '', and must be the path of an interpreter."],
  ['app.js', { threads: 2 }, 'threads is for applications of Python (app.py:app), and this is none.'],
])('%s with %o is refused, and why is said', async (target, options, message) => {
  await expect(serveModule(target, { port: 0, ...options })).rejects.toMatchObject({
    code: 'OPTION_WRONG',
    message,
  });
});
