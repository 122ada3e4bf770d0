// truth: {"kind":"worker","call":"Worker","line":9,"milliseconds":2000,"total":2000000,"charged":true}
/* oxlint-disable unicorn/require-post-message-target-origin -- a port between threads has no origin */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// Answers after 500 ms, in its sleep.
const code = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', (round) => setTimeout(() => parentPort.postMessage(round), 500));`;
const worker = new Worker(code, { eval: true });
await once(worker, 'online');
for (let round = 0; round < 4; round++) {
  worker.postMessage(round);
  await once(worker, 'message');
}
await worker.terminate();
