import { afterEach, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';
import { endApps, start, until } from './app-process.ts';
import { KeepAliveClient } from './keep-alive-client.ts';

afterEach(endApps);

const requests = 100_000;
const clients = 32;

describe.each(engines)('with the %s engine', (engine) => {
  test(`of ${requests} requests none fails while the workers are replaced again and again`, async () => {
    const { url, child, stderr } = await start({ engine });
    const failures: string[] = [];
    const pids = new Set<string>();
    const load = { left: requests, answered: 0, opened: 0 };
    const done = Promise.all(
      Array.from({ length: clients }, async () => {
        const client = new KeepAliveClient(url);
        while (load.left > 0) {
          load.left--;
          try {
            const { status, body } = await client.get('/');
            if (status === 200 && /^\d+$/.test(body)) pids.add(body);
            else failures.push(`${status} ${body}`);
          } catch (error) {
            failures.push(String(error));
          }
          load.answered++;
        }
        client.close();
        load.opened += client.opened;
      }),
    );
    // One after the other, as long as there is load; each must answer by new workers before the next begins.
    let reloads = 0;
    while (load.left > 1000) {
      const before = pids.size;
      const reloader = new KeepAliveClient(url);
      expect(await reloader.get('/reload')).toEqual({ status: 200, body: 'reloaded' });
      reloader.close();
      reloads++;
      await until(() => pids.size > before || load.left <= 1000);
    }
    await done;
    expect(failures).toEqual([]);
    expect(load.answered).toBe(requests);
    expect(reloads).toBeGreaterThanOrEqual(3);
    expect(pids.size).toBeGreaterThanOrEqual(2 * 3);
    // Connections were closed, and opened again.
    expect(load.opened).toBeGreaterThan(clients);
    expect([child.exitCode, stderr()]).toEqual([null, '']);
  }, 240_000);
});
