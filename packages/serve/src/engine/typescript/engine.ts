import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TLSSocket, type Server as TlsServer, createServer as createTlsServer } from 'node:tls';
import { type Clock, tickOf } from '../clock.ts';
import type { Engine, EngineCounters, Incoming, ListenOptions, Listener } from '../engine.ts';
import { turnAway } from '../turn-away.ts';
import { Connection, type ConnectionHost, type OpenConnection } from './connection.ts';
import { Http2Connection } from './http2-connection.ts';
import { secureContextOf } from './tls.ts';

/** The engine on `node:net`: nothing to install, every platform. */
export const typescriptEngine = {
  name: 'typescript',
  async listen(options: ListenOptions): Promise<TypescriptListener> {
    const listener = new TypescriptListener(options);
    await listener.start();
    return listener;
  },
} as const satisfies Engine;

/** Between the idle connections' end and that of all, milliseconds. */
const lastMoment = 50;

/** What a timer of Node can wait, milliseconds. */
const longestTimeout = 2 ** 31 - 1;

/** Connections that the kernel keeps for us until they are accepted. */
const backlog = 1024;

/** Serves by sockets of Node. */
export class TypescriptListener implements Listener, ConnectionHost {
  readonly limits;
  readonly clock: Clock = { now: performance.now() };
  readonly counters: EngineCounters = { connections: 0, accepted: 0, turnedAway: 0, refused: 0 };
  draining = false;
  patient = false;
  authority = 'localhost';
  readonly #options: ListenOptions;
  readonly #connections = new Set<OpenConnection>();
  readonly #server: Server | TlsServer | null;
  readonly #tls: TlsServer | null;
  /** What TLS is spoken over; some are still at the handshake, and no connections of ours yet. */
  readonly #tlsSockets = new Set<Socket>();
  readonly #ticker: NodeJS.Timeout;
  #closed: (() => void) | null = null;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.limits = options.limits;
    const { where, tls } = options;
    const sockets = { allowHalfOpen: true, noDelay: where === 'handed' || !('unix' in where) };
    this.#tls = tls
      ? createTlsServer({
          ...secureContextOf(tls),
          ...sockets,
          ALPNProtocols: tls.http2 === false ? ['http/1.1'] : ['h2', 'http/1.1'],
          handshakeTimeout: Math.min(this.limits.headerTime, longestTimeout),
        })
      : null;
    this.#server =
      this.#tls ??
      (where === 'handed'
        ? null
        : createServer(sockets, (socket) => this.adopt(socket, 'http', socket.remoteAddress ?? '')));
    this.#tls?.on('connection', this.#onHandshake);
    this.#tls?.on('secureConnection', this.#onSecure);
    // A handshake that fails is the client's affair.
    this.#tls?.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#ticker = setInterval(() => {
      const now = performance.now();
      this.clock.now = now;
      for (const connection of this.#connections) connection.check(now);
    }, tickOf(this.limits));
    this.#ticker.unref();
  }

  get address(): Listener['address'] {
    const address = this.#server?.address() ?? null;
    if (address === null) return null;
    return typeof address === 'string'
      ? { unix: address }
      : { port: address.port, hostname: address.address };
  }

  async start(): Promise<void> {
    const { where } = this.#options;
    const server = this.#server;
    if (server === null || where === 'handed') return;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        const done = () => {
          server.off('error', reject);
          resolve();
        };
        if ('shared' in where) server.listen({ fd: where.shared.descriptor }, done);
        else if ('unix' in where) server.listen({ path: where.unix, backlog }, done);
        else server.listen({ port: where.port, host: where.hostname, backlog }, done);
      });
    } catch (error) {
      clearInterval(this.#ticker);
      throw error;
    }
    if ('port' in where)
      this.authority = `${where.hostname.includes(':') ? `[${where.hostname}]` : where.hostname}:${(server.address() as AddressInfo).port}`;
    // Out of descriptors and the like: the connection is lost, the server goes on.
    server.on('error', () => undefined);
  }

  accept(socket: Socket): void {
    if (this.#tls) this.#tls.emit('connection', socket);
    else this.adopt(socket, 'http', socket.remoteAddress ?? '');
  }

  /** Takes a stream that is ready for HTTP/1.1. */
  adopt(socket: Socket | Duplex, scheme: 'http' | 'https', remoteAddress: string): void {
    if (this.draining) {
      socket.destroy();
      return;
    }
    if (this.counters.connections >= this.limits.connections) {
      this.counters.turnedAway++;
      turnAway(socket);
      return;
    }
    this.counters.connections++;
    this.counters.accepted++;
    this.#connections.add(new Connection(socket, scheme, remoteAddress, this));
  }

  readonly #onHandshake = (socket: Socket): void => {
    if (this.draining || this.#tlsSockets.size >= this.limits.connections) {
      if (!this.draining) this.counters.turnedAway++;
      socket.destroy();
      return;
    }
    this.#tlsSockets.add(socket);
    socket.on('close', () => this.#tlsSockets.delete(socket));
  };

  readonly #onSecure = (socket: TLSSocket): void => {
    const remoteAddress = socket.remoteAddress ?? '';
    if (socket.alpnProtocol !== 'h2') {
      this.adopt(socket, 'https', remoteAddress);
      return;
    }
    if (this.draining) {
      socket.destroy();
      return;
    }
    this.counters.connections++;
    this.counters.accepted++;
    this.#connections.add(new Http2Connection(socket, remoteAddress, this));
  };

  readTls(): void {
    if (this.#tls && this.#options.tls) this.#tls.setSecureContext(secureContextOf(this.#options.tls));
  }

  onRequest(incoming: Incoming): void {
    this.#options.onRequest(incoming);
  }

  onRefused(status: number, reason: string, remoteAddress: string): void {
    this.#options.onRefused(status, reason, remoteAddress);
  }

  closed(connection: OpenConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.counters.connections--;
    if (this.draining && this.#connections.size === 0) this.#closed?.();
  }

  get load(): number {
    return this.#tls ? this.#tlsSockets.size : this.counters.connections;
  }

  async close(milliseconds: number, patient = false, stopped?: () => void): Promise<void> {
    this.draining = true;
    this.patient = patient;
    this.#server?.close();
    for (const connection of this.#connections) if (!patient) connection.drain();
    stopped?.();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
        // Idle ones first: what is on its way to them may still be read.
        setTimeout(
          () => {
            this.patient = false;
            for (const connection of this.#connections) connection.drain();
            setTimeout(() => {
              for (const connection of this.#connections) connection.destroy();
            }, lastMoment).unref();
          },
          Math.min(milliseconds, longestTimeout),
        ).unref();
      });
    }
    for (const socket of this.#tlsSockets) socket.destroy();
    clearInterval(this.#ticker);
  }
}
