import { type Socket, connect } from 'node:net';

/** What an answer was. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks one thing after the other over one connection, as HTTP says: after an answer with `Connection: close` over a new one, and never twice for
 * what failed.
 */
export class KeepAliveClient {
  readonly #hostname: string;
  readonly #port: number;
  #socket: Socket | null = null;
  #received = '';
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
  /** Connections opened so far. */
  opened = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#hostname = hostname;
    this.#port = Number(port);
  }

  /** @throws Error where the connection ends before the answer does */
  get(path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#received = '';
      this.#socket ??= this.#connect();
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    this.opened++;
    const socket = connect(this.#port, this.#hostname);
    let broken = new Error('the connection was closed before the answer was whole');
    socket.on('error', (error) => (broken = error));
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.reject(broken);
    });
    socket.on('data', (bytes) => {
      if (this.#socket !== socket) return;
      this.#received += bytes.toString('latin1');
      const head = this.#received.indexOf('\r\n\r\n') + 4;
      if (head < 4) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
      if (this.#received.length < head + length) return;
      if (/\r\nconnection: close/i.test(this.#received)) {
        this.#socket = null;
        socket.destroy();
      }
      const waiting = this.#waiting!;
      this.#waiting = null;
      waiting.resolve({ status: Number(this.#received.slice(9, 12)), body: this.#received.slice(head) });
    });
    return socket;
  }
}
