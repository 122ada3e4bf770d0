import http2, {
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { hasNoBody, ownFields } from '../../http/answer-head.ts';
import { authorityOf } from '../../http/authority.ts';
import { fieldOf } from '../../http/fields.ts';
import { IncomingBody } from '../../http/incoming-body.ts';
import { methods, targetKind } from '../../http/request-parser.ts';
import type { Limits } from '../../limits.ts';
import { RequestAborted } from '../aborted.ts';
import type { AnswerWriter, FieldList, Incoming } from '../engine.ts';
import type { ConnectionHost, OpenConnection } from './connection.ts';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } =
  http2.constants;

/** Requests that one connection may have under way. */
const streamsAtOnce = 100;
/**
 * Requests that a client may take back between two ticks of the clock, a second at most ("rapid reset"):
 * a browser that leaves a page takes back some tens.
 */
const resetsBetweenTicks = 200;
const NEVER = Infinity;

/** The settings and bounds of a session, for `performServerHandshake`. */
function sessionOptions(limits: Limits): http2.ServerSessionOptions {
  return {
    settings: {
      maxConcurrentStreams: streamsAtOnce,
      maxHeaderListSize: limits.headerBytes,
      enablePush: false,
    },
    // Four are the pseudo fields.
    maxHeaderListPairs: limits.headerCount + 4,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxSettings: 16,
    maxOutstandingPings: 4,
  } as http2.ServerSessionOptions;
}

/** One connection of HTTP/2: Node's own framing, our rules and limits for what comes in it. */
export class Http2Connection implements OpenConnection {
  readonly remoteAddress: string;
  readonly #host: ConnectionHost;
  readonly #session: ServerHttp2Session;
  readonly #requests = new Set<Http2Request>();
  #idleSince: number;
  #resets = 0;

  constructor(socket: TLSSocket, remoteAddress: string, host: ConnectionHost) {
    this.#host = host;
    this.remoteAddress = remoteAddress;
    this.#idleSince = host.clock.now;
    const handshake = (
      http2 as unknown as {
        performServerHandshake(socket: TLSSocket, options: object): ServerHttp2Session;
      }
    ).performServerHandshake;
    this.#session = handshake(socket, sessionOptions(host.limits));
    this.#session.on('error', () => undefined);
    this.#session.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw?: string[]) =>
        this.#stream(stream, headers, flags, raw ?? []),
    );
    this.#session.on('close', () => host.closed(this));
    // Without a session the socket is all there is to tell that the connection has ended.
    socket.on('close', () => this.#session.destroy());
  }

  check(now: number): void {
    this.#resets = 0;
    for (const request of this.#requests) request.check(now);
    if (this.#requests.size === 0 && now - this.#idleSince >= this.#host.limits.idleTime)
      this.#session.destroy();
  }

  drain(): void {
    if (!this.#session.closed) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #stream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: readonly string[],
  ): void {
    stream.on('error', () => undefined);
    const request = requestIn(
      stream,
      headers,
      raw,
      (flags & NGHTTP2_FLAG_END_STREAM) !== 0,
      this,
      this.#host,
    );
    if (typeof request === 'number') {
      this.#host.counters.refused++;
      this.#host.onRefused(request, 'a request that breaks the rules', this.remoteAddress);
      refuse(stream, request);
      return;
    }
    this.#requests.add(request);
    stream.on('close', () => {
      this.#requests.delete(request);
      this.#idleSince = this.#host.clock.now;
      if (stream.rstCode === NGHTTP2_CANCEL && ++this.#resets > resetsBetweenTicks) {
        this.#session.goaway(NGHTTP2_ENHANCE_YOUR_CALM);
        this.#session.destroy();
      }
      request.closed();
    });
    this.#host.onRequest(request);
  }
}

/** Answers with a status alone, and wants nothing more of the request. */
function refuse(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': status }, { endStream: true });
  stream.resume();
  // Later Nodes drop an answer whose stream is closed in the same turn.
  setImmediate(() => stream.close(NGHTTP2_NO_ERROR));
}

/** A request, or the status it is refused with. */
function requestIn(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
  complete: boolean,
  connection: Http2Connection,
  host: ConnectionHost,
): Http2Request | number {
  const method = headers[':method'] ?? '';
  const target = headers[':path'] ?? '';
  if (!(methods as readonly string[]).includes(method)) return 501;
  const kind = target === '*' && method === 'OPTIONS' ? 'plain' : targetKind(target);
  if (kind === 'wrong') return 400;
  const named = headers[':authority'];
  const authority = authorityOf('https', named ?? headers.host ?? '');
  if (authority === null) return 400;
  const fields: FieldList = [];
  let cookie = -1;
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.startsWith(':')) continue;
    if (name === 'host' && (++hosts > 1 || authorityOf('https', value) !== authority)) return 400;
    // A browser sends its cookies one by one; together they are what they were meant to be.
    if (name === 'cookie' && cookie >= 0) fields[cookie] += `; ${value}`;
    else if (name === 'cookie') cookie = fields.push(name, value) - 1;
    else fields.push(name, value);
  }
  const length = Number(headers['content-length'] ?? 0);
  if (length > host.limits.bodyBytes) return 413;
  const expects = headers.expect;
  if (expects !== undefined && expects.toLowerCase() !== '100-continue') return 417;
  return new Http2Request(
    stream,
    { method, target, plain: kind === 'plain', authority, fields },
    complete,
    connection,
    host,
  );
}

class Http2Request implements Incoming {
  readonly method: string;
  readonly target: string;
  readonly plain: boolean;
  readonly authority: string;
  readonly scheme = 'https';
  readonly version = '2';
  readonly upgrade = false;
  readonly remoteAddress: string;
  readonly fields: FieldList;
  readonly fieldLines = null;
  readonly body: IncomingBody | null;
  id: string | null = null;
  onAbort: ((reason: Error) => void) | null = null;
  readonly #stream: ServerHttp2Stream;
  readonly #host: ConnectionHost;
  #began = false;
  #deadline: number;
  #sendDeadline = NEVER;
  #owesContinue: boolean;
  #received = 0;

  constructor(
    stream: ServerHttp2Stream,
    head: Pick<Incoming, 'method' | 'target' | 'plain' | 'authority' | 'fields'>,
    complete: boolean,
    connection: Http2Connection,
    host: ConnectionHost,
  ) {
    this.#stream = stream;
    this.#host = host;
    this.method = head.method;
    this.target = head.target;
    this.plain = head.plain;
    this.authority = head.authority;
    this.fields = head.fields;
    this.remoteAddress = connection.remoteAddress;
    this.#owesContinue = !complete && fieldOf(head.fields, 'expect') !== undefined;
    this.#deadline = host.clock.now + (complete ? host.limits.handlerTime : host.limits.bodyTime);
    this.body = complete ? null : this.#bodyOf(stream);
  }

  check(now: number): void {
    if (now >= this.#sendDeadline) {
      if (this.#stream.writableLength > 0) this.#stream.close(NGHTTP2_CANCEL);
      this.#sendDeadline = NEVER;
    }
    if (now < this.#deadline) return;
    this.#deadline = NEVER;
    if (this.body && !this.body.complete && !this.body.full)
      this.#refuse(408, 'TIME_LIMIT', 'the body took too long');
    else this.#abort(new RequestAborted('TIME_LIMIT', 'the handler took too long', 503));
  }

  closed(): void {
    const error = new RequestAborted('CLIENT_LEFT', 'the client left', 499);
    this.body?.fail(error);
    this.#abort(error);
  }

  answer(status: number, fields: FieldList, body: string | Uint8Array | null): void {
    if (!this.#begin()) return;
    const head = this.method === 'HEAD';
    const none = body === null || body.length === 0 || hasNoBody(status);
    const length = body === null ? (head ? fieldOf(fields, 'content-length') : 0) : Buffer.byteLength(body);
    this.#stream.respond(
      headersOf(status, fields, hasNoBody(status) || length === undefined ? null : Number(length)),
      {
        endStream: none || head,
      },
    );
    if (!none && !head) {
      this.#stream.end(body);
      this.#watchSending();
    }
    this.#stopReading();
  }

  begin(status: number, fields: FieldList, length: number | null): AnswerWriter {
    const open = this.#begin();
    const stream = this.#stream;
    const bodiless = hasNoBody(status) || this.method === 'HEAD';
    let left = length;
    const watch = () => this.#watchSending();
    const stopReading = () => this.#stopReading();
    if (open) {
      this.#deadline = this.body && !this.body.complete ? this.#deadline : NEVER;
      stream.respond(headersOf(status, fields, hasNoBody(status) ? null : length), { endStream: bodiless });
      stream.on('drain', () => {
        this.#sendDeadline = NEVER;
      });
    }
    return {
      get open() {
        return open && !stream.destroyed && !stream.closed;
      },
      write(chunk) {
        if (!this.open) return false;
        if (bodiless) return true;
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        if (left !== null && (left -= bytes.length) < 0) {
          stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
          return false;
        }
        stream.write(bytes);
        watch();
        return !stream.writableNeedDrain;
      },
      drained() {
        if (!this.open || !stream.writableNeedDrain) return Promise.resolve();
        return new Promise((resolve) => {
          const done = () => {
            stream.off('drain', done).off('close', done);
            resolve();
          };
          stream.on('drain', done).on('close', done);
        });
      },
      end() {
        if (!this.open) return;
        if (!bodiless && left !== null && left > 0) stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
        else stream.end();
        stopReading();
      },
      abort() {
        if (this.open) stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      },
    };
  }

  takeOver(): null {
    return null;
  }

  #begin(): boolean {
    if (this.#began || this.#stream.destroyed || this.#stream.closed) return false;
    this.#began = true;
    return true;
  }

  /** Nobody will read the rest of the body: the client need not send it. */
  #stopReading(): void {
    if (!this.body || this.body.complete) return;
    this.body.drop();
    this.#stream.resume();
    const stream = this.#stream;
    stream.once('finish', () => stream.close(NGHTTP2_NO_ERROR));
  }

  #watchSending(): void {
    if (this.#sendDeadline === NEVER && this.#stream.writableLength > 0) {
      this.#sendDeadline = this.#host.clock.now + this.#host.limits.sendTime;
    }
  }

  #bodyOf(stream: ServerHttp2Stream): IncomingBody {
    const declared = fieldOf(this.fields, 'content-length');
    const body = new IncomingBody(declared === undefined ? null : Number(declared), {
      wanted: () => {
        if (this.#owesContinue && !this.#began && !stream.closed) {
          this.#owesContinue = false;
          stream.additionalHeaders({ ':status': 100 });
        }
        if (!body.full) stream.resume();
      },
    });
    let trailers: string[] = [];
    stream.on('trailers', (_headers: unknown, _flags: number, raw?: string[]) => {
      trailers = [...(raw ?? [])];
    });
    stream.on('data', (bytes: Buffer) => {
      this.#received += bytes.length;
      if (this.#received > this.#host.limits.bodyBytes) {
        this.#refuse(413, 'BAD_MESSAGE', 'a body that is too large');
        return;
      }
      if (this.#began && stream.writableEnded) return;
      body.push(bytes);
      if (body.full) stream.pause();
    });
    stream.on('end', () => {
      // A stream that was cut ends too, without its last frame.
      if (stream.aborted || stream.rstCode !== 0) return;
      body.finish(trailers);
      if (!this.#began) this.#deadline = this.#host.clock.now + this.#host.limits.handlerTime;
    });
    return body;
  }

  #refuse(status: number, code: 'TIME_LIMIT' | 'BAD_MESSAGE', reason: string): void {
    const error = new RequestAborted(code, reason, status);
    this.#host.counters.refused++;
    const { onAbort } = this;
    this.onAbort = null;
    if (this.#begin()) refuse(this.#stream, status);
    else this.#stream.close(NGHTTP2_NO_ERROR);
    this.body?.fail(error);
    onAbort?.(error);
  }

  #abort(error: Error): void {
    const { onAbort } = this;
    this.onAbort = null;
    onAbort?.(error);
  }
}

function headersOf(status: number, fields: FieldList, length: number | null): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ':status': status };
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (ownFields.has(name)) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    // Some fields Node takes once only; joined they mean the same.
    else if (name === 'set-cookie') headers[name] = [String(before), value];
    else headers[name] = `${before}, ${value}`;
  }
  if (length !== null) headers['content-length'] = length;
  return headers;
}
