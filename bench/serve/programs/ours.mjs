import { Response, serve } from '../../../packages/serve/dist/index.js';

const [port, cores] = process.argv.slice(2, 4).map(Number);
const engine = process.argv[4] ?? 'auto';
await serve({
  port,
  engine,
  workers: cores,
  routes: {
    '/': () => new Response('hello'),
    '/json': () => Response.json({ message: 'hello', number: 42 }),
    '/user/:id': (request, { params }) => {
      const query = new URLSearchParams(request.url.slice(request.url.indexOf('?')));
      return Response.json({ id: params.id, name: query.get('name'), agent: request.headers.get('x-agent') });
    },
  },
});
