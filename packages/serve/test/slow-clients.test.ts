import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Response, type Server, serve } from '@whetstone/serve';
import { afterEach, beforeEach, expect, test } from 'vitest';

const installed = !spawnSync('slowhttptest', ['-h']).error;
if (!installed)
  process.stderr.write(
    'slow-clients.test.ts is skipped: there is no slowhttptest (apt-get install slowhttptest).\n',
  );

const large = 'x'.repeat(4_000_000);
let server: Server;
let attack: ChildProcess | null = null;

beforeEach(async () => {
  server = await serve({
    port: 0,
    drain: 0,
    limits: { headerTime: 1000, bodyTime: 1000, sendTime: 1000, idleTime: 1000 },
    routes: {
      '/large': () => new Response(large),
      '/probe': () => new Response('here'),
      '/read': async (request) => new Response(await request.text()),
    },
  });
});
afterEach(async () => {
  attack?.kill('SIGKILL');
  await server.stop();
});

const connections = 100;
const common = ['-c', String(connections), '-r', '100', '-i', '1', '-l', '20', '-p', '3'];

// Header by header; byte by byte of a body.
test.skipIf(!installed).each([
  ['heads', ['-H', '-x', '24'], '/probe', 'refused'],
  ['bodies', ['-B', '-x', '24', '-s', '8192', '-t', 'POST'], '/read', 'refused'],
] as const)('slow %s are cut, and others are served meanwhile', async (_, kind, target, counted) => {
  const child = spawn('slowhttptest', [...common, ...kind, '-u', server.url + target], { stdio: 'ignore' });
  attack = child;
  const ended = once(child, 'exit');
  let most = 0;
  // All of them were there, each was dealt with, and none is left.
  for (;;) {
    const probe = await fetch(`${server.url}/probe`);
    expect(await probe.text()).toBe('here');
    const stats = await server.stats();
    most = Math.max(most, stats.connections);
    if (most > connections / 2 && stats[counted] >= connections && stats.connections < connections / 4) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  await ended;
  attack = null;
});
