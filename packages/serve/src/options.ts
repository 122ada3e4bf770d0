import type { WebSocket } from 'ws';
import type { Limits } from './limits.ts';

/** What a handler gets beside the request. */
export interface Context {
  /** What the route's parameters matched, decoded: `/user/:id` gives `id`, `/files/*` gives `*`. */
  readonly params: Readonly<Record<string, string>>;
  /** The client's address; of a trusted proxy's client where `trust` names the proxy. */
  readonly remoteAddress: string;
  /** The request's id: what a trusted proxy sent as `X-Request-Id`, or our own. */
  readonly requestId: string;
  /** Keeps the server from ending, on `stop`, before this promise is settled. */
  waitUntil(promise: Promise<unknown>): void;
}

export type Answer = Response | Promise<Response>;
export type Handler = (request: Request, context: Context) => Answer;

/** A handler for each method; another method is answered with 405 and `Allow`. `GET` answers `HEAD` too. */
export type Methods = {
  readonly [M in 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS']?: Handler;
};

/** `'/user/:id'`, `'/files/*'`: literal before parameter before wildcard. */
export type Routes = { readonly [pattern: string]: Handler | Methods };

/** What WebSockets are answered with; a request for one is an ordinary request where it is not given. */
export interface WebSocketOptions {
  /** Called with each open connection. */
  open(socket: WebSocket, request: Request, context: Context): void;
  /** Called before: a `Response` refuses. */
  accept?(request: Request, context: Context): Response | undefined | Promise<Response | undefined>;
  /** Which pages may connect, by `Origin`: those of this host (`'same'`, the default), `'any'`, or a list. */
  readonly origins?: 'same' | 'any' | readonly string[];
  /** Bytes of one message. Default 1 MiB. */
  readonly messageBytes?: number;
}

/** Certificates as files, read again on `reload()`, or as PEM texts. */
export interface TlsOptions {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca?: string | Buffer;
  /** Default true. */
  readonly http2?: boolean;
}

/** What {@link serve} takes. */
export interface ServeOptions {
  /** Answers what no route does; without it that is 404. */
  readonly fetch?: Handler;
  readonly routes?: Routes;
  /** Answers for a handler that threw; without it that is 500 with no details. */
  readonly error?: (error: unknown, request: Request) => Answer;
  /** Default 3000; 0 takes a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** Path of a unix socket, instead of port and hostname. */
  readonly unix?: string;
  readonly limits?: Partial<Limits>;
  readonly websocket?: WebSocketOptions;
  readonly tls?: TlsOptions;
  /** Milliseconds that `stop()` gives the requests under way. Default 10 s. */
  readonly drain?: number;
}

/** A server that listens. */
export interface Server {
  /** `http://127.0.0.1:3000`, without a slash at the end; `unix:<path>` on a unix socket. */
  readonly url: string;
  /** Stops accepting, lets the requests under way end (at most `drain`), and resolves when all is closed. */
  stop(): Promise<void>;
  stats(): Promise<Stats>;
}

/** Figures since the start. Times in milliseconds. */
export interface Stats {
  readonly engine: string;
  /** Why this engine. */
  readonly why: string;
  readonly connections: number;
  readonly accepted: number;
  readonly turnedAway: number;
  readonly refused: number;
  readonly requests: number;
  readonly inFlight: number;
  /** Answers by status, `200` and so on. */
  readonly statuses: Readonly<Record<string, number>>;
  /** By route pattern; `fetch` stands for what no route took. */
  readonly routes: Readonly<Record<string, { readonly requests: number; readonly time: number }>>;
}
