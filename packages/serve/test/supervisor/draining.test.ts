import { once } from 'node:events';
import { Response, serve } from '@whetstone/serve';
import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../engine/client.ts';
import { engines } from '../engine/engines.ts';
import { bothOf, endApps, living, start, until } from './app-process.ts';

afterEach(endApps);

const status = async (url: string) => {
  const response = await fetch(url, { headers: { connection: 'close' } });
  await response.text();
  return response.status;
};

describe.each(engines)('with the %s engine', (engine) => {
  test('stop lets the last request end, and says meanwhile to whoever comes that the server stops', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const server = await serve({
      engine,
      port: 0,
      health: '/healthz',
      routes: {
        '/last': async () => {
          await gate;
          return new Response('the last word');
        },
      },
    });
    expect(await status(`${server.url}/healthz`)).toBe(200);
    const last = await RawClient.to(server.url);
    last.send('GET /last HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(async () => (await server.stats()).requests === 2);
    const stopped = server.stop();
    await until(async () => (await status(`${server.url}/healthz`)) === 503);
    expect(await status(`${server.url}/last`)).toBe(503);
    go();
    expect(await last.untilClosed()).toMatch(/\r\nconnection: close\r\n[^]*the last word$/);
    await stopped;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  test('SIGTERM ends what does not end by itself, after `drain` milliseconds, and leaves no process', async () => {
    const { url, child, stderr } = await start({ engine, drain: 3000, health: '/healthz' });
    const pids = await bothOf(url);
    const endless = await RawClient.to(url);
    endless.send('GET /forever HTTP/1.1\r\nHost: h\r\n\r\n');
    await endless.untilText('on and ');
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await until(async () => (await status(`${url}/healthz`)) === 503);
    expect(await status(url)).toBe(503);
    expect(child.exitCode).toBe(null);
    expect(await exit).toEqual([0, null]);
    // Without the last chunk nobody takes what came for the whole.
    expect(await endless.untilClosed()).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(living(pids)).toEqual([]);
    expect(stderr()).toBe('');
  });
});
