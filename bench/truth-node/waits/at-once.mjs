// truth: {"kind":"http","call":"fetch","line":13,"charged":true,"milliseconds":4000,"count":3}
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./server.mjs', import.meta.url));
const [port] = await once(server, 'message');
const url = `http://127.0.0.1:${port}/`;
// The first call loads what fetch is made of.
await (await fetch(url)).text();

// Three answers of 4 s, all at once: the program sleeps for 4 s in all.
async function slowly() {
  const response = await fetch(`${url}?4000`);
  await response.text();
}
await Promise.all([slowly(), slowly(), slowly()]);
await server.terminate();
