import { ProfileError } from '../profile.ts';
import { readUtf8 } from '../utf8.ts';

/** Digits of a long integer, in bytes: a figure of a profile fits into eight. */
const LONGEST_INTEGER = 12;

/**
 * Reads numbers and texts one after the other.
 *
 * @throws {@link ProfileError} `PROFILE_TRUNCATED` where the bytes end too early
 */
export class BinaryReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The byte that is read next. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** The next byte without taking it. */
  peek(): number {
    const byte = this.byte();
    this.#at--;
    return byte;
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A length or an index, from 0. */
  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** As a double: exact up to 2⁵³. */
  int64(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true));
  }

  double(order: 'little-endian' | 'big-endian'): number {
    return this.#view.getFloat64(this.#take(8), order === 'little-endian');
  }

  /** An integer of any number of bytes, the lowest first, in two's complement. */
  integer(length: number): number {
    const start = this.#take(length);
    if (length > LONGEST_INTEGER) {
      throw malformed(start, `a number of at most ${LONGEST_INTEGER} bytes, found ${length}`);
    }
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (this.#bytes[start + i] as number);
    const negative = length > 0 && (this.#bytes[start + length - 1] as number) >= 0x80;
    return negative ? value - 256 ** length : value;
  }

  /** Text in UTF-8. */
  utf8(length: number): string {
    const start = this.#take(length);
    const text = readUtf8(this.#bytes, start, start + length);
    if (typeof text === 'number') throw malformed(text, 'UTF-8');
    return text;
  }

  /** One character a byte. */
  latin1(length: number): string {
    const start = this.#take(length);
    return latin1(this.#bytes.subarray(start, start + length));
  }

  /** What Python 2 calls a string: UTF-8 where it is such, else one character a byte. */
  bytes(length: number): string {
    const start = this.#take(length);
    const text = readUtf8(this.#bytes, start, start + length);
    return typeof text === 'string' ? text : latin1(this.#bytes.subarray(start, start + length));
  }

  /** Text up to a line feed, which is taken too. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#ended(this.#bytes.length, 'the end of a line');
    const text = this.latin1(end - this.#at);
    this.#at++;
    return text;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) {
      throw this.#ended(start, `${length} more ${length === 1 ? 'byte' : 'bytes'}`);
    }
    this.#at += length;
    return start;
  }

  #ended(at: number, expected: string): ProfileError {
    return new ProfileError(
      'PROFILE_TRUNCATED',
      `Expected ${expected} at byte ${at}, found the end of the file.`,
    );
  }
}

/** An error that says what was expected at which byte. */
export function malformed(at: number, expected: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `Expected ${expected}, at byte ${at}.`);
}

/** A byte as messages show it. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/** Text with one character a byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 4096) as unknown as number[]);
  }
  return text;
}
