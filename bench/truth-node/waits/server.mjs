// Answers in the thread beside a program that waits for it: after 300 ms or what the request says, or in five pieces.
/* oxlint-disable unicorn/require-post-message-target-origin -- a port between threads has no origin */
import { createServer } from 'node:http';
import { setInterval } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';

const server = createServer(({ url }, response) => {
  if (url.endsWith('pieces')) return pieces(response);
  setTimeout(() => response.end('done'), Number(/\?(\d+)$/.exec(url)?.[1] ?? 300));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));

/** The headers at once, then a piece every 300 ms. */
async function pieces(response) {
  response.flushHeaders();
  let rest = 5;
  for await (const _ of setInterval(300)) {
    response.write('piece');
    if (--rest === 0) break;
  }
  response.end();
}
