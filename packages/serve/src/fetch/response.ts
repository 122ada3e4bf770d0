import { inspect } from 'node:util';
import { hasNoBody } from '../http/answer-head.ts';
import { fieldOf } from '../http/fields.ts';
import { type Headers, type HeadersInit, fieldListOf, headersOver } from './headers.ts';
import { type BodyInit, Message, sourceOf } from './message.ts';
import { platform } from './platform.ts';

/** What the constructor of {@link Response} takes beside the body. */
export interface ResponseInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeadersInit;
}

/** Whether this is a `Response` of ours, which is faster to tell than `instanceof`. */
export let isResponse: (value: unknown) => value is Response;
/** The list of its fields: name, value, … */
export let responseFields: (response: Response) => string[];

/** `Response` of the platform's shape. */
export class Response extends Message {
  #status: number;
  #statusText: string;
  #fields: string[];
  #headers: Headers | null = null;
  #type: 'default' | 'error' = 'default';

  static {
    isResponse = (value): value is Response =>
      typeof value === 'object' && value !== null && #fields in value;
    responseFields = (response) => response.#fields;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (isResponse(value)) return this === Response || this.prototype.isPrototypeOf(value as object);
    return this === Response && value instanceof platform('Response');
  }

  static json(data: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError('this value has no JSON');
    const response = new Response(text, init, 'application/json');
    return response;
  }

  static error(): Response {
    const response = new Response(null);
    response.#type = 'error';
    response.#status = 0;
    return response;
  }

  static redirect(url: string | URL, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`${status} is no redirection`);
    return new Response(null, { status, headers: { location: locationOf(url) } });
  }

  constructor(body?: BodyInit, init?: ResponseInit, type?: string) {
    if (typeof body === 'string') {
      super(body);
      type ??= 'text/plain;charset=UTF-8';
    } else {
      const made = sourceOf(body);
      super(made.source);
      type ??= made.type ?? undefined;
    }
    this.#status = 200;
    this.#statusText = '';
    if (init === undefined || init === null) {
      this.#fields = type === undefined ? [] : ['content-type', type];
      return;
    }
    if (init.status !== undefined) {
      const status = Math.trunc(Number(init.status));
      if (!(status >= 200 && status <= 599))
        throw new RangeError(`${init.status} is no status of a response: from 200 to 599`);
      if (body !== null && body !== undefined && (hasNoBody(status) || status === 205))
        throw new TypeError(`a response with status ${status} has no body`);
      this.#status = status;
    }
    if (init.statusText !== undefined) this.#statusText = String(init.statusText);
    const fields = fieldListOf(init.headers);
    if (type !== undefined && fieldOf(fields, 'content-type') === undefined)
      fields.push('content-type', type);
    this.#fields = fields;
  }

  get headers(): Headers {
    this.#headers ??= headersOver(this.#fields);
    return this.#headers;
  }
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }
  get redirected(): boolean {
    return false;
  }
  get status(): number {
    return this.#status;
  }
  get statusText(): string {
    return this.#statusText;
  }
  get type(): 'default' | 'error' {
    return this.#type;
  }
  get url(): string {
    return '';
  }

  clone(): Response {
    const copy = new Response(null, { statusText: this.#statusText });
    copy.#status = this.#status;
    copy.#fields = this.#fields.slice();
    return this.cloneInto(copy);
  }

  protected override contentType(): string | null {
    return fieldOf(this.#fields, 'content-type') ?? null;
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Response ${inspect({ status: this.#status, headers: this.headers, bodyUsed: this.bodyUsed }, options)}`;
  }
}

/** An absolute address as `URL` writes it; a relative one with what cannot stand in a header escaped. */
function locationOf(url: string | URL): string {
  const text = String(url);
  if (URL.canParse(text)) return new URL(text).href;
  return text.replace(/[^\x21-\x7e]+/g, (odd) => encodeURIComponent(odd.toWellFormed()));
}
