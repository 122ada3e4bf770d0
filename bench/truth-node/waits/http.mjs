// truth: {"kind":"http","call":"http.get","line":11,"milliseconds":1200,"total":1200000}
import { once } from 'node:events';
import { get } from 'node:http';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./server.mjs', import.meta.url));
const [port] = await once(server, 'message');

// Four answers of 300 ms, one after the other; the body of each follows at once.
for (let round = 0; round < 4; round++) {
  const request = get({ port, host: '127.0.0.1', agent: false });
  const [response] = await once(request, 'response');
  await once(response.resume(), 'end');
}
await server.terminate();
