import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Response, type Server, type Stats, serve } from '@whetstone/serve';
import { afterEach, describe, expect, test } from 'vitest';
import { engines } from './engine/engines.ts';

const installed = !spawnSync('slowhttptest', ['-h']).error;
if (!installed)
  process.stderr.write(
    'slow-clients.test.ts is skipped: there is no slowhttptest (apt-get install slowhttptest).\n',
  );

const large = 'x'.repeat(4_000_000);
let server: Server;
let attack: ChildProcess | null = null;

async function start(engine: (typeof engines)[number]): Promise<void> {
  server = await serve({
    port: 0,
    drain: 0,
    engine,
    limits: { headerTime: 1000, bodyTime: 1000, sendTime: 1000 },
    routes: {
      '/large': () => new Response(large),
      '/probe': () => new Response('here'),
      '/read': async (request) => new Response(await request.text()),
    },
  });
}
afterEach(async () => {
  attack?.kill('SIGKILL');
  await server.stop();
});

const connections = 100;
const common = ['-c', String(connections), '-r', '100', '-i', '1', '-l', '40', '-p', '3'];

const refused = (stats: Stats) => stats.refused;
/** Nobody takes 4 MB in sips of 32 bytes: each that is closed was cut. */
const sent = (stats: Stats) => stats.routes['/large']?.requests ?? 0;

// Header by header; byte by byte of a body; an answer taken in sips.
describe.skipIf(!installed).each(engines)('with the %s engine', (engine) => {
  test.each([
    ['heads', ['-H', '-x', '24'], '/probe', refused],
    ['bodies', ['-B', '-x', '24', '-s', '8192', '-t', 'POST'], '/read', refused],
    ['readers', ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '1'], '/large', sent],
  ] as const)('slow %s are cut, and others are served meanwhile', async (_, kind, target, dealtWith) => {
    await start(engine);
    const child = spawn('slowhttptest', [...common, ...kind, '-u', server.url + target], { stdio: 'ignore' });
    attack = child;
    const ended = once(child, 'exit');
    // Each was dealt with, and none of them is left, whether the attack goes on or has ended.
    for (;;) {
      const over = child.exitCode !== null;
      const probe = await fetch(`${server.url}/probe`, { headers: { connection: 'close' } });
      expect(await probe.text()).toBe('here');
      const stats = await server.stats();
      const dealt = dealtWith(stats);
      if (dealt >= connections && stats.connections < connections / 4) break;
      if (over && dealt < connections) throw new Error(`the attack ended after ${dealt} connections`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill('SIGKILL');
    await ended;
    attack = null;
  });
});
