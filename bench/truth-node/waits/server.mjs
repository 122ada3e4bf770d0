// Answers in the thread beside a program that waits for it: the headers after 300 ms or what the request says, then at once.
/* oxlint-disable unicorn/require-post-message-target-origin -- a port between threads has no origin */
import { createServer } from 'node:http';
import { parentPort } from 'node:worker_threads';

const server = createServer(({ url }, response) =>
  setTimeout(() => response.end('done'), Number(/\?(\d+)$/.exec(url)?.[1] ?? 300)),
);
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
