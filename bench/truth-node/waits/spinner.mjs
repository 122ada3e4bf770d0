// truth: {"kind":"http","call":"fetch","line":13,"charged":true,"milliseconds":4000,"count":1}
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./server.mjs', import.meta.url));
const [port] = await once(server, 'message');
const url = `http://127.0.0.1:${port}/`;
// The first call loads what fetch is made of.
await (await fetch(url)).text();

// One answer of 4 s, and something that turns meanwhile.
const spinner = setInterval(() => {}, 80);
const response = await fetch(`${url}?4000`);
clearInterval(spinner);
await response.text();
await server.terminate();
