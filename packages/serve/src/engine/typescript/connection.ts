import type { Duplex } from 'node:stream';
import { answerHead, hasNoBody } from '../../http/answer-head.ts';
import { ChunkParser } from '../../http/chunk-parser.ts';
import { fieldOf } from '../../http/fields.ts';
import { IncomingBody } from '../../http/incoming-body.ts';
import { CHUNKED, MORE, REFUSED, RequestParser } from '../../http/request-parser.ts';
import type { Limits } from '../../limits.ts';
import { RequestAborted } from '../aborted.ts';
import { closedWriter } from '../closed-writer.ts';
import type { Clock } from '../clock.ts';
import type { AnswerWriter, EngineCounters, FieldList, Incoming } from '../engine.ts';
import { Http1Request } from './http1-request.ts';

/** What a connection needs of its listener. */
export interface ConnectionHost {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly counters: EngineCounters;
  /** Each answer is the last of its connection. */
  readonly draining: boolean;
  /** A connection that is idle waits for one more request all the same. */
  readonly patient: boolean;
  /** Stands for `Host` where HTTP/1.0 sends none. */
  readonly authority: string;
  onRequest(incoming: Incoming): void;
  onRefused(status: number, reason: string, remoteAddress: string): void;
  closed(connection: OpenConnection): void;
}

/** What a listener does with each of its connections. */
export interface OpenConnection {
  /** Called by each tick of the listener's clock. */
  check(now: number): void;
  /** Stops after the request under way; now where there is none. */
  drain(): void;
  destroy(): void;
}

/** Where a connection stands. */
const HEAD = 0;
/** A body is coming; its request is being handled, or its answer is out and the rest is dropped. */
const BODY = 1;
/** The request is complete, its answer is not. */
const ANSWER = 2;
/** The last answer is out: what still comes is dropped, so that closing does not destroy what is on its way. */
const LINGER = 3;
/** Somebody else's, or closed. */
const GONE = 4;

/** Bytes of answers that are gathered before they are written. */
const gatheredBytes = 64 * 1024;
/** Bytes of an unread body that are dropped to keep the connection. */
const droppedBytes = 64 * 1024;
/** Bytes that may come behind the last answer, and milliseconds that they may take. */
const lingerBytes = 1024 * 1024;
const lingerTime = 2000;
/** Bytes of further requests that are kept while one is answered, before reading stops. */
const pipelinedBytes = 64 * 1024;
/** A body from here on is written in pieces, each of which must go out within `sendTime`. */
const pieceBytes = 64 * 1024;

const NEVER = Infinity;
const none = Buffer.alloc(0);

/** One connection of HTTP/1.1: bytes in, requests out, answers back, in order. */
export class Connection implements OpenConnection {
  readonly remoteAddress: string;
  readonly scheme: 'http' | 'https';
  readonly #socket: Duplex;
  readonly #host: ConnectionHost;
  readonly #parser: RequestParser;
  #phase = HEAD;
  /** Bytes not looked at, from `#at` on. */
  #bytes: Buffer = none;
  #at = 0;
  /** The space behind `#bytes` that later pieces are put into. */
  #held: Buffer = none;
  #running = false;
  #paused = false;
  #ended = false;
  /** When the present phase must be over. */
  #deadline: number;
  /** When the client must have taken the next piece of what waits for it. */
  #sendDeadline = NEVER;

  #request: Http1Request | null = null;
  /** Whether the request was handed on, or is still only ours. */
  #handedOn = false;
  #keep = true;
  #body: IncomingBody | null = null;
  #bodyLeft = 0;
  #chunks: ChunkParser | null = null;
  #owesContinue = false;
  #dropped = 0;

  /** The head of the answer went out, or will with `#out`. */
  #began = false;
  #framing: 'length' | 'chunked' | 'close' | 'none' = 'none';
  #answerLeft = 0;
  /** Answers that are gathered while the loop runs. */
  #out = '';
  #waitingForDrain: (() => void)[] = [];

  constructor(socket: Duplex, scheme: 'http' | 'https', remoteAddress: string, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.scheme = scheme;
    this.remoteAddress = remoteAddress;
    this.#parser = new RequestParser(scheme, host.limits);
    this.#deadline = host.clock.now + host.limits.idleTime;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  // Bound once for each connection, and taken off again where another takes the socket over.
  readonly #onData = (chunk: Buffer): void => {
    if (this.#phase === LINGER) {
      this.#dropped += chunk.length;
      if (this.#dropped > lingerBytes) this.#socket.destroy();
      return;
    }
    this.#add(chunk);
    this.#run();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#phase === LINGER) return;
    if (this.#phase === ANSWER) {
      // It may only have closed its own half, as `nc -N` does: the answer is sent if there is to be one.
      abort(this.#request, new RequestAborted('CLIENT_LEFT', 'the client left', 499));
      if (this.#began && this.#phase === ANSWER) this.#socket.destroy();
      return;
    }
    if (this.#phase === BODY) {
      const error = new RequestAborted('CLIENT_LEFT', 'the client left before the end of the body', 400);
      this.#body?.fail(error);
      abort(this.#request, error);
      this.#socket.destroy();
      return;
    }
    this.#socket.end();
    this.#phase = LINGER;
  };

  readonly #onDrain = (): void => {
    this.#sendDeadline = NEVER;
    this.#wakeWriters();
    if (this.#phase === HEAD) this.#run();
  };

  readonly #onError = (): void => {
    // `close` follows; a connection that breaks off is nothing to report.
  };

  readonly #onClose = (): void => {
    if (this.#phase === GONE) return;
    this.#phase = GONE;
    this.#deadline = NEVER;
    this.#sendDeadline = NEVER;
    const error = new RequestAborted('CLIENT_LEFT', 'the client left', 499);
    this.#body?.fail(error);
    abort(this.#request, error);
    this.#wakeWriters();
    this.#host.closed(this);
  };

  get authority(): string {
    return this.#host.authority;
  }

  check(now: number): void {
    if (now >= this.#sendDeadline) {
      if (this.#socket.writableLength > 0) this.#socket.destroy();
      else this.#sendDeadline = NEVER;
    }
    if (now < this.#deadline) return;
    if (this.#phase === LINGER) {
      // What is still being sent has its own limit.
      if (this.#socket.writableLength > 0) this.#deadline = now + lingerTime;
      else this.#socket.destroy();
    } else if (this.#phase === HEAD) {
      if (this.#parser.begun) this.#refuse(408, 'the head took too long');
      else this.#socket.destroy();
    } else if (this.#phase === BODY && this.#request === null) {
      this.#finish();
    } else if (this.#phase === BODY && !this.#paused) {
      this.#refuse(408, 'the body took too long');
    } else {
      // The handler is what takes so long; whoever handles the request answers.
      this.#deadline = now + lingerTime;
      const error = new RequestAborted('TIME_LIMIT', 'the handler took too long', 503);
      this.#body?.fail(error);
      if (this.#request?.onAbort) abort(this.#request, error);
      else this.#socket.destroy();
    }
  }

  drain(): void {
    if (this.#phase === HEAD && !this.#parser.begun && this.#bytes.length === this.#at) this.#finish();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #add(chunk: Buffer): void {
    const left = this.#bytes.length - this.#at;
    if (left === 0) {
      this.#bytes = chunk;
      this.#at = 0;
      return;
    }
    // Grows by doubling, so that a head in single bytes costs no more than a few copies.
    const length = left + chunk.length;
    const inHeld = this.#bytes.buffer === this.#held.buffer && this.#held.length > 0;
    const start = inHeld ? this.#bytes.byteOffset - this.#held.byteOffset + this.#at : 0;
    if (!inHeld || start + length > this.#held.length) {
      const held = Buffer.allocUnsafeSlow(Math.max(1024, length * 2));
      this.#bytes.copy(held, 0, this.#at);
      chunk.copy(held, left);
      this.#held = held;
      this.#bytes = held.subarray(0, length);
    } else {
      chunk.copy(this.#held, start + left);
      this.#bytes = this.#held.subarray(start, start + length);
    }
    this.#at = 0;
  }

  /** Goes through the bytes that are there, as far as they and the answers allow. */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      if (this.#phase === HEAD) {
        if (this.#at === this.#bytes.length || this.#socket.writableNeedDrain) break;
        if (!this.#head()) break;
      } else if (this.#phase === BODY) {
        if (this.#at === this.#bytes.length || !this.#bodyPiece()) break;
      } else {
        break;
      }
      if (this.#out.length > gatheredBytes) this.#flush();
    }
    this.#running = false;
    if (this.#at === this.#bytes.length && this.#bytes !== none) {
      this.#bytes = none;
      this.#held = none;
      this.#at = 0;
    }
    if (this.#out !== '') this.#flush();
    this.#regulate();
  }

  /** Stops reading where what came cannot be used yet, and goes on where it can. */
  #regulate(): void {
    const waiting = this.#bytes.length - this.#at;
    const full =
      this.#phase === BODY
        ? this.#body !== null && this.#body.full
        : this.#phase === ANSWER
          ? waiting > pipelinedBytes
          : this.#phase === HEAD && this.#socket.writableNeedDrain;
    if (full === this.#paused || this.#phase === GONE) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Reads a head and hands its request on. False where it is not complete, or refused. */
  #head(): boolean {
    const parser = this.#parser;
    const fresh = !parser.begun;
    const end = parser.parse(this.#bytes, this.#at);
    if (end === MORE) {
      if (fresh) this.#deadline = this.#host.clock.now + this.#host.limits.headerTime;
      return false;
    }
    if (end === REFUSED) {
      this.#refuse(parser.status, parser.reason);
      return false;
    }
    this.#at = end;
    const { bodyLength } = parser;
    const { limits } = this.#host;
    if (bodyLength > limits.bodyBytes) {
      this.#refuse(413, 'a body that is too large');
      return false;
    }
    this.#keep = parser.keep;
    let body: IncomingBody | null = null;
    if (bodyLength !== 0) {
      if (bodyLength > 0 && this.#bytes.length - end >= bodyLength) {
        body = IncomingBody.whole(this.#bytes.subarray(end, end + bodyLength));
        this.#at = end + bodyLength;
      } else {
        body = this.#startBody(bodyLength);
      }
    }
    const request = new Http1Request(this, parser, body);
    parser.next();
    this.#request = request;
    this.#handedOn = false;
    this.#began = false;
    if (body === null || body.complete) {
      this.#phase = ANSWER;
      this.#deadline = this.#host.clock.now + limits.handlerTime;
    } else {
      this.#phase = BODY;
      this.#deadline = this.#host.clock.now + limits.bodyTime;
      // What is there goes with the request, so that a message that is broken from the start never becomes one.
      if (this.#at < this.#bytes.length && !this.#bodyPiece()) return false;
    }
    this.#handedOn = true;
    this.#host.onRequest(request);
    return true;
  }

  #startBody(length: number): IncomingBody {
    const body = new IncomingBody(length === CHUNKED ? null : length, { wanted: this.#onWanted });
    this.#body = body;
    this.#bodyLeft = length;
    this.#dropped = 0;
    this.#owesContinue = this.#parser.expectsContinue;
    this.#chunks = length === CHUNKED ? new ChunkParser(this.#host.limits, this.#onBodyBytes) : null;
    return body;
  }

  readonly #onWanted = (): void => {
    if (this.#phase !== BODY) return;
    if (this.#owesContinue && !this.#began) {
      this.#owesContinue = false;
      this.#write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    if (this.#paused) this.#regulate();
  };

  readonly #onBodyBytes = (bytes: Buffer): void => {
    this.#owesContinue = false;
    if (this.#request === null) this.#dropped += bytes.length;
    else this.#body!.push(bytes);
  };

  /** Reads what there is of the body. False where the connection has ended over it. */
  #bodyPiece(): boolean {
    const body = this.#body!;
    let complete: boolean;
    if (this.#chunks) {
      const outcome = this.#chunks.parse(this.#bytes, this.#at);
      if (outcome === 'refused') {
        this.#refuse(this.#chunks.status, this.#chunks.reason);
        return false;
      }
      this.#at = this.#chunks.at;
      complete = outcome === 'done';
      if (complete) body.finish(this.#chunks.trailers);
    } else {
      const end = Math.min(this.#bytes.length, this.#at + this.#bodyLeft);
      this.#bodyLeft -= end - this.#at;
      this.#onBodyBytes(this.#bytes.subarray(this.#at, end));
      this.#at = end;
      complete = this.#bodyLeft === 0;
      if (complete) body.finish();
    }
    if (complete) {
      this.#body = null;
      this.#chunks = null;
      if (this.#request === null) {
        this.#rest();
      } else {
        this.#phase = ANSWER;
        this.#deadline = this.#began ? NEVER : this.#host.clock.now + this.#host.limits.handlerTime;
      }
    } else if (this.#dropped > droppedBytes) {
      this.#finish();
      return false;
    }
    return true;
  }

  /** Ready for the next request, once the one before and its body are done with. */
  #rest(): void {
    if (this.#phase === LINGER || this.#phase === GONE) return;
    this.#phase = HEAD;
    this.#deadline = this.#host.clock.now + this.#host.limits.idleTime;
    if (this.#host.draining && !this.#host.patient && this.#bytes.length === this.#at) this.#finish();
  }

  /** Answers for a message that broke a rule; the connection ends with it. */
  #refuse(status: number, reason: string): void {
    const error = new RequestAborted(status === 408 ? 'TIME_LIMIT' : 'BAD_MESSAGE', reason, status);
    this.#host.counters.refused++;
    const request = this.#request;
    const answered = this.#phase === BODY && request === null;
    this.#request = null;
    this.#body?.fail(error);
    this.#body = null;
    abort(request, error);
    if (request === null || !this.#handedOn) this.#host.onRefused(status, reason, this.remoteAddress);
    if (answered) {
      this.#finish();
    } else if (this.#began) {
      // Half an answer cannot be taken back: without its end the client knows.
      this.#socket.destroy();
    } else {
      const text = `${reason}\n`;
      this.#write(
        answerHead(status, ['content-type', 'text/plain;charset=UTF-8'], text.length, 'close') + text,
      );
      this.#finish();
    }
  }

  /** Sends what is gathered, closes our half, and drops what still comes for a while. */
  #finish(): void {
    if (this.#phase === LINGER || this.#phase === GONE) return;
    this.#flush();
    this.#phase = LINGER;
    this.#dropped = 0;
    this.#bytes = none;
    this.#held = none;
    this.#at = 0;
    this.#deadline = this.#host.clock.now + lingerTime;
    this.#socket.end();
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
  }

  // ---- answers, called by the request

  answer(request: Http1Request, status: number, fields: FieldList, body: string | Uint8Array | null): void {
    if (request !== this.#request || this.#began || this.#phase === GONE) return;
    const keep = this.#settleKeep();
    const connection = keep ? (request.version === '1.0' ? 'keep-alive' : '') : 'close';
    const bodiless = hasNoBody(status);
    const head = request.method === 'HEAD';
    if (body === null || body.length === 0 || bodiless) {
      const length = head && body === null ? fieldOf(fields, 'content-length') : 0;
      const unknown = bodiless || length === undefined;
      this.#write(answerHead(status, fields, unknown ? 'none' : Number(length), connection));
    } else if (typeof body === 'string') {
      const length = Buffer.byteLength(body);
      const text = answerHead(status, fields, length, connection);
      if (head) this.#write(text);
      else if (length === body.length && length < pieceBytes) this.#write(text + body);
      else {
        this.#write(text);
        this.#writeBytes(Buffer.from(body));
      }
    } else {
      this.#write(answerHead(status, fields, body.length, connection));
      if (!head) this.#writeBytes(body);
    }
    this.#answered(keep);
  }

  begin(request: Http1Request, status: number, fields: FieldList, length: number | null): AnswerWriter {
    if (request !== this.#request || this.#began || this.#phase === GONE) return closedWriter;
    this.#began = true;
    // What it takes to send has its own limit; making it may take as long as it likes.
    if (this.#phase === ANSWER) this.#deadline = NEVER;
    const old = request.version === '1.0';
    const bodiless = hasNoBody(status) || request.method === 'HEAD';
    if (length !== null) this.#framing = 'length';
    else this.#framing = old ? 'close' : 'chunked';
    if (this.#framing === 'close' || this.#ended) this.#keep = false;
    const keep = this.#settleKeep();
    this.#keep = keep;
    const framing = hasNoBody(status) ? 'none' : (length ?? (old ? 'close' : 'chunked'));
    this.#answerLeft = length ?? 0;
    this.#write(answerHead(status, fields, framing, keep ? (old ? 'keep-alive' : '') : 'close'));
    if (bodiless) this.#framing = 'none';
    return new Http1Writer(this, request);
  }

  /** Whether the connection can be kept after this answer, by what is left of the request's body. */
  #settleKeep(): boolean {
    if (!this.#keep || this.#host.draining || this.#ended) return false;
    if (this.#phase !== BODY) return true;
    // A client that waits for `100 Continue` may send the body or not: nobody can tell what follows.
    return !this.#owesContinue && this.#bodyLeft <= droppedBytes;
  }

  writeBody(request: Http1Request, chunk: string | Uint8Array): boolean {
    if (!this.isOpen(request)) return false;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (bytes.length === 0 || this.#framing === 'none') return true;
    if (this.#framing === 'length') {
      this.#answerLeft -= bytes.length;
      if (this.#answerLeft < 0) {
        // More than was announced would be read as the next answer.
        this.#socket.destroy();
        return false;
      }
    }
    this.#flush();
    const socket = this.#socket;
    if (this.#framing === 'chunked') {
      socket.cork();
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
      socket.write(bytes);
      socket.write('\r\n', 'latin1');
      socket.uncork();
    } else {
      socket.write(bytes);
    }
    this.#watchSending();
    return !socket.writableNeedDrain;
  }

  drained(request: Http1Request): Promise<void> {
    if (!this.isOpen(request) || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waitingForDrain.push(resolve);
    });
  }

  endBody(request: Http1Request, trailers: FieldList): void {
    if (!this.isOpen(request)) return;
    if (this.#framing === 'length' && this.#answerLeft > 0) {
      // Less than was announced: the client must not wait for it, nor take the next answer for it.
      this.#socket.destroy();
      return;
    }
    if (this.#framing === 'chunked') {
      let end = '0\r\n';
      for (let i = 0; i < trailers.length; i += 2) end += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      this.#write(`${end}\r\n`);
    }
    this.#answered(this.#keep);
  }

  abortBody(request: Http1Request): void {
    if (this.isOpen(request)) this.#socket.destroy();
  }

  isOpen(request: Http1Request): boolean {
    return request === this.#request && this.#phase !== GONE && this.#phase !== LINGER;
  }

  takeOver(request: Http1Request): { socket: Duplex; head: Buffer } | null {
    if (request !== this.#request || this.#began || this.#phase !== ANSWER || !request.upgrade) return null;
    const head = Buffer.from(this.#bytes.subarray(this.#at));
    const socket = this.#socket;
    this.#flush();
    socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('drain', this.#onDrain)
      .off('error', this.#onError);
    // `close` stays, for the listener's count of connections.
    this.#request = null;
    this.#deadline = NEVER;
    this.#sendDeadline = NEVER;
    this.#bytes = none;
    this.#held = none;
    this.#at = 0;
    if (this.#paused) socket.resume();
    return { socket, head };
  }

  #answered(keep: boolean): void {
    const body = this.#body;
    this.#request = null;
    this.#began = false;
    this.#keep = keep;
    if (!keep) {
      body?.drop();
      body?.fail(new RequestAborted('CLIENT_LEFT', 'the answer was sent before the body was read', 499));
      this.#body = null;
      this.#finish();
      return;
    }
    if (body !== null) {
      // The rest is read and dropped, by the time that the body has.
      this.#dropped = 0;
      body.drop();
    } else {
      this.#rest();
    }
    this.#run();
  }

  #write(text: string): void {
    this.#out += text;
    if (!this.#running) this.#flush();
  }

  #flush(): void {
    if (this.#out === '') return;
    const out = this.#out;
    this.#out = '';
    this.#socket.write(out, 'latin1');
    if (this.#socket.writableLength > 0) this.#watchSending();
  }

  /** The client has `sendTime` for what waits, counted from its last progress. */
  #watchSending(): void {
    if (this.#sendDeadline === NEVER && this.#socket.writableLength > 0)
      this.#sendDeadline = this.#host.clock.now + this.#host.limits.sendTime;
  }

  #writeBytes(bytes: Uint8Array): void {
    const socket = this.#socket;
    const out = this.#out;
    this.#out = '';
    socket.cork();
    if (out !== '') socket.write(out, 'latin1');
    if (bytes.length <= pieceBytes) {
      socket.write(bytes);
      socket.uncork();
    } else {
      socket.write(bytes.subarray(0, pieceBytes));
      socket.uncork();
      for (let at = pieceBytes; at < bytes.length; at += pieceBytes)
        socket.write(bytes.subarray(at, at + pieceBytes), this.#onPiece);
    }
    this.#watchSending();
  }

  /** A piece of a large answer went out: the client has `sendTime` for the next. */
  readonly #onPiece = (): void => {
    this.#sendDeadline = NEVER;
    if (this.#phase !== GONE) this.#watchSending();
  };

  #wakeWriters(): void {
    if (this.#waitingForDrain.length === 0) return;
    const waiting = this.#waitingForDrain;
    this.#waitingForDrain = [];
    for (const wake of waiting) wake();
  }
}

/** Tells whoever handles a request that nobody waits for its answer any more; once. */
function abort(request: Http1Request | null, error: Error): void {
  const onAbort = request?.onAbort;
  if (!request || !onAbort) return;
  request.onAbort = null;
  onAbort(error);
}

class Http1Writer implements AnswerWriter {
  readonly #connection: Connection;
  readonly #request: Http1Request;
  constructor(connection: Connection, request: Http1Request) {
    this.#connection = connection;
    this.#request = request;
  }
  get open(): boolean {
    return this.#connection.isOpen(this.#request);
  }
  write(chunk: string | Uint8Array): boolean {
    return this.#connection.writeBody(this.#request, chunk);
  }
  drained(): Promise<void> {
    return this.#connection.drained(this.#request);
  }
  end(trailers: FieldList = []): void {
    this.#connection.endBody(this.#request, trailers);
  }
  abort(): void {
    this.#connection.abortBody(this.#request);
  }
}
