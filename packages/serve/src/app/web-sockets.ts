import type { IncomingMessage } from 'node:http';
import type { WebSocketServer } from 'ws';
import type { Incoming } from '../engine/engine.ts';
import { ServeError } from '../errors.ts';
import { fieldOf } from '../http/fields.ts';
import type { Origin } from './forwarded.ts';
import type { Context, WebSocketOptions } from '../options.ts';

/** Bytes of one message, where the options say nothing. */
const messageBytes = 1024 * 1024;

/** Opens WebSockets by the library `ws`. */
export class WebSockets {
  readonly options: WebSocketOptions;
  readonly #server: WebSocketServer;

  private constructor(options: WebSocketOptions, server: WebSocketServer) {
    this.options = options;
    this.#server = server;
  }

  /** @throws {@link ServeError} `OPTION_WRONG` */
  static async from(options: WebSocketOptions): Promise<WebSockets> {
    if (typeof options?.open !== 'function')
      throw new ServeError(
        'OPTION_WRONG',
        'websocket.open must be a function that gets each open connection.',
      );
    const { WebSocketServer } = await import('ws');
    const server = new WebSocketServer({ noServer: true, maxPayload: options.messageBytes ?? messageBytes });
    return new WebSockets(options, server);
  }

  /** Whether a request asks for a WebSocket. */
  static asked(incoming: Incoming): boolean {
    return (
      incoming.upgrade &&
      incoming.method === 'GET' &&
      fieldOf(incoming.fields, 'upgrade')?.toLowerCase() === 'websocket'
    );
  }

  /** Whether the page that asks may: a page of another site could act in its user's name. */
  allows(incoming: Incoming, { scheme, authority }: Origin): boolean {
    const { origins = 'same' } = this.options;
    const origin = fieldOf(incoming.fields, 'origin');
    // Only browsers send it, and every browser does.
    if (origin === undefined || origins === 'any') return true;
    if (origins === 'same') return origin === `${scheme}://${authority}`;
    return origins.includes(origin);
  }

  open(incoming: Incoming, request: Request, context: Context): void {
    const taken = incoming.takeOver();
    if (!taken) return;
    const headers: Record<string, string> = {};
    for (let i = 0; i < incoming.fields.length; i += 2)
      headers[incoming.fields[i]!] ??= incoming.fields[i + 1]!;
    const asked = { method: 'GET', url: incoming.target, headers, httpVersion: '1.1' };
    this.#server.handleUpgrade(asked as unknown as IncomingMessage, taken.socket, taken.head, (socket) => {
      // Without a listener, what a client does wrong would end the process.
      socket.on('error', () => undefined);
      this.options.open(socket, request, context);
    });
  }

  /** Tells every client that the server goes away. */
  close(): void {
    for (const client of this.#server.clients) client.close(1001);
  }
}
