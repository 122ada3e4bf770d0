import { Int32Column } from './columns.ts';
import { ProfileError } from './profile.ts';
import { readUtf8 } from './utf8.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Numbers are written in far less; longer ones would only cost time. */
const LONGEST_NUMBER = 400;

/** With half of the slots free and no ill will, a search ends after two or three. */
const MOST_TRIES = 64;

/**
 * Reads JSON from its bytes, value by value, so that a file of hundreds of megabytes needs neither one
 * string nor one tree of objects. Equal strings are made once.
 *
 * ```ts
 * for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
 *   if (key === 'samples') for (let more = json.firstItem(); more; more = json.nextItem()) json.number();
 *   else json.skip();
 * }
 * ```
 *
 * Every method reads the one value that it names and throws {@link ProfileError} `PROFILE_MALFORMED` or
 * `PROFILE_TRUNCATED`, with the byte, if something else stands there.
 */
export class JsonBytes {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #texts: string[] = [];
  readonly #starts = new Int32Column();
  readonly #lengths = new Int32Column();
  /** Index into texts + 1; open addressing over the raw bytes between the quotes. */
  #slots = new Int32Array(1024);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.#at = marked ? 3 : 0;
  }

  /** The byte where the next value begins, blanks before it skipped. */
  position(): number {
    this.#peek();
    return this.#at;
  }

  /** True where the next value is a list. */
  atList(): boolean {
    return this.#peek() === OPEN_LIST;
  }

  /** Enters an object; its first key, or `null` if it has none. */
  firstKey(): string | null {
    this.#expect(OPEN_OBJECT, 'an object');
    if (this.#peek() !== CLOSE_OBJECT) return this.#key();
    this.#at++;
    return null;
  }

  /** After a value in an object: the next key, or `null` after the last. */
  nextKey(): string | null {
    const byte = this.#peek();
    if (byte !== COMMA && byte !== CLOSE_OBJECT) throw this.#unexpected("',' or '}'");
    this.#at++;
    return byte === COMMA ? this.#key() : null;
  }

  /** Enters a list; false if it is empty. */
  firstItem(): boolean {
    this.#expect(OPEN_LIST, 'a list');
    if (this.#peek() !== CLOSE_LIST) return true;
    this.#at++;
    return false;
  }

  /** After an item of a list: whether another follows. */
  nextItem(): boolean {
    const byte = this.#peek();
    if (byte !== COMMA && byte !== CLOSE_LIST) throw this.#unexpected("',' or ']'");
    this.#at++;
    return byte === COMMA;
  }

  /** A finite number. */
  number(): number {
    this.#peek();
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    let value = 0;
    const digits = at;
    for (; isDigit(bytes[at]); at++) value = value * 10 + (bytes[at] as number) - 0x30;
    const end = bytes[at];
    // Up to fifteen digits are added up exactly; -0 is left to the exact way.
    if (at > digits && at - digits <= 15 && !isNumberPart(end) && !(negative && value === 0)) {
      this.#at = at;
      return negative ? -value : value;
    }
    return this.#exactNumber(start);
  }

  /** A string. */
  string(): string {
    this.#expect(QUOTE, 'a string');
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let hash = 0;
    let byte = bytes[at];
    while (byte !== QUOTE) {
      if (byte === undefined) throw this.#ended("the string's closing quote");
      if (byte < 0x20) throw this.#wrong(at, 'a character of the string');
      hash = Math.imul(hash ^ byte, 0x01000193);
      if (byte === BACKSLASH) {
        at++;
        if (at >= bytes.length) throw this.#ended("the string's closing quote");
        hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
      }
      byte = bytes[++at];
    }
    this.#at = at + 1;
    return this.#interned(start, at, hash ^ (hash >>> 15));
  }

  /** Passes over the next value, whatever it is. */
  skip(): void {
    // What is open around the value, so that depth costs memory that the file has paid for, not stack.
    const open: number[] = [];
    do {
      let complete = true;
      switch (this.#peek()) {
        case OPEN_OBJECT:
          this.#at++;
          if (this.#peek() === CLOSE_OBJECT) this.#at++;
          else {
            open.push(CLOSE_OBJECT);
            this.#passKey();
            complete = false;
          }
          break;
        case OPEN_LIST:
          this.#at++;
          if (this.#peek() === CLOSE_LIST) this.#at++;
          else {
            open.push(CLOSE_LIST);
            complete = false;
          }
          break;
        case QUOTE:
          this.#passString();
          break;
        case 0x74:
          this.#word('true');
          break;
        case 0x66:
          this.#word('false');
          break;
        case 0x6e:
          this.#word('null');
          break;
        default:
          this.number();
      }
      while (complete && open.length > 0) {
        const close = open.at(-1) as number;
        const byte = this.#peek();
        if (byte !== COMMA && byte !== close)
          throw this.#unexpected(close === CLOSE_LIST ? "',' or ']'" : "',' or '}'");
        this.#at++;
        if (byte === close) open.pop();
        else {
          if (close === CLOSE_OBJECT) this.#passKey();
          complete = false;
        }
      }
    } while (open.length > 0);
  }

  /** Checks that nothing follows. */
  end(): void {
    for (; this.#at < this.#bytes.length; this.#at++) {
      if (!isBlank(this.#bytes[this.#at] as number)) throw this.#unexpected('the end of the file');
    }
  }

  /** The next byte that is no blank. */
  #peek(): number {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw this.#ended('a value');
      if (!isBlank(byte)) return byte;
      this.#at++;
    }
  }

  #expect(byte: number, what: string): void {
    if (this.#peek() !== byte) throw this.#unexpected(what);
    this.#at++;
  }

  #key(): string {
    const key = this.string();
    this.#expect(COLON, "':'");
    return key;
  }

  #passKey(): void {
    if (this.#peek() !== QUOTE) throw this.#unexpected('a key');
    this.#passString();
    this.#expect(COLON, "':'");
  }

  #passString(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) throw this.#ended("the string's closing quote");
      if (byte === QUOTE) break;
      at += byte === BACKSLASH ? 2 : 1;
    }
    this.#at = at + 1;
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      const byte = this.#bytes[this.#at + i];
      if (byte === undefined) throw this.#ended(word);
      if (byte !== word.charCodeAt(i)) throw this.#unexpected(word);
    }
    this.#at += word.length;
  }

  #exactNumber(start: number): number {
    let end = start;
    while (end - start <= LONGEST_NUMBER && isNumberPart(this.#bytes[end])) end++;
    if (end === this.#bytes.length) throw this.#ended('the end of the number');
    const text = String.fromCharCode(...this.#bytes.subarray(start, end));
    const value = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
    if (!Number.isFinite(value)) throw this.#unexpected('a finite number');
    this.#at = end;
    return value;
  }

  #interned(start: number, end: number, hash: number): string {
    const length = end - start;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let tries = 0; ; tries++) {
      // Strings made to collide cost their own text, not a search through all the others.
      if (tries === MOST_TRIES) return this.#decoded(start, end);
      const index = (this.#slots[slot] as number) - 1;
      if (index < 0) break;
      if (this.#lengths.at(index) === length && this.#sameBytes(this.#starts.at(index), start, length)) {
        return this.#texts[index] as string;
      }
      slot = (slot + 1) & mask;
    }
    const text = this.#decoded(start, end);
    this.#texts.push(text);
    this.#starts.push(start);
    this.#lengths.push(length);
    this.#slots[slot] = this.#texts.length;
    if (this.#texts.length * 2 > this.#slots.length) this.#widen();
    return text;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#texts.length; index++) {
      let hash = 0;
      const start = this.#starts.at(index);
      const end = start + this.#lengths.at(index);
      for (let at = start; at < end; at++) hash = Math.imul(hash ^ (this.#bytes[at] as number), 0x01000193);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }

  #sameBytes(a: number, b: number, length: number): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }

  #decoded(start: number, end: number): string {
    const text = readUtf8(this.#bytes, start, end);
    if (typeof text === 'number') throw this.#wrong(text, 'UTF-8');
    if (!text.includes('\\')) return text;
    return text.replace(/\\(?:u([\da-fA-F]{4})|(.?))/gs, (_, code?: string, letter = '') => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      const character = escapes.get(letter);
      if (character === undefined) throw this.#wrong(start, 'a string with known escapes');
      return character;
    });
  }

  #unexpected(what: string): ProfileError {
    return this.#wrong(this.#at, what);
  }

  #wrong(at: number, what: string): ProfileError {
    const byte = this.#bytes[at];
    const found =
      byte === undefined
        ? 'the end'
        : byte > 0x20 && byte < 0x7f
          ? `'${String.fromCharCode(byte)}'`
          : `byte 0x${byte.toString(16).padStart(2, '0')}`;
    return new ProfileError('PROFILE_MALFORMED', `Expected ${what} at byte ${at}, found ${found}.`);
  }

  #ended(what: string): ProfileError {
    return new ProfileError(
      'PROFILE_TRUNCATED',
      `The file ends at byte ${this.#bytes.length}: expected ${what}.`,
    );
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** A digit, a sign, a point or an exponent. */
function isNumberPart(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x2b || byte === 0x2d || byte === 0x65 || byte === 0x45;
}
