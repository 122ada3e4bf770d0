import { answerHead } from '../../http/answer-head.ts';
import { type NativeCore, PIECE, recordColumns } from './core.ts';

/** A text up to here is written byte by byte, which is faster than a call. */
const shortText = 160;
/** Heads that are kept as bytes. */
const prefixesAtMost = 256;
/** Bytes from here on are not copied: the core keeps a reference. */
const referredBytes = 256 * 1024;

/** Places in the state that is shared with the core. */
const RECORDS = 0;
const BYTES = 1;
const TAKEN_BY_ITSELF = 2;

/** The records for the core, written where it reads them. */
export class AnswerBuffer {
  readonly #core: NativeCore;
  readonly #bytes: Buffer;
  readonly #records: Int32Array;
  readonly #state: Int32Array;
  readonly #recordsAtMost: number;
  /** Heads of answers with a type and nothing else up to the value of `content-length`, by that type. */
  readonly #prefixes = new Map<string, Buffer>();
  /** The second whose date stands in the prefixes. */
  #second = 0;
  #clockRead = false;
  #flushing = false;

  constructor(core: NativeCore) {
    this.#core = core;
    this.#bytes = Buffer.from(core.answers);
    this.#records = new Int32Array(core.sends);
    this.#state = new Int32Array(core.state);
    this.#recordsAtMost = this.#records.length / recordColumns;
  }

  /** Between these two, the clock is read once. */
  beginBatch(): void {
    this.#readClock();
    this.#clockRead = true;
  }
  endBatch(): void {
    this.#clockRead = false;
  }

  /** A record without bytes; `value` stands for their length. */
  mark(kind: number, connection: number, generation: number, value: number): void {
    this.#room(0);
    this.#add(kind, connection, generation, 0, value);
  }

  /** A record of Latin-1 text. */
  text(kind: number, connection: number, generation: number, text: string): void {
    if (text.length >= referredBytes) {
      this.#core.send(connection, generation, kind, Buffer.from(text, 'latin1'));
      return;
    }
    const at = this.#room(text.length);
    this.#add(kind, connection, generation, this.#bytes.write(text, at, 'latin1'));
  }

  /** A record of a head, which is Latin-1, and a body of `length` bytes in UTF-8. */
  headAndText(
    kind: number,
    connection: number,
    generation: number,
    head: string,
    body: string,
    length: number,
  ): void {
    if (head.length + length >= referredBytes) {
      this.text(PIECE, connection, generation, head);
      this.#core.send(connection, generation, kind, Buffer.from(body));
      return;
    }
    const bytes = this.#bytes;
    const from = this.#room(head.length + length);
    let at = from + bytes.write(head, from, 'latin1');
    at += length === body.length ? bytes.write(body, at, 'latin1') : bytes.write(body, at);
    this.#add(kind, connection, generation, at - from);
  }

  /** A record of bytes between two texts, which are Latin-1. */
  piece(
    kind: number,
    connection: number,
    generation: number,
    before: string,
    bytes: Uint8Array,
    after: string,
  ): void {
    if (before.length + bytes.length >= referredBytes) {
      if (before !== '') this.text(PIECE, connection, generation, before);
      this.#core.send(connection, generation, after === '' ? kind : PIECE, bytes);
      if (after !== '') this.text(kind, connection, generation, after);
      return;
    }
    const length = before.length + bytes.length + after.length;
    let at = this.#room(length);
    if (before !== '') at += this.#bytes.write(before, at, 'latin1');
    this.#bytes.set(bytes, at);
    if (after !== '') this.#bytes.write(after, at + bytes.length, 'latin1');
    this.#add(kind, connection, generation, length);
  }

  /**
   * The usual answer, a short text with nothing but its type, without a string for its head.
   *
   * False where it is another, and nothing was written.
   */
  usualAnswer(
    kind: number,
    connection: number,
    generation: number,
    status: number,
    fields: readonly string[],
    body: string,
  ): boolean {
    const { length } = body;
    if (status !== 200 || length > shortText || fields.length !== 2 || fields[0] !== 'content-type')
      return false;
    if (!this.#clockRead) this.#readClock();
    const prefix = this.#prefixes.get(fields[1]!) ?? this.#prefix(fields[1]!);
    const bytes = this.#bytes;
    const from = this.#room(prefix.length + 8 + shortText);
    bytes.set(prefix, from);
    let at = from + prefix.length;
    if (length >= 100) bytes[at++] = 48 + ((length / 100) | 0);
    if (length >= 10) bytes[at++] = 48 + (((length / 10) | 0) % 10);
    bytes[at++] = 48 + (length % 10);
    bytes[at++] = 13;
    bytes[at++] = 10;
    bytes[at++] = 13;
    bytes[at++] = 10;
    for (let i = 0; i < length; i++) {
      const code = body.charCodeAt(i);
      // Its length in bytes is another than was written.
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#add(kind, connection, generation, at - from);
    return true;
  }

  #prefix(type: string): Buffer {
    if (this.#prefixes.size >= prefixesAtMost) this.#prefixes.clear();
    const head = answerHead(200, ['content-type', type], 'none', '');
    const prefix = Buffer.from(`${head.slice(0, -2)}content-length: `, 'latin1');
    this.#prefixes.set(type, prefix);
    return prefix;
  }

  #readClock(): void {
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#prefixes.clear();
  }

  /** Where the bytes of the next record go, so many at most. */
  #room(length: number): number {
    const state = this.#state;
    if (state[BYTES]! + length > this.#bytes.length || state[RECORDS]! >= this.#recordsAtMost)
      this.#core.flush();
    return state[BYTES]!;
  }

  #add(kind: number, connection: number, generation: number, length: number, value: number = length): void {
    const state = this.#state;
    const records = this.#records;
    const at = state[RECORDS]! * recordColumns;
    records[at] = kind;
    records[at + 1] = connection;
    records[at + 2] = generation;
    records[at + 3] = value;
    state[BYTES]! += length;
    state[RECORDS]!++;
    if (state[TAKEN_BY_ITSELF] === 0 && !this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#state[RECORDS] !== 0) this.#core.flush();
  };
}
