// truth: {"kind":"worker","call":"Worker","line":8,"milliseconds":1000,"total":1000000,"charged":true}
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// Answers after 250 ms, in its sleep.
const code = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', (round) => setTimeout(() => parentPort.postMessage(round), 250));`;
const worker = new Worker(code, { eval: true });
await once(worker, 'online');
for (let round = 0; round < 4; round++) {
  worker.postMessage(round);
  await once(worker, 'message');
}
await worker.terminate();
