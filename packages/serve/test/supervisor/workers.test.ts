import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serve } from '@whetstone/serve';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';
import { bothOf, connected, endApps, figures, living, start, text, until } from './app-process.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-'));
});
afterEach(async () => {
  await endApps();
  rmSync(folder, { recursive: true });
});

describe.each(engines)('with the %s engine', (engine) => {
  test('64 connections at once never leave a worker below half its share, in 100 tries', async () => {
    const { url } = await start({ engine });
    for (let round = 0; round < 100; round++) {
      const connections = await Promise.all(Array.from({ length: 64 }, () => connected(url)));
      const shares = new Map<string, number>();
      for (const { pid, close } of connections) {
        shares.set(pid, (shares.get(pid) ?? 0) + 1);
        close();
      }
      expect(shares.size).toBe(2);
      expect(Math.min(...shares.values())).toBeGreaterThanOrEqual(16);
    }
  });

  test('a reload changes the workers, and no request is lost', async () => {
    const { url, child } = await start({ engine });
    const before = await bothOf(url);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let failed = 0;
    let answered = 0;
    const run = { on: true };
    const seen = new Set<string>();
    const clients = Array.from({ length: 8 }, async () => {
      while (run.on) {
        await new Promise<void>((resolve) => {
          const call = get(url, { agent }, (response) => {
            let body = '';
            response.on('data', (piece) => (body += String(piece)));
            response.on('end', () => {
              if (response.statusCode === 200) answered++;
              else failed++;
              seen.add(body);
              resolve();
            });
          });
          call.on('error', () => {
            failed++;
            resolve();
          });
        });
      }
    });
    await until(() => answered > 200);
    for (let n = 0; n < 3; n++) expect(await text(`${url}/reload`)).toBe('reloaded');
    const then = answered;
    await until(() => answered > then + 200);
    run.on = false;
    await Promise.all(clients);
    agent.destroy();
    expect(failed).toBe(0);
    const after = await bothOf(url);
    expect([...after].some((pid) => before.has(pid))).toBe(false);
    expect(seen.size).toBeGreaterThanOrEqual(4);
    expect(child.exitCode).toBe(null);
    // What the old workers counted is not lost with them.
    const stats = await figures(url);
    expect(stats.workers.serving).toBe(2);
    expect(stats.requests).toBeGreaterThan(200);
  });

  test('whoever is told that it reloaded meets none of the old workers, however busy they are', async () => {
    const { url, child, stdout } = await start({ engine });
    // Kept connections: one that is closed meanwhile is opened again, and that is no fault.
    const kept = async () => await (await fetch(url).catch(() => fetch(url))).text();
    const all = () => Promise.all(Array.from({ length: 16 }, kept));
    const before = new Set<string>();
    await until(async () => before.add(await text(`${url}/busy`)).size === 2);
    await all();
    const told = once(child.stdout!, 'data');
    child.kill('SIGHUP');
    await told;
    expect(stdout()).toBe(`${url}\nreloaded\n`);
    const after = await all();
    expect(after.filter((pid) => before.has(pid))).toEqual([]);
  });

  test('new code that fails is told, and the old workers serve on', async () => {
    const flag = path.join(folder, 'broken');
    const { url } = await start({ engine }, { BROKEN_WHEN_THERE: flag });
    const before = await bothOf(url);
    writeFileSync(flag, '');
    expect(await text(`${url}/reload`)).toContain('a worker ended before it served: exit code 1');
    expect(before.has(await text(url))).toBe(true);
  });

  test('a worker that crashes is replaced, and the other serves on', async () => {
    const { url, stderr } = await start({ engine });
    const before = await bothOf(url);
    await expect(fetch(`${url}/crash`)).rejects.toThrow();
    await until(async () => {
      const { workers } = await figures(url);
      return workers.serving === 2 && workers.restarts === 1;
    });
    const after = await bothOf(url);
    expect([...after].filter((pid) => before.has(pid))).toHaveLength(1);
    await until(() => /worker \d+ ended by exit code 3; another is started/.test(stderr()));
  });

  test('a crash loop is slowed down more and more, and said', async () => {
    const { url, stderr } = await start({ engine });
    const waits = () =>
      [...stderr().matchAll(/the next worker is started in (\d+\.\d) s, as the last ended early/g)].map(
        ([, seconds]) => Number(seconds),
      );
    await until(async () => {
      await fetch(`${url}/crash`).catch(() => undefined);
      return waits().some((seconds) => seconds >= 0.8);
    });
    // The first wait is 0.2 s at most, each other up to twice the one before.
    expect(waits()[0]).toBeLessThanOrEqual(0.2);
    expect(waits().length).toBeGreaterThanOrEqual(3);
    // And it comes back when it may.
    await until(async () => (await fetch(url).catch(() => null))?.ok === true);
  });

  test('a worker that hangs is killed and replaced, and the other serves on', async () => {
    const { url, stderr } = await start({ engine });
    const hung = fetch(`${url}/hang`).catch((error: unknown) => error);
    // It may have taken others before it hung; who comes from then on is served.
    await until(async () => (await text(url)) !== '');
    expect(await hung).toBeInstanceOf(Error);
    await until(() => /worker \d+ has been silent for 2\.0 s; it is killed/.test(stderr()));
    await until(async () => {
      const { workers } = await figures(url);
      return workers.serving === 2 && workers.restarts === 1;
    });
  });

  test('stop lets requests under way end, closes idle connections, and leaves no process', async () => {
    const { url, child } = await start({ engine });
    const pids = await bothOf(url);
    const idle = await connected(url);
    const slow = await fetch(`${url}/slow`);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await slow.text()).toBe('slow');
    await exit;
    expect(child.exitCode).toBe(0);
    expect(living(pids)).toEqual([]);
    idle.close();
  });

  test('a worker speaks for all: it stops the server', async () => {
    const { url, child } = await start({ engine });
    const exit = once(child, 'exit');
    expect(await text(`${url}/stop`)).toBe('stopping');
    await exit;
    expect(child.exitCode).toBe(0);
  });

  test('workers end with their supervisor, however it ends', async () => {
    const { url, child } = await start({ engine });
    const pids = await bothOf(url);
    child.kill('SIGKILL');
    await until(() => living(pids).length === 0);
  });

  test('workers that are loading end with their supervisor', async () => {
    const { child, gate, pids } = await reloading(folder, { engine });
    child.kill('SIGKILL');
    await until(() => child.signalCode !== null);
    rmSync(gate);
    await until(() => living(pids).length === 0);
  });

  test('stop does not wait for workers that are loading', async () => {
    const { child, pids } = await reloading(folder, { engine });
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null);
    expect(child.exitCode).toBe(0);
    expect(living(pids)).toEqual([]);
  });

  test('connections on their way to a worker that hangs are given to others', async () => {
    const { url, stderr } = await start({ engine });
    const hung = fetch(`${url}/hang`).catch((error: unknown) => error);
    // Some of them are for the one that hangs; those that it has already are lost with it. Nobody waits for ever.
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => text(url)));
    expect(await hung).toBeInstanceOf(Error);
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await until(() => stderr().includes('another is started'));
  });

  test('the client’s address is known in a worker', async () => {
    const { url } = await start({ engine });
    expect(await text(`${url}/address`)).toBe('127.0.0.1');
  });

  test.skipIf(process.platform === 'win32')('serves a unix socket', async () => {
    const socketPath = path.join(folder, 'socket');
    const { url, child } = await start({ engine, unix: socketPath });
    expect(url).toBe(`unix:${socketPath}`);
    const call = request({ socketPath, path: '/' }).end();
    const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null);
  });
});

test('a script that cannot be served with workers is told why', async () => {
  await expect(serve({ workers: 0, fetch: (() => undefined) as never })).rejects.toMatchObject({
    code: 'OPTION_WRONG',
  });
  await expect(serve({ workers: 2, silence: 5, fetch: (() => undefined) as never })).rejects.toMatchObject({
    message: expect.stringContaining('silence is 5'),
  });
});

/** A server of which a reload's workers are loading, until the file `gate` is gone. */
async function reloading(folder: string, options: object) {
  const gate = path.join(folder, 'gate');
  const app = await start(options, { LOADING_WHILE_THERE: gate });
  writeFileSync(gate, '');
  void text(`${app.url}/reload`).catch(() => undefined);
  const loading = () =>
    readdirSync(folder).flatMap((name) => (name.startsWith('gate.') ? [path.extname(name).slice(1)] : []));
  await until(() => loading().length === 2);
  return { ...app, gate, pids: loading() };
}
