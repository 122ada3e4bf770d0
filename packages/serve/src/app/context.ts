import type { Context } from '../options.ts';
import type { Incoming } from '../engine/engine.ts';

/** What outlives requests and is waited for on `stop`. */
export interface Waiting {
  waitUntil(promise: Promise<unknown>): void;
}

/** A handler's second argument; ids are made when asked for. */
export class RequestContext implements Context {
  readonly params: Readonly<Record<string, string>>;
  readonly #incoming: Incoming;
  readonly #waiting: Waiting;

  constructor(incoming: Incoming, params: Readonly<Record<string, string>>, waiting: Waiting) {
    this.#incoming = incoming;
    this.params = params;
    this.#waiting = waiting;
  }

  get remoteAddress(): string {
    return this.#incoming.remoteAddress;
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#waiting.waitUntil(promise);
  }
}
