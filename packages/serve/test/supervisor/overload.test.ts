import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';
import { type App, endApps, figures, start, text, until } from './app-process.ts';

afterEach(endApps);

const clients = 400;
/** Node itself, with its modules, takes a few dozen. */
const descriptors = 128;
const few = ['sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh'];

/** Opens more connections than there are descriptors, each with a request. */
function crowd({ url }: App) {
  const { hostname, port } = new URL(url);
  const seen = { answered: 0, turnedAway: 0, closed: 0 };
  const sockets = Array.from({ length: clients }, () => {
    const socket = connect(Number(port), hostname);
    let status = '';
    socket.on('data', (bytes) => {
      if (status !== '') return;
      status = bytes.toString('latin1', 9, 12);
      if (status === '200') seen.answered++;
      else if (status === '503') seen.turnedAway++;
    });
    // What is told 503 may be closed before its request is read, which is a reset.
    socket.on('error', () => undefined);
    socket.on('close', () => seen.closed++);
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    return socket;
  });
  return {
    seen,
    leave() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe.skipIf(process.platform !== 'linux').each(engines)('with the %s engine', (engine) => {
  test.each([1, 2])(
    'and %i workers, those beyond the descriptors are told so, and the rest is served',
    async (workers) => {
      const app = await start({ engine, workers }, {}, few);
      const { seen, leave } = crowd(app);
      // Each is answered one way or the other: none is lost without a word.
      await until(() => seen.answered + seen.turnedAway === clients);
      expect(seen.answered).toBeGreaterThan(20 * workers);
      expect(seen.answered).toBeLessThan(descriptors * workers);
      await until(() => seen.closed === seen.turnedAway);
      leave();
      // The figures of workers come once a second.
      await until(async () => {
        const { connections, accepted, turnedAway } = await figures(app.url);
        return connections <= workers && accepted >= seen.answered && turnedAway >= seen.turnedAway;
      });
      // It serves as before, on all workers.
      const pids = new Set<string>();
      await until(async () => pids.add(await text(app.url)).size === workers);
      // A crowd once more finds as much room as the first.
      const again = crowd(app);
      await until(() => again.seen.answered + again.seen.turnedAway === clients);
      expect(again.seen.answered).toBeGreaterThan(20 * workers);
      again.leave();
      expect([app.child.exitCode, app.stderr()]).toEqual([null, '']);
    },
  );
});
