// Sends five pieces, 200 ms apart, to whoever connects.
/* oxlint-disable unicorn/require-post-message-target-origin -- a port between threads has no origin */
import { createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';

const server = createServer((socket) => {
  let sent = 0;
  const interval = setInterval(() => {
    if (++sent < 5) return void socket.write('piece');
    clearInterval(interval);
    socket.end('last');
  }, 200);
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
