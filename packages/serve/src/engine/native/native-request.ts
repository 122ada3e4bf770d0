import { type Socket } from 'node:net';
import { answerHead, hasNoBody } from '../../http/answer-head.ts';
import { fieldOf, fieldsOf } from '../../http/fields.ts';
import { IncomingBody } from '../../http/incoming-body.ts';
import { RequestAborted } from '../aborted.ts';
import { closedWriter } from '../closed-writer.ts';
import type { AnswerWriter, FieldList, Incoming } from '../engine.ts';
import type { AnswerBuffer } from './answer-buffer.ts';
import {
  ANSWER,
  BODY_FOLLOWS,
  CREDIT,
  CUT,
  EXPECTS_CONTINUE,
  HTTP_1_0,
  KEEP,
  LAST_ANSWER,
  NOT_PLAIN,
  PIECE,
  PIECE_AND_TELL,
  UPGRADE,
} from './core.ts';

/** What a request needs of its listener. */
export interface RequestHost {
  readonly answers: AnswerBuffer;
  /** Each answer is the last of its connection. */
  readonly draining: boolean;
  /** Nothing more is told to this request. */
  finished(request: NativeRequest): void;
  release(request: NativeRequest): { readonly socket: Socket; readonly head: Buffer } | null;
}

/** Bytes of a body that the core sends without being asked, and that its reader may leave waiting. */
const windowBytes = 64 * 1024;
/** Credit below this, bytes, is not worth a record. */
const worthwhileCredit = 16 * 1024;
/** Bytes of an unread body that the core drops to keep the connection. */
const droppedBytes = 64 * 1024;
/** Bytes of an answer after which its writer asks to be told when they are out. */
const unsentBytes = 64 * 1024;

/** Nothing was answered. */
const WAITING = 0;
/** The head is out, the body is not complete. */
const BEGUN = 1;
/** The answer is complete, or nobody is there to get one. */
const DONE = 2;

/** A request that the native core read: one row of a batch, and what becomes of it. */
export class NativeRequest implements Incoming, AnswerWriter {
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
  #fields: FieldList | null = null;
  #phase = WAITING;
  #keep: boolean;

  /** Bytes that are still to come of the body, below 0 where only its end will tell. */
  #bodyLeft = 0;
  /** Bytes of the body that the core may still send. */
  #credit = windowBytes;
  #owesContinue = false;

  #framing: 'length' | 'chunked' | 'close' | 'none' = 'none';
  #answerLeft = 0;
  /** Bytes written since the core last said that few wait, whether it has, and who waits for it. */
  #unsent = 0;
  #told = true;
  #waiting: (() => void)[] | null = null;

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
    return (this.#authority = this.#bytes.toString('latin1', at, at + this.#authorityLength));
  }
  get fields(): FieldList {
    this.#fields ??= fieldsOf(this.#bytes.toString('latin1', this.#fieldsAt, this.#fieldsEnd), 0);
    return this.#fields;
  }

  // ---- the body, as the listener hears of it

  /** A body follows, of `length` bytes, below 0 where only its end will tell. */
  expectBody(length: number): void {
    this.body = new IncomingBody(length < 0 ? null : length, { wanted: this.#onWanted });
    this.#bodyLeft = length;
    this.#owesContinue = (this.#flags & EXPECTS_CONTINUE) !== 0;
  }

  push(bytes: Buffer): void {
    this.#owesContinue = false;
    this.#credit -= bytes.length;
    if (this.#bodyLeft > 0) this.#bodyLeft -= bytes.length;
    this.body?.push(bytes);
  }

  completeBody(trailers: FieldList): void {
    this.#bodyLeft = 0;
    this.body?.finish(trailers);
  }

  readonly #onWanted = (): void => {
    const body = this.body!;
    if (body.complete || this.#phase === DONE) return;
    const credit = windowBytes - this.#credit - body.waiting;
    if (credit < worthwhileCredit && !this.#owesContinue) return;
    // An answer that has begun says all that there is to say.
    if (this.#owesContinue && this.#phase === BEGUN) return;
    this.#owesContinue = false;
    this.#credit += Math.max(0, credit);
    this.#host.answers.mark(CREDIT, this.connection, this.generation, Math.max(0, credit));
  };

  /** Whether more of the body will come. */
  get #bodyComes(): boolean {
    return (this.#flags & BODY_FOLLOWS) !== 0 && !this.body!.complete;
  }

  // ---- what the core says of the connection

  /** The request is over; where it is `answerable`, an answer is still sent. */
  over(status: number, answerable: boolean, reason: string): void {
    if (status === 499) {
      const error = new RequestAborted('CLIENT_LEFT', 'the client left', status);
      // It may only have closed its own half, as `nc -N` does.
      if (answerable) this.#keep = false;
      else this.#finish();
      this.body?.fail(error);
      this.#abort(error);
    } else if (status === 503) {
      const error = new RequestAborted('TIME_LIMIT', 'the handler took too long', status);
      this.body?.fail(error);
      if (this.onAbort) this.#abort(error);
      else this.abort();
    } else {
      const error = new RequestAborted(status === 408 ? 'TIME_LIMIT' : 'BAD_MESSAGE', reason, status);
      this.#finish();
      this.body?.fail(error);
      this.#abort(error);
    }
  }

  writable(): void {
    this.#unsent = 0;
    this.#told = true;
    this.#wake();
  }

  #abort(error: Error): void {
    const { onAbort } = this;
    this.onAbort = null;
    onAbort?.(error);
  }

  // ---- answers

  answer(status: number, fields: FieldList, body: string | Uint8Array | null): void {
    if (this.#phase !== WAITING) return;
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
    this.#finish();
    if (this.body !== null) this.#leaveBody();
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
    if (this.#phase !== WAITING) return closedWriter;
    this.#phase = BEGUN;
    const old = this.version === '1.0';
    if (length !== null) this.#framing = 'length';
    else this.#framing = old ? 'close' : 'chunked';
    if (this.#framing === 'close') this.#keep = false;
    this.#keep = this.#settleKeep();
    const framing = hasNoBody(status) ? 'none' : (length ?? (old ? 'close' : 'chunked'));
    this.#answerLeft = length ?? 0;
    const said = this.#keep ? (old ? 'keep-alive' : '') : 'close';
    this.#host.answers.text(
      PIECE,
      this.connection,
      this.generation,
      answerHead(status, fields, framing, said),
    );
    if (hasNoBody(status) || this.method === 'HEAD') this.#framing = 'none';
    return this;
  }

  get open(): boolean {
    return this.#phase === BEGUN;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#phase !== BEGUN) return false;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (bytes.length === 0 || this.#framing === 'none') return true;
    if (this.#framing === 'length') {
      this.#answerLeft -= bytes.length;
      if (this.#answerLeft < 0) {
        // More than was announced would be read as the next answer.
        this.abort();
        return false;
      }
    }
    this.#unsent += bytes.length;
    const ask = this.#told && this.#unsent >= unsentBytes;
    if (ask) this.#told = false;
    const chunked = this.#framing === 'chunked';
    this.#host.answers.piece(
      ask ? PIECE_AND_TELL : PIECE,
      this.connection,
      this.generation,
      chunked ? `${bytes.length.toString(16)}\r\n` : '',
      bytes,
      chunked ? '\r\n' : '',
    );
    return this.#told;
  }

  drained(): Promise<void> {
    if (this.#phase !== BEGUN || this.#told) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  end(trailers: FieldList = []): void {
    if (this.#phase !== BEGUN) return;
    if (this.#framing === 'length' && this.#answerLeft > 0) {
      // Less than was announced: the client must not wait for it, nor take the next answer for it.
      this.abort();
      return;
    }
    let end = '';
    if (this.#framing === 'chunked') {
      end = '0\r\n';
      for (let i = 0; i < trailers.length; i += 2) end += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      end += '\r\n';
    }
    const kind = this.#keep ? ANSWER : LAST_ANSWER;
    this.#host.answers.text(kind, this.connection, this.generation, end);
    this.#finish();
    this.#leaveBody();
  }

  abort(): void {
    if (this.#phase === DONE) return;
    this.#host.answers.mark(CUT, this.connection, this.generation, 0);
    this.#finish();
    this.#leaveBody();
  }

  takeOver(): { readonly socket: Socket; readonly head: Buffer } | null {
    if (this.#phase !== WAITING || !this.upgrade) return null;
    const taken = this.#host.release(this);
    if (taken) this.#finish();
    return taken;
  }

  /** Whether the connection can be kept after this answer, by what is left of the request's body. */
  #settleKeep(): boolean {
    if (!this.#keep || this.#host.draining) return false;
    if (this.body === null || !this.#bodyComes) return true;
    // A client that waits for `100 Continue` may send the body or not: nobody can tell what follows.
    return !this.#owesContinue && this.#bodyLeft <= droppedBytes;
  }

  #finish(): void {
    this.#phase = DONE;
    this.#host.finished(this);
    if (this.#waiting !== null) this.#wake();
  }

  /** The core drops what still comes of it. */
  #leaveBody(): void {
    if (this.body === null || this.body.complete) return;
    this.body.drop();
    this.body.fail(new RequestAborted('CLIENT_LEFT', 'the answer was sent before the body was read', 499));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) for (const wake of waiting) wake();
  }
}

/** An address as it stands in a row: the number of an IPv4 address, or the text of another. */
export function addressText(address: number | string): string {
  if (typeof address === 'string') return address;
  return `${address >>> 24}.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
}
