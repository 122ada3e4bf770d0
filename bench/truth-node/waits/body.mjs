// truth: {"kind":"http","call":"response.body","line":13,"milliseconds":1500,"total":1500000}
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./server.mjs', import.meta.url));
const [port] = await once(server, 'message');
const url = `http://127.0.0.1:${port}/`;
// The first call loads what fetch is made of.
await (await fetch(url)).text();

// Five pieces of 300 ms.
const { body } = await fetch(`${url}?pieces`);
for await (const piece of body) piece.at(0);
await server.terminate();
