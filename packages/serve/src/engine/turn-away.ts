import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerHead } from '../http/answer-head.ts';

/** Says without TLS that there are too many connections, without reading; a client that does not take it is cut. */
export function turnAway(socket: Duplex): void {
  const head = answerHead(503, ['retry-after', '1'], 0, 'close');
  socket.on('error', () => undefined);
  if (socket instanceof Socket) {
    // A few bytes leave at once, and the descriptor is free again before the next connection is accepted.
    socket.write(head, 'latin1');
    socket.destroy();
  } else {
    socket.end(head, 'latin1', () => socket.destroy());
  }
}
