// A server with workers, for the tests: what it is to do comes as paths. Runs on the build.
import { existsSync } from 'node:fs';
import { Response, serve } from '@whetstone/serve';

const broken = process.env.BROKEN_WHEN_THERE;
if (process.send && broken && existsSync(broken)) throw new Error('the new code is broken');

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
    '/hang': () => {
      for (;;);
    },
    '/slow': async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return new Response('slow');
    },
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
  console.log(server.url);
  process.on('SIGTERM', () => void server.stop());
}
