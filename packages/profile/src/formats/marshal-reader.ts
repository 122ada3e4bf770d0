import { BinaryReader, hex, malformed } from './binary-reader.ts';

/** What the tables of `pstats` hold besides dicts. */
export type MarshalValue = string | number | readonly MarshalValue[];

/** The high bit of a type: the value gets the next number, by which others refer to it. */
const NUMBERED = 0x80;

/** A function in the key of a dict is one deep. */
const DEEPEST = 4;

/** Digits of 15 bits in a long integer: a count of calls fits into five. */
const MOST_DIGITS = 5;

/**
 * Reads Python's marshal format, versions 0 to 4, as far as the tables of `pstats` use it.
 *
 * What has a number gets it before its contents are read. Dicts are read entry by entry and are never
 * referred to: a small file could stand for more entries than anyone can read.
 *
 * @see https://docs.python.org/3/library/marshal.html
 * @throws ProfileError `PROFILE_MALFORMED` or `PROFILE_TRUNCATED`
 */
export class MarshalReader {
  readonly #bytes: BinaryReader;
  /** By number; `undefined` stands for a dict, or for a tuple that is not complete yet. */
  readonly #numbered: (MarshalValue | undefined)[] = [];
  /** Python 2 numbers interned strings apart. */
  readonly #interned: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = new BinaryReader(bytes);
  }

  /** The byte that is read next. */
  get at(): number {
    return this.#bytes.at;
  }

  /** Enters a dict; its entries follow, key and value, until {@link atEntry} says that it has ended. */
  enterDict(): void {
    this.#enter('{', 'a dict');
  }

  atEntry(): boolean {
    if (this.#bytes.peek() !== code('0')) return true;
    this.#bytes.byte();
    return false;
  }

  /** Enters a tuple that may hold a dict, of which there must be so many values. */
  enterTuple(length: number): void {
    const at = this.at;
    const found =
      this.#enter('()', `a tuple of ${length} values`) === '(' ? this.#bytes.uint32() : this.#bytes.byte();
    if (found !== length) throw malformed(at, `a tuple of ${length} values, found ${found}`);
  }

  /** A string, a number, or a tuple of such. */
  value(depth = 0): MarshalValue {
    const at = this.at;
    const byte = this.#bytes.byte();
    const type = String.fromCharCode(byte & ~NUMBERED);
    const row = (byte & NUMBERED) === 0 ? -1 : this.#numbered.push(undefined) - 1;
    const value = this.#read(type, at, depth);
    if (row >= 0) this.#numbered[row] = value;
    return value;
  }

  #enter(types: string, expected: string): string {
    const at = this.at;
    const byte = this.#bytes.byte();
    const type = String.fromCharCode(byte & ~NUMBERED);
    if (!types.includes(type)) throw malformed(at, `${expected}, found type ${hex(byte)}`);
    if ((byte & NUMBERED) !== 0) this.#numbered.push(undefined);
    return type;
  }

  #read(type: string, at: number, depth: number): MarshalValue {
    const bytes = this.#bytes;
    switch (type) {
      case 'i':
        return bytes.int32();
      case 'I':
        return bytes.int64();
      case 'l':
        return this.#long(at);
      case 'g':
        return bytes.double('little-endian');
      case 'f':
        return this.#number(at, bytes.latin1(bytes.byte()));
      case 'T':
        return 1;
      case 'F':
        return 0;
      case 's':
        return bytes.bytes(bytes.uint32());
      case 'u':
        return bytes.utf8(bytes.uint32());
      case 't':
        return this.#intern(bytes.bytes(bytes.uint32()));
      case 'a':
        return bytes.latin1(bytes.uint32());
      case 'A':
        return this.#intern(bytes.latin1(bytes.uint32()));
      case 'z':
        return bytes.latin1(bytes.byte());
      case 'Z':
        return this.#intern(bytes.latin1(bytes.byte()));
      case 'R':
        return this.#referred(this.#interned, at);
      case 'r':
        return this.#referred(this.#numbered, at);
      case '(':
        return this.#tuple(bytes.uint32(), at, depth);
      case ')':
        return this.#tuple(bytes.byte(), at, depth);
      default:
        throw malformed(at, `a string, a number or a tuple of them, found type ${hex(code(type))}`);
    }
  }

  #tuple(length: number, at: number, depth: number): readonly MarshalValue[] {
    if (depth >= DEEPEST) throw malformed(at, `at most ${DEEPEST} tuples in one another`);
    if (length > 255) throw malformed(at, `a tuple of at most 255 values, found ${length}`);
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #intern(text: string): string {
    this.#interned.push(text);
    return text;
  }

  #referred<T extends MarshalValue>(values: readonly (T | undefined)[], at: number): T {
    const row = this.#bytes.uint32();
    const value = values[row];
    if (value === undefined) {
      throw malformed(at, `a reference to one of ${values.length} strings, numbers or tuples, found ${row}`);
    }
    return value;
  }

  #long(at: number): number {
    const digits = this.#bytes.int32();
    if (Math.abs(digits) > MOST_DIGITS) throw malformed(at, `a number of at most ${MOST_DIGITS} digits`);
    let value = 0;
    for (let i = 0; i < Math.abs(digits); i++) value += this.#bytes.uint16() * 2 ** (15 * i);
    return digits < 0 ? -value : value;
  }

  #number(at: number, text: string): number {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw malformed(at, 'a number as text');
    return value;
  }
}

function code(type: string): number {
  return type.charCodeAt(0);
}
