import type { Context } from '../options.ts';
import type { Incoming } from '../engine/engine.ts';
import type { Origin } from './forwarded.ts';
import { requestId } from './request-id.ts';

/** What outlives requests and is waited for on `stop`. */
export interface Waiting {
  waitUntil(promise: Promise<unknown>): void;
}

/** A handler's second argument; ids are made when asked for. */
export class RequestContext implements Context {
  readonly params: Readonly<Record<string, string>>;
  readonly #incoming: Incoming;
  readonly #origin: Origin;
  readonly #waiting: Waiting;

  constructor(
    incoming: Incoming,
    origin: Origin,
    params: Readonly<Record<string, string>>,
    waiting: Waiting,
  ) {
    this.#origin = origin;
    this.#incoming = incoming;
    this.params = params;
    this.#waiting = waiting;
  }

  get remoteAddress(): string {
    return this.#origin.remoteAddress;
  }

  get requestId(): string {
    return requestId(this.#incoming);
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#waiting.waitUntil(promise);
  }
}
