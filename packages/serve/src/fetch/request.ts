import { inspect } from 'node:util';
import type { Origin } from '../app/forwarded.ts';
import type { Incoming } from '../engine/engine.ts';
import { fieldOf } from '../http/fields.ts';
import { Headers, type HeadersInit, fieldListOf, fieldsIn, headersOf, headersOver } from './headers.ts';
import { type BodyInit, type BodySource, Message, sourceOf } from './message.ts';
import { platform } from './platform.ts';

/** What the constructor of {@link Request} takes beside the address. */
export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit;
  readonly signal?: AbortSignal | null;
  readonly redirect?: 'follow' | 'error' | 'manual';
  readonly duplex?: 'half';
}

/** Marks a request that an engine made; no caller outside can name it. */
const fromEngine = Symbol('from engine');

/** Whether this is a `Request` of ours. */
export let isRequest: (value: unknown) => value is Request;
/** The `Request` that a handler gets; `origin` is the request itself, or what a trusted proxy says of it. */
export const requestOf = (incoming: Incoming, origin: Origin): Request =>
  new Request(incoming as never, fromEngine as never, origin);
/** Aborts `request.signal`, now or when it is first asked for. */
export let abortRequest: (request: Request, reason: Error) => void;

/** The absolute address of a request; normal, as `URL` writes it. */
export function addressOf({ plain, target }: Incoming, { scheme, authority }: Origin): string {
  if (target === '*') return `${scheme}://${authority}/*`;
  // Most requests name the same host as the one before.
  if (scheme !== lastScheme || authority !== lastAuthority) {
    lastScheme = scheme;
    lastAuthority = authority;
    lastOrigin = `${scheme}://${authority}`;
  }
  const address = lastOrigin + target;
  return plain ? address : new URL(address).href;
}

let lastScheme = '';
let lastAuthority = '';
let lastOrigin = '';

/** `Request` of the platform's shape. */
export class Request extends Message {
  #incoming: Incoming | null = null;
  #origin: Origin | null = null;
  #method: string;
  #url = '';
  #headers: Headers | null = null;
  #controller: AbortController | null = null;
  #signal: AbortSignal | null = null;
  #aborted: Error | null = null;
  #redirect: 'follow' | 'error' | 'manual' = 'follow';

  static {
    isRequest = (value): value is Request => typeof value === 'object' && value !== null && #method in value;
    abortRequest = (request, reason) => {
      request.#aborted = reason;
      request.#controller?.abort(reason);
    };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (isRequest(value)) return this === Request || this.prototype.isPrototypeOf(value as object);
    return this === Request && value instanceof platform('Request');
  }

  constructor(input: string | URL | Request | globalThis.Request, init?: RequestInit, origin?: Origin) {
    if ((init as unknown) === fromEngine) {
      const incoming = input as unknown as Incoming;
      super(incoming.body);
      this.#incoming = incoming;
      this.#origin = origin!;
      this.#method = incoming.method;
      return;
    }
    const from = isRequest(input) || input instanceof platform('Request') ? input : null;
    const given = init?.body;
    const made = given === undefined || given === null ? null : sourceOf(given);
    const method = normalMethod(init?.method ?? from?.method ?? 'GET');
    let source: BodySource = made?.source ?? null;
    // Its body goes over to the new request, and is used up in the old.
    if (!made && from?.body) {
      if (from.bodyUsed || from.body.locked) throw new TypeError('the body of that request was used already');
      source = (from.body as ReadableStream<Uint8Array>).pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>(),
      ) as never;
    }
    if (source !== null && (method === 'GET' || method === 'HEAD'))
      throw new TypeError(`a ${method} request has no body`);
    super(source);
    this.#method = method;
    this.#url = from ? from.url : addressGiven(input as string | URL);
    const list = fieldListOf(init?.headers ?? (from?.headers as Headers | undefined));
    if (made?.type && fieldOf(list, 'content-type') === undefined) list.push('content-type', made.type);
    this.#headers = headersOver(list);
    this.#redirect = init?.redirect ?? (from?.redirect as 'follow' | undefined) ?? 'follow';
    const signal = init?.signal === undefined ? from?.signal : init.signal;
    this.#signal = signal ? AbortSignal.any([signal]) : new AbortController().signal;
  }

  get method(): string {
    return this.#method;
  }
  get url(): string {
    if (this.#url === '') this.#url = addressOf(this.#incoming!, this.#origin!);
    return this.#url;
  }
  get headers(): Headers {
    this.#headers ??= headersOf(this.#incoming!);
    return this.#headers;
  }
  /** Aborted when the client leaves, or a limit ends the request. */
  get signal(): AbortSignal {
    if (this.#signal === null) {
      this.#controller = new AbortController();
      this.#signal = this.#controller.signal;
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#signal;
  }
  get redirect(): 'follow' | 'error' | 'manual' {
    return this.#redirect;
  }
  get cache(): string {
    return 'default';
  }
  get credentials(): string {
    return 'same-origin';
  }
  get destination(): string {
    return '';
  }
  get duplex(): 'half' {
    return 'half';
  }
  get integrity(): string {
    return '';
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): string {
    return 'cors';
  }
  get referrer(): string {
    return 'about:client';
  }
  get referrerPolicy(): string {
    return '';
  }

  clone(): Request {
    const copy = new Request(this.url, {
      method: this.#method,
      headers: headersOver(fieldsIn(this.headers)),
      signal: this.signal,
      redirect: this.#redirect,
    });
    return this.cloneInto(copy);
  }

  protected override contentType(): string | null {
    return fieldOf(fieldsIn(this.headers), 'content-type') ?? null;
  }

  get [Symbol.toStringTag](): string {
    return 'Request';
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Request ${inspect({ method: this.method, url: this.url, headers: this.headers, bodyUsed: this.bodyUsed }, options)}`;
  }
}

const known = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

function normalMethod(method: string): string {
  const upper = method.toUpperCase();
  if (known.has(upper)) return upper;
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/.test(upper))
    throw new TypeError(`'${method}' is no method of a request`);
  return method;
}

function addressGiven(input: string | URL): string {
  const url = new URL(String(input));
  if (url.username || url.password)
    throw new TypeError('an address with a password is no address of a request');
  return url.href;
}
