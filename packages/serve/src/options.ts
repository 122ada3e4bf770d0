import type { WebSocket } from 'ws';
import type { Limits } from './limits.ts';

/** What a handler gets beside the request. */
export interface Context {
  /** What the route's parameters matched, decoded: `/user/:id` gives `id`, `/files/*` gives `*`. */
  readonly params: Readonly<Record<string, string>>;
  /** The client's address, '' on a unix socket; what a proxy says only where `trust` names it. */
  readonly remoteAddress: string;
  /** The request's name in logs: a trusted proxy's `X-Request-Id`, or one of our own. */
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

/** How WebSockets are opened; a request for one is an ordinary request where this is not given. */
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

/** Certificate and key, each the path of a file or a PEM text; files are read again by `reload()`. */
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
  /**
   * Processes that serve. With more than 1 this script runs again in each of them, and `url`, `stop`, `reload` and
   * `stats` speak for all. Default 1: this process alone.
   */
  readonly workers?: number;
  /** Milliseconds after which a worker that is not heard of is killed and replaced. Default 10 s. */
  readonly silence?: number;
  /**
   * What parses and sends: `native` (Linux on x64, without TLS) costs less than `typescript`, which runs everywhere. Default
   * `auto`: the native one where it is built.
   */
  readonly engine?: 'auto' | 'native' | 'typescript';
  readonly limits?: Partial<Limits>;
  readonly tls?: TlsOptions;
  readonly websocket?: WebSocketOptions;
  /**
   * Proxies whose `Forwarded`, `X-Forwarded-For`, `-Proto`, `-Host` and `X-Request-Id` count, for `context` and `request.url`:
   * addresses, networks such as `10.0.0.0/8`, and `unix`. Default none.
   */
  readonly trust?: readonly string[];
  /** A path that is answered with 200, and with 503 once the server is stopping: `/healthz`. Default none. */
  readonly health?: string;
  /** A path that is answered with all figures, for Prometheus: `/metrics`. Default none. */
  readonly metrics?: string;
  /** A file that gets a line of JSON for each answer; SIGUSR2 opens it again. Default none. */
  readonly accessLog?: string;
  /** False leaves `Request`, `Response`, `Headers` and `fetch` in workers as they are; they cost more. Default true. */
  readonly globals?: boolean;
  /** Milliseconds that `stop()` gives the requests under way. Default 10 s. */
  readonly drain?: number;
}

/** A server that listens. */
export interface Server {
  /** `http://127.0.0.1:3000`, without a slash at the end; `unix:<path>` on a unix socket. */
  readonly url: string;
  /** Stops accepting, lets the requests under way end (at most `drain`), and resolves when all is closed. */
  stop(): Promise<void>;
  /**
   * Reads the certificates again. With workers: starts new ones, and ends the old when the new serve; no connection is lost.
   *
   * An idle connection gets one more answer from the old worker, as a request may be on its way; with `now` it is
   * closed at once, so that every answer from here on is the new code's.
   *
   * @throws ServeError where that fails; what served before goes on
   */
  reload(how?: { readonly now?: boolean }): Promise<void>;
  stats(): Promise<Stats>;
}

/** Figures since the start. Times in milliseconds. */
export interface Stats {
  readonly engine: string;
  /** Why it is this engine, in a few words. */
  readonly engineReason: string;
  readonly connections: number;
  readonly accepted: number;
  /** Connections answered with 503 as there were too many. */
  readonly turnedAway: number;
  /** Messages that broke a rule or a limit. */
  readonly refused: number;
  readonly requests: number;
  readonly inFlight: number;
  /** Requests answered with 503 as too many were under way. */
  readonly overloaded: number;
  /** Lines of the access log that could not be written. */
  readonly logDropped: number;
  /** Answers by status, `200` and so on. */
  readonly statuses: Readonly<Record<string, number>>;
  /** By route pattern; `fetch` stands for what no route took. */
  readonly routes: Readonly<Record<string, { readonly requests: number; readonly time: number }>>;
  /** Of a server with workers: how many serve, how many are ending, and how many had to be replaced. */
  readonly workers?:
    | { readonly serving: number; readonly leaving: number; readonly restarts: number }
    | undefined;
}
