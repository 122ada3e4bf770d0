const [port] = process.argv.slice(2).map(Number);

Bun.serve({
  port,
  hostname: '127.0.0.1',
  reusePort: true,
  routes: {
    '/': () => new Response('hello'),
    '/json': () => Response.json({ message: 'hello', number: 42 }),
    '/user/:id': (request) => {
      const query = new URLSearchParams(request.url.slice(request.url.indexOf('?')));
      return Response.json({
        id: request.params.id,
        name: query.get('name'),
        agent: request.headers.get('x-agent'),
      });
    },
  },
});
