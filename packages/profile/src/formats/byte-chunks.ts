import { utf8Length, writeUtf8 } from '../utf8.ts';

/** Bytes that are gathered before they are handed on. */
const CHUNK = 1 << 16;

/** Writes numbers and texts, the lowest byte first, and hands them on in chunks. */
export class ByteChunks {
  #bytes = new Uint8Array(CHUNK);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  uint16(value: number): void {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
  }

  int32(value: number): void {
    const at = this.#room(4);
    this.#view.setInt32(at, value, true);
  }

  double(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  /** A text as UTF-8, its length before it. */
  text(value: string): void {
    const length = utf8Length(value);
    this.int32(length);
    const at = this.#room(length);
    writeUtf8(value, this.#bytes, at);
  }

  /** What was written since the last time, where it is a chunk already or `all` is asked for. */
  *taken(all = false): Generator<Uint8Array, void, undefined> {
    if (this.#length === 0 || (!all && this.#length < CHUNK)) return;
    yield this.#bytes.slice(0, this.#length);
    this.#length = 0;
  }

  /** Where as many bytes begin; the buffer may be another one afterwards, so ask before touching it. */
  #room(length: number): number {
    const start = this.#length;
    if (start + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, start + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length += length;
    return start;
  }
}
