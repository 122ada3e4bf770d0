import { type Socket } from 'node:net';
import { answerHead, hasNoBody } from '../../http/answer-head.ts';
import { fieldOf, lowerFieldsOf } from '../../http/fields.ts';
import type { IncomingBody } from '../../http/incoming-body.ts';
import { RequestAborted } from '../aborted.ts';
import { closedWriter } from '../closed-writer.ts';
import type { AnswerWriter, FieldList, Incoming } from '../engine.ts';
import type { AnswerBuffer } from './answer-buffer.ts';
import { ComingBody } from './coming-body.ts';
import {
  ANSWER,
  CUT,
  EXPECTS_CONTINUE,
  HTTP_1_0,
  KEEP,
  LAST_ANSWER,
  NOT_PLAIN,
  PIECE,
  UPGRADE,
} from './core.ts';
import type { KnownTexts } from './known-texts.ts';
import { type Answered, NativeWriter } from './native-writer.ts';

/** What a request needs of its listener. */
export interface RequestHost {
  readonly answers: AnswerBuffer;
  readonly texts: KnownTexts;
  /** Each answer is the last of its connection. */
  readonly draining: boolean;
  /** Nothing more is told to this request. */
  finished(request: NativeRequest): void;
  release(request: NativeRequest): { readonly socket: Socket; readonly head: Buffer } | null;
}

/** A request that the native core read: one row of a batch, and what becomes of it. */
export class NativeRequest implements Incoming, Answered {
  readonly method: string;
  readonly target: string;
  readonly connection: number;
  readonly generation: number;
  body: IncomingBody | null = null;
  id: string | null = null;
  onAbort: ((reason: Error) => void) | null = null;

  readonly #host: RequestHost;
  readonly #flags: number;
  readonly #address: number | string;
  /** Where the head stands, and in it the authority, unless that is a text already. */
  #bytes: Buffer;
  #authority: number | string;
  readonly #authorityLength: number;
  readonly #fieldsAt: number;
  readonly #fieldsEnd: number;
  #lines: string | null = null;
  #fields: FieldList | null = null;
  #keep: boolean;
  #coming: ComingBody | null = null;
  #writer: NativeWriter | null = null;
  /** The answer is complete, or nobody is there to get one. */
  #done = false;

  constructor(
    host: RequestHost,
    connection: number,
    generation: number,
    method: string,
    target: string,
    flags: number,
    address: number | string,
    bytes: Buffer,
    fieldsAt: number,
    fieldsEnd: number,
    authority: number | string,
    authorityLength: number,
  ) {
    this.#host = host;
    this.connection = connection;
    this.generation = generation;
    this.method = method;
    this.target = target;
    this.#flags = flags;
    this.#keep = (flags & KEEP) !== 0;
    this.#address = address;
    this.#bytes = bytes;
    this.#fieldsAt = fieldsAt;
    this.#fieldsEnd = fieldsEnd;
    this.#authority = authority;
    this.#authorityLength = authorityLength;
  }

  get plain(): boolean {
    return (this.#flags & NOT_PLAIN) === 0;
  }
  get scheme(): 'http' {
    return 'http';
  }
  get version(): '1.0' | '1.1' {
    return (this.#flags & HTTP_1_0) === 0 ? '1.1' : '1.0';
  }
  get upgrade(): boolean {
    return (this.#flags & UPGRADE) !== 0;
  }
  get remoteAddress(): string {
    return addressText(this.#address);
  }
  get authority(): string {
    const at = this.#authority;
    if (typeof at === 'string') return at;
    return (this.#authority = this.#host.texts.text(this.#bytes, at, this.#authorityLength));
  }
  get fieldLines(): string {
    this.#lines ??= this.#bytes.toString('latin1', this.#fieldsAt, this.#fieldsEnd);
    return this.#lines;
  }
  get fields(): FieldList {
    this.#fields ??= lowerFieldsOf(this.fieldLines, 0);
    return this.#fields;
  }

  // ---- the body, as the listener hears of it

  /** A body follows, of `length` bytes, below 0 where only its end will tell. */
  expectBody(length: number): void {
    const expects = (this.#flags & EXPECTS_CONTINUE) !== 0;
    this.#coming = new ComingBody(this.#host.answers, this.connection, this.generation, length, expects);
    this.body = this.#coming.body;
  }

  push(bytes: Buffer): void {
    this.#coming?.push(bytes);
  }

  completeBody(trailers: FieldList): void {
    this.#coming?.complete(trailers);
  }

  // ---- what the core says of the connection

  /** The request is over; where it is `answerable`, an answer is still sent. */
  over(status: number, answerable: boolean, reason: string): void {
    if (status === 499) {
      const error = new RequestAborted('CLIENT_LEFT', 'the client left', status);
      // It may only have closed its own half, as `nc -N` does.
      if (answerable) this.#keep = false;
      else this.#close();
      this.body?.fail(error);
      this.#abort(error);
    } else if (status === 503) {
      const error = new RequestAborted('TIME_LIMIT', 'the handler took too long', status);
      this.body?.fail(error);
      if (this.onAbort) this.#abort(error);
      else this.cut();
    } else {
      const error = new RequestAborted(status === 408 ? 'TIME_LIMIT' : 'BAD_MESSAGE', reason, status);
      this.#close();
      this.body?.fail(error);
      this.#abort(error);
    }
  }

  writable(): void {
    this.#writer?.writable();
  }

  #abort(error: Error): void {
    const { onAbort } = this;
    this.onAbort = null;
    onAbort?.(error);
  }

  // ---- answers

  answer(status: number, fields: FieldList, body: string | Uint8Array | null): void {
    if (this.#done || this.#writer !== null) return;
    const { connection, generation } = this;
    const { answers } = this.#host;
    const keep = this.#settleKeep();
    const head = this.method === 'HEAD';
    const old = (this.#flags & HTTP_1_0) !== 0;
    const usual =
      typeof body === 'string' &&
      body !== '' &&
      keep &&
      !head &&
      !old &&
      answers.usualAnswer(ANSWER, connection, generation, status, fields, body);
    if (!usual) this.#anyAnswer(keep, head, old, status, fields, body);
    this.finish();
  }

  #anyAnswer(
    keep: boolean,
    head: boolean,
    old: boolean,
    status: number,
    fields: FieldList,
    body: string | Uint8Array | null,
  ): void {
    const { connection, generation } = this;
    const { answers } = this.#host;
    const kind = keep ? ANSWER : LAST_ANSWER;
    const said = keep ? (old ? 'keep-alive' : '') : 'close';
    const bodiless = hasNoBody(status);
    if (body === null || body.length === 0 || bodiless) {
      const length = head && body === null ? fieldOf(fields, 'content-length') : 0;
      const unknown = bodiless || length === undefined;
      answers.text(
        kind,
        connection,
        generation,
        answerHead(status, fields, unknown ? 'none' : Number(length), said),
      );
    } else if (typeof body === 'string') {
      const length = Buffer.byteLength(body);
      const text = answerHead(status, fields, length, said);
      if (head) answers.text(kind, connection, generation, text);
      else answers.headAndText(kind, connection, generation, text, body, length);
    } else {
      const text = answerHead(status, fields, body.length, said);
      if (head) answers.text(kind, connection, generation, text);
      else answers.piece(kind, connection, generation, text, body, '');
    }
  }

  begin(status: number, fields: FieldList, length: number | null): AnswerWriter {
    if (this.#done || this.#writer !== null) return closedWriter;
    const old = this.version === '1.0';
    const framing = length !== null ? 'length' : old ? 'close' : 'chunked';
    if (framing === 'close') this.#keep = false;
    const keep = this.#settleKeep();
    const bodiless = hasNoBody(status);
    const head = answerHead(
      status,
      fields,
      bodiless ? 'none' : (length ?? (old ? 'close' : 'chunked')),
      keep ? (old ? 'keep-alive' : '') : 'close',
    );
    const { answers } = this.#host;
    answers.text(PIECE, this.connection, this.generation, head);
    this.#coming?.answerBegan();
    const none = bodiless || this.method === 'HEAD';
    this.#writer = new NativeWriter(answers, this, keep, none ? 'none' : framing, length ?? 0);
    return this.#writer;
  }

  /** The answer is complete: the core drops what still comes of the request's body. */
  finish(): void {
    this.#close();
    const { body } = this;
    if (body === null || body.complete) return;
    body.drop();
    body.fail(new RequestAborted('CLIENT_LEFT', 'the answer was sent before the body was read', 499));
  }

  /** Cuts the connection. */
  cut(): void {
    if (this.#done) return;
    this.#host.answers.mark(CUT, this.connection, this.generation, 0);
    this.finish();
  }

  takeOver(): { readonly socket: Socket; readonly head: Buffer } | null {
    if (this.#done || this.#writer !== null || !this.upgrade) return null;
    const taken = this.#host.release(this);
    if (taken) this.#close();
    return taken;
  }

  /** Whether the connection can be kept after this answer. */
  #settleKeep(): boolean {
    if (!this.#keep || this.#host.draining) return false;
    return this.#coming === null || this.#coming.keepable;
  }

  #close(): void {
    this.#done = true;
    this.#host.finished(this);
    this.#writer?.close();
    this.#coming?.close();
  }
}

/** An address as it stands in a row: the number of an IPv4 address, or the text of another. */
export function addressText(address: number | string): string {
  if (typeof address === 'string') return address;
  return `${address >>> 24}.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
}
