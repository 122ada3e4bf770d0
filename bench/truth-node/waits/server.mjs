// Answers in the thread beside a program that waits for it: 300 ms to the headers, then at once.
/* oxlint-disable unicorn/require-post-message-target-origin -- a port between threads has no origin */
import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';

const server = createServer((_, response) => setTimeout(() => response.end('done'), 300));
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
