import { unlinkSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { Socket } from 'node:net';
import { answerHead } from '../../http/answer-head.ts';
import { authorityOf } from '../../http/authority.ts';
import { fieldOf, lowerFieldsOf } from '../../http/fields.ts';
import { IncomingBody } from '../../http/incoming-body.ts';
import { methods } from '../../http/request-parser.ts';
import type { EngineCounters, ListenOptions, Listener } from '../engine.ts';
import { AnswerBuffer } from './answer-buffer.ts';
import {
  ABSOLUTE,
  ADDRESS_APART,
  BODY_COMPLETE,
  BODY_FOLLOWS,
  DRAINED,
  STOPPED,
  HAS_BODY,
  HOST_UNSURE,
  LAST_ANSWER,
  type NativeCore,
  type NativeModule,
  OVER,
  PIECE_OF_BODY,
  REFUSED,
  REQUEST,
  WRITABLE,
  columns,
} from './core.ts';
import { NativeRequest, type RequestHost, addressText } from './native-request.ts';
import { KnownTexts } from './known-texts.ts';

/** Between the idle connections' end and that of all, milliseconds. */
const lastMoment = 50;
/** What a timer of Node can wait, milliseconds. */
const longestTimeout = 2 ** 31 - 1;
/** Heads are copied into pieces of memory of this size, and those of a larger batch one by one. */
const slabBytes = 64 * 1024;
/** Place of the heads' length in the state that is shared with the core. */
const HEADS = 3;

/** Hands what the native core read to the application, and its answers back. */
export class NativeListener implements Listener, RequestHost {
  readonly answers: AnswerBuffer;
  readonly texts = new KnownTexts();
  draining = false;
  address: Listener['address'] = null;
  readonly #options: ListenOptions;
  readonly #reasons: readonly string[];
  readonly #core: NativeCore;
  readonly #arena: Buffer;
  readonly #rows: Int32Array;
  readonly #state: Int32Array;
  readonly #figures: Float64Array;
  /** Requests that are not answered, by their connection. */
  readonly #open: (NativeRequest | null)[] = [];
  /** Copies of heads: the arena is the core's again when a batch is done. */
  #slab: Buffer = Buffer.allocUnsafeSlow(slabBytes);
  #slabAt = 0;
  /** Stands for `Host` where HTTP/1.0 sends none. */
  #authority = 'localhost';
  /** Connections that the application took over. */
  readonly #released = new Set<Socket>();
  /** Refused here, as only `URL` knows every host that is none. */
  #refused = 0;
  #drained: (() => void) | null = null;
  #stopped: (() => void) | null = null;

  constructor(module: NativeModule, options: ListenOptions) {
    this.#options = options;
    this.#reasons = module.reasons;
    const core = module.create(options.limits, this.#onBatch);
    this.#core = core;
    this.answers = new AnswerBuffer(core);
    this.#arena = Buffer.from(core.arena);
    this.#rows = new Int32Array(core.rows);
    this.#state = new Int32Array(core.state);
    this.#figures = new Float64Array(core.counters);
  }

  /** @throws what the system says of the address */
  async start(): Promise<void> {
    const { where } = this.#options;
    if (where === 'handed') return;
    try {
      if ('shared' in where) {
        const { file, line, lines, descriptor } = where.shared;
        this.#core.share(file, line, lines);
        this.#core.listen(descriptor);
      } else if ('unix' in where) {
        this.#core.listenAt(where.unix);
        this.address = where;
      } else {
        const { address: hostname } = await lookup(where.hostname);
        const port = this.#core.listenAt(hostname, where.port);
        this.address = { port, hostname };
        const { hostname: named } = where;
        this.#authority = `${named.includes(':') ? `[${named}]` : named}:${port}`;
      }
    } catch (error) {
      this.#core.close();
      throw error;
    }
  }

  accept(socket: Socket): void {
    const descriptor =
      (socket as unknown as { readonly _handle?: { readonly fd: number } })._handle?.fd ?? -1;
    if (descriptor >= 0) this.#core.adopt(descriptor);
    // The core has its own copy of the descriptor.
    socket.destroy();
  }

  readTls(): void {
    // TLS is the other engine's.
  }

  get load(): number {
    return this.#figures[0]! + this.#released.size;
  }

  get counters(): EngineCounters {
    const [, accepted = 0, turnedAway = 0, refused = 0] = this.#figures;
    return { connections: this.load, accepted, turnedAway, refused: refused + this.#refused };
  }

  async close(milliseconds: number, patient = false, stopped?: () => void): Promise<void> {
    this.draining = true;
    this.#stopped = stopped ?? null;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    this.#core.drain(patient);
    this.#removeUnixSocket();
    const timers: NodeJS.Timeout[] = [];
    const late = new Promise<void>((resolve) => {
      timers.push(
        setTimeout(
          () => {
            // Idle ones first: what is on its way to them may still be read.
            this.#core.drain(false);
            timers.push(setTimeout(resolve, lastMoment));
          },
          Math.min(milliseconds, longestTimeout),
        ),
      );
    });
    const released = async () => {
      for (const socket of this.#released)
        await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    };
    await Promise.race([late, drained.then(released)]);
    for (const timer of timers) clearTimeout(timer);
    for (const socket of this.#released) socket.destroy();
    this.#core.close();
    for (const request of this.#open) request?.over(499, false, '');
  }

  /** As Node does when it stops listening. */
  #removeUnixSocket(): void {
    if (this.address === null || !('unix' in this.address)) return;
    try {
      unlinkSync(this.address.unix);
    } catch {
      // Somebody else did.
    }
    this.address = null;
  }

  // ---- what the core says

  readonly #onBatch = (count: number): void => {
    const rows = this.#rows;
    this.answers.beginBatch();
    const bytes = this.#heads();
    for (let at = 0; at < count * columns; at += columns) {
      const kind = rows[at]!;
      if (kind === REQUEST) {
        this.#request(at, bytes);
        continue;
      }
      if (kind === REFUSED) {
        this.#options.onRefused(
          rows[at + 15]!,
          this.#reasons[rows[at + 3]!]!,
          addressText(this.#addressAt(at)),
        );
        continue;
      }
      if (kind === STOPPED || kind === DRAINED) {
        this.#stopped?.();
        this.#stopped = null;
        if (kind === DRAINED) this.#drained?.();
        continue;
      }
      const request = this.#open[rows[at + 1]!];
      if (!request || request.generation !== rows[at + 2]!) continue;
      if (kind === PIECE_OF_BODY) request.push(this.#copy(rows[at + 12]!, rows[at + 13]!));
      else if (kind === BODY_COMPLETE) request.completeBody(this.#trailers(rows[at + 12]!, rows[at + 13]!));
      else if (kind === WRITABLE) request.writable();
      else if (kind === OVER)
        request.over(rows[at + 15]!, (rows[at + 4]! & 1) !== 0, this.#reasons[rows[at + 3]!] ?? '');
    }
    this.answers.endBatch();
  };

  /** The heads of this batch, in memory that stays as it is; they begin at `#slabAt - length`. */
  #heads(): Buffer {
    const length = this.#state[HEADS]!;
    if (length > slabBytes) return this.#arena;
    if (this.#slabAt + length > slabBytes) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabAt = 0;
    }
    this.#arena.copy(this.#slab, this.#slabAt, 0, length);
    this.#slabAt += length;
    return this.#slab;
  }

  #request(at: number, batch: Buffer): void {
    const rows = this.#rows;
    const connection = rows[at + 1]!;
    const generation = rows[at + 2]!;
    const flags = rows[at + 4]!;
    const head = rows[at + 5]!;
    // A batch that fits into no slab: each head apart.
    let bytes = batch;
    let shift = this.#slabAt - this.#state[HEADS]!;
    if (batch === this.#arena) {
      bytes = this.#copy(head, rows[at + 6]!);
      shift = -head;
    }
    let authority: number | string = rows[at + 10]! + shift;
    const authorityLength = rows[at + 11]!;
    if (authorityLength === 0) {
      authority = this.#authority;
    } else if ((flags & HOST_UNSURE) !== 0) {
      const checked = this.#checkedAuthority(at);
      if (checked === null) {
        this.#refuseHost(at);
        return;
      }
      authority = checked;
    }
    const request = new NativeRequest(
      this,
      connection,
      generation,
      methods[rows[at + 3]!]!,
      // An empty one is the `/` that an absolute form may leave out.
      rows[at + 8] === 0 ? '/' : this.texts.text(this.#arena, rows[at + 7]!, rows[at + 8]!),
      flags,
      this.#addressAt(at),
      bytes,
      rows[at + 9]! + shift,
      head + rows[at + 6]! + shift,
      authority,
      authorityLength,
    );
    if ((flags & HAS_BODY) !== 0) {
      if ((flags & BODY_FOLLOWS) === 0)
        request.body = IncomingBody.whole(this.#copy(rows[at + 12]!, rows[at + 13]!));
      else request.expectBody(rows[at + 13]! < 0 ? -1 : rows[at + 13]! * 2 ** 32 + (rows[at + 12]! >>> 0));
    }
    this.#open[connection] = request;
    this.#options.onRequest(request);
  }

  /** As `URL` writes it; `null` where one that the request names is none. */
  #checkedAuthority(at: number): string | null {
    const rows = this.#rows;
    const start = rows[at + 10]!;
    const authority = authorityOf('http', this.#arena.toString('latin1', start, start + rows[at + 11]!));
    if (authority === null || (rows[at + 4]! & ABSOLUTE) === 0) return authority;
    const fields = lowerFieldsOf(
      this.#arena.toString('latin1', rows[at + 9]!, rows[at + 5]! + rows[at + 6]!),
      0,
    );
    const host = fieldOf(fields, 'host');
    return host !== undefined && authorityOf('http', host) === null ? null : authority;
  }

  #refuseHost(at: number): void {
    const reason = 'a wrong Host';
    this.#refused++;
    this.#options.onRefused(400, reason, addressText(this.#addressAt(at)));
    const text = `${reason}\n`;
    const head = answerHead(400, ['content-type', 'text/plain;charset=UTF-8'], text.length, 'close');
    this.answers.text(LAST_ANSWER, this.#rows[at + 1]!, this.#rows[at + 2]!, head + text);
  }

  /** The number of an IPv4 address, or a text; '' on a unix socket. */
  #addressAt(at: number): number | string {
    const rows = this.#rows;
    if ((rows[at + 4]! & ADDRESS_APART) !== 0) return this.#core.addressOf(rows[at + 1]!);
    return rows[at + 14]! || '';
  }

  #copy(at: number, length: number): Buffer {
    return Buffer.from(this.#arena.subarray(at, at + length));
  }

  #trailers(at: number, length: number): string[] {
    return length === 0 ? [] : lowerFieldsOf(this.#arena.toString('latin1', at, at + length), 0);
  }

  // ---- what requests ask for

  finished(request: NativeRequest): void {
    const { connection } = request;
    if (this.#open[connection] === request) this.#open[connection] = null;
  }

  release(request: NativeRequest): { readonly socket: Socket; readonly head: Buffer } | null {
    const released = this.#core.release(request.connection, request.generation);
    if (!released) return null;
    const socket = new Socket({ fd: released.fd, allowHalfOpen: true });
    this.#released.add(socket);
    socket.once('close', () => this.#released.delete(socket));
    return { socket, head: Buffer.from(released.bytes) };
  }
}
