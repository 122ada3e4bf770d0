import cluster from 'node:cluster';
import fastify from 'fastify';

const [port, cores] = process.argv.slice(2).map(Number);
if (cores > 1 && cluster.isPrimary) {
  for (let i = 0; i < cores; i++) cluster.fork();
} else {
  const app = fastify();
  app.get('/', (_, reply) => reply.type('text/plain;charset=UTF-8').send('hello'));
  app.get('/json', () => ({ message: 'hello', number: 42 }));
  app.get('/user/:id', (request) => ({
    id: request.params.id,
    name: request.query.name,
    agent: request.headers['x-agent'],
  }));
  await app.listen({ port, host: '127.0.0.1' });
}
