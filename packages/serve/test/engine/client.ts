import { type Socket, connect } from 'node:net';
import { once } from 'node:events';

/** A client that sends what it is told, byte for byte. */
export class RawClient {
  /** All that came so far, Latin-1. */
  received = '';
  ended = false;
  closed = false;
  readonly socket: Socket;
  #changed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#note(() => (this.received += bytes.toString('latin1'))));
    socket.on('end', () => this.#note(() => (this.ended = true)));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#note(() => (this.closed = true)));
  }

  static async to(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Resolves when `condition` holds; looked at whenever something came. */
  async until(condition: (client: this) => boolean): Promise<string> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#changed.push(resolve));
    return this.received;
  }

  /** All that came, when so many answers did that end in `text`. */
  untilText(text: string, times = 1): Promise<string> {
    return this.until(({ received, closed }) => closed || received.split(text).length > times);
  }

  untilClosed(): Promise<string> {
    return this.until(({ ended, closed }) => ended || closed);
  }

  close(): void {
    this.socket.destroy();
  }

  #note(change: () => void): void {
    change();
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}
