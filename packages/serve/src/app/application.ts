import type { Incoming } from '../engine/engine.ts';
import { RequestAborted } from '../engine/aborted.ts';
import { type Request, abortRequest, addressOf, requestOf } from '../fetch/request.ts';
import { Response, isResponse } from '../fetch/response.ts';
import type { AccessLog } from '../log/access-log.ts';
import { metricsText } from '../log/metrics-text.ts';
import type { Handler, Stats } from '../options.ts';
import { RequestContext, type Waiting } from './context.ts';
import type { Origin, TrustedProxies } from './forwarded.ts';
import { takeRequestId } from './request-id.ts';
import { respondBitByBit, respondNow, responseOf } from './respond.ts';
import type { Router } from './router.ts';
import { WebSockets } from './web-sockets.ts';

/**
 * Answers requests without a `Request` and a `Response`, for what serves them elsewhere: each exactly once, by the
 * request itself, also where it is aborted. `ended` is called once it is, with the status.
 */
export type Forward = (incoming: Incoming, origin: Origin, ended: (status: number) => void) => void;

/** What an application is made of. */
export interface ApplicationOptions {
  readonly router: Router | null;
  readonly fetch: Handler | null;
  /** Takes what no route does, instead of `fetch`. */
  readonly forward?: Forward | null;
  readonly error: ((error: unknown, request: globalThis.Request) => unknown) | null;
  /** Requests being handled at once. */
  readonly inFlight: number;
  readonly sockets: WebSockets | null;
  /** Paths that the server answers itself. */
  readonly health: string | null;
  readonly metrics: string | null;
  /** The figures for {@link metrics}. */
  readonly figures: () => Promise<Stats>;
  readonly log: AccessLog | null;
  readonly trusted: TrustedProxies | null;
  /** Told of what a handler threw that no one else was told of. */
  readonly report: (error: unknown) => void;
}

/** Figures of an application; all but `inFlight` only rise. */
export interface ApplicationCounters {
  requests: number;
  inFlight: number;
  /** Requests answered with 503 as too many were under way. */
  overloaded: number;
  /** Answers, by status. */
  readonly statuses: Float64Array;
  /** By route pattern; milliseconds. */
  readonly routes: Map<string, { requests: number; time: number }>;
}

/** Seconds after which a client may come again. */
const retryAfter = ['retry-after', '1'];
const text = ['content-type', 'text/plain;charset=UTF-8'];

/** Takes each request to its handler, and what becomes of it back. */
export class Application implements Waiting {
  readonly counters: ApplicationCounters = {
    requests: 0,
    inFlight: 0,
    overloaded: 0,
    statuses: new Float64Array(1000),
    routes: new Map(),
  };
  readonly #options: ApplicationOptions;
  #stopping = false;
  readonly #waiting = new Set<Promise<unknown>>();

  constructor(options: ApplicationOptions) {
    this.#options = options;
  }

  /** For an engine: never throws, and answers every request, now or later. */
  readonly handle = (incoming: Incoming): void => {
    const { counters } = this;
    const { router, fetch, inFlight, health, metrics, sockets } = this.#options;
    counters.requests++;
    const began = performance.now();
    const path = router || health !== null || metrics !== null ? pathOf(incoming) : '';
    // Whoever watches the server must get an answer when it has the most to do.
    if (path !== '' && (path === health || path === metrics)) {
      this.#own(incoming, path, began);
      return;
    }
    if (counters.inFlight >= inFlight) {
      counters.overloaded++;
      this.#plain(incoming, 'overload', began, 503, 'too many requests\n', retryAfter);
      return;
    }
    if (incoming.target === '*') {
      this.#plain(incoming, '*', began, 204, '', []);
      return;
    }
    let name = 'fetch';
    let handler = fetch;
    let params = noParams;
    const match = router?.find(path);
    if (match) {
      const { route } = match;
      name = route.pattern;
      params = match.params;
      handler = route.handler ?? methodOf(route.methods!, incoming.method);
      if (handler === null) {
        this.#plain(incoming, name, began, 405, 'this method is not allowed here\n', ['allow', route.allow]);
        return;
      }
    }
    const origin = this.#originOf(incoming);
    if (sockets !== null && incoming.upgrade && WebSockets.asked(incoming)) {
      this.#socket(sockets, incoming, origin, began);
      return;
    }
    const { forward } = this.#options;
    if (forward && !match) {
      counters.inFlight++;
      forward(incoming, origin, (status) => {
        counters.inFlight--;
        this.#count(incoming, name, began, status);
      });
      return;
    }
    if (handler === null) {
      this.#plain(incoming, 'none', began, 404, 'not found\n', []);
      return;
    }
    const request = requestOf(incoming, origin);
    const context = new RequestContext(incoming, origin, params, this);
    let result: unknown;
    try {
      result = handler(request as never, context);
    } catch (error) {
      void this.#finish(incoming, request, name, began, Promise.reject(error));
      return;
    }
    // The usual case at once: nothing waits, nothing needs to be told that the client left.
    if (isResponse(result)) {
      try {
        if (respondNow(incoming, result)) {
          this.#count(incoming, name, began, result.status);
          return;
        }
        result = new Taken(result);
      } catch (error) {
        result = Promise.reject(error);
      }
    }
    void this.#finish(incoming, request, name, began, result);
  };

  /** From here on the health is 503, and WebSockets are told that the server goes away. */
  stopping({ unhealthy }: { readonly unhealthy: boolean }): void {
    this.#stopping = unhealthy;
    this.#options.sockets?.close();
  }

  #originOf(incoming: Incoming): Origin {
    const { trusted } = this.#options;
    if (!trusted?.has(incoming.remoteAddress)) return incoming;
    takeRequestId(incoming);
    return trusted.originOf(incoming, incoming.fields);
  }

  #own(incoming: Incoming, path: string, began: number): void {
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      this.#plain(incoming, path, began, 405, 'this method is not allowed here\n', ['allow', 'GET, HEAD']);
    } else if (path === this.#options.health) {
      const fields = ['cache-control', 'no-store'];
      if (this.#stopping) this.#plain(incoming, path, began, 503, 'stopping\n', fields);
      else this.#plain(incoming, path, began, 200, 'ok\n', fields);
    } else {
      this.#options.figures().then(
        (stats) => this.#plain(incoming, path, began, 200, metricsText(stats), []),
        () => this.#plain(incoming, path, began, 503, 'the figures cannot be had now\n', retryAfter),
      );
    }
  }

  #socket(sockets: WebSockets, incoming: Incoming, origin: Origin, began: number): void {
    if (!sockets.allows(incoming, origin)) {
      this.#plain(incoming, 'websocket', began, 403, 'this page may not connect here\n', []);
      return;
    }
    const request = requestOf(incoming, origin);
    const context = new RequestContext(incoming, origin, noParams, this);
    const open = (): void => {
      sockets.open(incoming, request as never, context);
      this.#count(incoming, 'websocket', began, 101);
    };
    const { accept } = sockets.options;
    if (!accept) {
      open();
      return;
    }
    const refused = (async () => await accept(request as never, context))();
    refused.then(
      (response) => {
        if (response === undefined) open();
        else void this.#finish(incoming, request, 'websocket', began, response);
      },
      (error: unknown) => void this.#finish(incoming, request, 'websocket', began, Promise.reject(error)),
    );
  }

  waitUntil(promise: Promise<unknown>): void {
    const settled = promise
      .catch((error: unknown) => this.#options.report(error))
      .finally(() => this.#waiting.delete(settled));
    this.#waiting.add(settled);
  }

  /** Resolves when all that handlers asked to wait for is settled. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting);
  }

  /** What takes longer than the call itself: promises, bodies in pieces, errors. Never rejects. */
  async #finish(
    incoming: Incoming,
    request: Request,
    name: string,
    began: number,
    result: unknown,
  ): Promise<void> {
    this.counters.inFlight++;
    let gone: RequestAborted | null = null;
    let status = 500;
    let counted = true;
    // A handler that hangs must not hold its place for ever.
    const leave = (): void => {
      if (counted) this.counters.inFlight--;
      counted = false;
    };
    const onAbort = (reason: Error): void => {
      gone = reason as RequestAborted;
      leave();
      this.#count(incoming, name, began, gone.status);
      abortRequest(request, reason);
      if (gone.code === 'TIME_LIMIT')
        incoming.answer(gone.status, [...text, ...retryAfter], `${gone.message}\n`);
    };
    incoming.onAbort = onAbort;
    try {
      let response: Response;
      try {
        response = result instanceof Taken ? result.response : answerIn(await result);
        if (!(result instanceof Taken) && respondNow(incoming, response)) {
          status = response.status;
          return;
        }
      } catch (error) {
        if (gone !== null) return;
        response = await this.#answerForError(error, request);
        if (respondNow(incoming, response)) {
          status = response.status;
          return;
        }
      }
      status = response.status;
      if (gone === null) await respondBitByBit(incoming, response);
    } catch (error) {
      this.#options.report(error);
      incoming.answer(500, text, 'internal error\n');
    } finally {
      incoming.onAbort = null;
      leave();
      if (gone === null) this.#count(incoming, name, began, status);
    }
  }

  async #answerForError(error: unknown, request: Request): Promise<Response> {
    // The client's fault, found out while its body was read: the handler need not know.
    if (error instanceof RequestAborted && error.code === 'BAD_MESSAGE')
      return new Response(`${error.message}\n`, { status: error.status });
    if (this.#options.error) return answerIn(await this.#options.error(error, request as never));
    this.#options.report(error);
    return new Response('internal error\n', { status: 500 });
  }

  #plain(
    incoming: Incoming,
    name: string,
    began: number,
    status: number,
    body: string,
    fields: readonly string[],
  ): void {
    incoming.answer(status, body === '' ? [...fields] : [...text, ...fields], body === '' ? null : body);
    this.#count(incoming, name, began, status);
  }

  #count(incoming: Incoming, name: string, began: number, status: number): void {
    const { statuses, routes } = this.counters;
    statuses[status]!++;
    let route = routes.get(name);
    if (!route) routes.set(name, (route = { requests: 0, time: 0 }));
    route.requests++;
    const time = performance.now() - began;
    route.time += time;
    this.#options.log?.add(incoming, this.#originOf(incoming).remoteAddress, status, time);
  }
}

const noParams: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/** A response whose body was taken out and is still to be sent. */
class Taken {
  readonly response: Response;
  constructor(response: Response) {
    this.response = response;
  }
}

/** @throws TypeError that says what a handler gave instead */
function answerIn(value: unknown): Response {
  const response = responseOf(value);
  if (response) return response;
  const given = value === undefined ? 'nothing' : value === null ? 'null' : `a ${typeof value}`;
  throw new TypeError(`the handler returned ${given}, and must return a Response`);
}

function methodOf(methods: object, method: string): Handler | null {
  const handlers = methods as Readonly<Record<string, Handler | undefined>>;
  return handlers[method] ?? (method === 'HEAD' ? handlers['GET'] : undefined) ?? null;
}

/** The path as `URL` writes it, without the query. */
export function pathOf(incoming: Incoming): string {
  if (!incoming.plain) return new URL(addressOf(incoming, incoming)).pathname;
  const { target } = incoming;
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
