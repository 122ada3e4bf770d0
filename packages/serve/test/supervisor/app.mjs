// A server with workers, for the tests: what it is to do comes as paths. Runs on the build.
import { existsSync, writeFileSync } from 'node:fs';
import { Response, serve } from '@whetstone/serve';

// The supervisor ends with the test, however that ends; the workers end with their supervisor.
if (!process.send)
  process.stdin
    .on('end', () => process.exit(1))
    .resume()
    .unref();

const broken = process.env.BROKEN_WHEN_THERE;
if (process.send && broken && existsSync(broken)) throw new Error('the new code is broken');

// A worker says that it loads, and waits until it may go on.
const gate = process.env.LOADING_WHILE_THERE;
if (process.send && gate && existsSync(gate)) {
  writeFileSync(`${gate}.${process.pid}`, '');
  while (existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const { unix, ...options } = JSON.parse(process.env.SERVE_OPTIONS ?? '{}');
const server = await serve({
  ...(unix ? { unix } : { port: 0 }),
  workers: 2,
  silence: 2000,
  drain: 5000,
  ...options,
  routes: {
    '/': () => new Response(String(process.pid)),
    '/crash': () => process.exit(3),
    // Far longer than anybody waits, and yet not for ever.
    '/hang': () => {
      for (const until = performance.now() + 60_000; performance.now() < until;);
    },
    // From here on this worker mostly computes: it hears late of what it is told.
    '/busy': () => {
      setInterval(() => {
        for (const until = performance.now() + 150; performance.now() < until;);
      }, 10).unref();
      return new Response(String(process.pid));
    },
    '/slow': () => new Response(slowly()),
    '/forever': () => new Response(forever()),
    '/address': (_, { remoteAddress }) => new Response(remoteAddress),
    '/stats': async () => Response.json(await server.stats()),
    '/reload': async () => {
      try {
        await server.reload();
        return new Response('reloaded');
      } catch (error) {
        return new Response(error.message, { status: 500 });
      }
    },
    '/stop': () => {
      setTimeout(() => server.stop(), 10);
      return new Response('stopping');
    },
  },
});
// The first line says where; the supervisor alone is asked to end by a signal.
if (!process.send) {
  process.on('SIGTERM', () => void server.stop());
  process.on('SIGHUP', () => void server.reload({ now: true }).then(() => console.log('reloaded')));
  console.log(server.url);
}

async function* forever() {
  for (;;) {
    yield 'on and ';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function* slowly() {
  yield 'sl';
  await new Promise((resolve) => setTimeout(resolve, 300));
  yield 'ow';
}
