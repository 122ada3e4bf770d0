import cluster from 'node:cluster';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const [port, cores] = process.argv.slice(2).map(Number);
if (cores > 1 && cluster.isPrimary) {
  for (let i = 0; i < cores; i++) cluster.fork();
} else {
  const app = new Hono();
  app.get('/', (context) => context.text('hello'));
  app.get('/json', (context) => context.json({ message: 'hello', number: 42 }));
  app.get('/user/:id', (context) =>
    context.json({
      id: context.req.param('id'),
      name: context.req.query('name'),
      agent: context.req.header('x-agent'),
    }),
  );
  serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
}
