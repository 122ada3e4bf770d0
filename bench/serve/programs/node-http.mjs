import cluster from 'node:cluster';
import { createServer } from 'node:http';

const [port, cores] = process.argv.slice(2).map(Number);
const user = /^\/user\/([^/?]+)(\?.*)?$/;

function answer(request, response) {
  if (request.url === '/') {
    response.setHeader('content-type', 'text/plain;charset=UTF-8');
    response.end('hello');
  } else if (request.url === '/json') {
    json(response, { message: 'hello', number: 42 });
  } else {
    const [, id, query] = user.exec(request.url);
    const name = new URLSearchParams(query).get('name');
    json(response, { id, name, agent: request.headers['x-agent'] });
  }
}

function json(response, value) {
  const text = JSON.stringify(value);
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

if (cores > 1 && cluster.isPrimary) for (let i = 0; i < cores; i++) cluster.fork();
else createServer({ keepAliveTimeout: 60_000 }, answer).listen(port, '127.0.0.1');
