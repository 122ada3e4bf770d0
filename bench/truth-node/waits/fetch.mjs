// truth: {"kind":"http","call":"fetch","line":13,"milliseconds":1200,"total":1200000,"count":4}
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./server.mjs', import.meta.url));
const [port] = await once(server, 'message');
const url = `http://127.0.0.1:${port}/`;
// The first call loads what fetch is made of.
await (await fetch(url)).text();

// Four answers of 300 ms, one after the other.
for (let round = 0; round < 4; round++) {
  const response = await fetch(url);
  await response.text();
}
await server.terminate();
