import { CR, LF, isToken, isValue, hexadecimal, COLON } from './characters.ts';
import { fieldsOf } from './fields.ts';

/** What {@link ChunkParser.parse} came to. */
export type ChunkOutcome = 'more' | 'done' | 'refused';

/** States, in the order in which a chunked body goes through them. */
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const LAST_LF = 10;

/** Where an extension, `name`, `name=token` or `name="text"`, stands. */
const PART_NAME_START = 0;
const PART_NAME = 1;
const PART_VALUE_START = 2;
const PART_VALUE = 3;
const PART_QUOTED = 4;
const PART_ESCAPED = 5;
const PART_QUOTED_END = 6;
const PART_END = 7;
const PART_WRONG = 8;

/** Bytes of an extension that are read over; rule 17. */
const extensionBytes = 256;

const forbiddenTrailers = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'trailer',
  'connection',
  'upgrade',
  'authorization',
  'cookie',
]);

/** Reads a chunked body, cut anywhere; rules 17 to 20 of `http-rules.md`. One parser reads one body. */
export class ChunkParser {
  /** Where {@link parse} stopped: behind the body when it is done. */
  at = 0;
  /** Trailer fields, names in lower case, once it is done. */
  trailers: string[] = [];
  status = 0;
  reason = '';

  readonly #bodyBytes: number;
  readonly #trailerBytes: number;
  readonly #data: (bytes: Buffer) => void;
  #state = SIZE;
  #digits = 0;
  #size = 0;
  #extension = 0;
  #part = PART_NAME_START;
  #total = 0;
  #trailer = '';

  /** `data` is given each piece of the body, a view of the bytes that were parsed. */
  constructor(
    { bodyBytes, headerBytes }: { readonly bodyBytes: number; readonly headerBytes: number },
    data: (bytes: Buffer) => void,
  ) {
    this.#bodyBytes = bodyBytes;
    this.#trailerBytes = headerBytes;
    this.#data = data;
  }

  parse(bytes: Buffer, from: number): ChunkOutcome {
    let at = from;
    while (at < bytes.length) {
      if (this.#state === DATA) {
        const end = Math.min(bytes.length, at + this.#size);
        this.#data(bytes.subarray(at, end));
        this.#size -= end - at;
        at = end;
        if (this.#size === 0) this.#state = DATA_CR;
        continue;
      }
      const byte = bytes[at++]!;
      switch (this.#state) {
        case SIZE: {
          const digit = hexadecimal[byte]!;
          if (digit !== 255) {
            if (++this.#digits > 8) return this.#refuse(400, 'a chunk size of more than eight digits');
            this.#size = this.#size * 16 + digit;
          } else if (this.#digits === 0) {
            return this.#refuse(400, 'a wrong chunk size');
          } else if (byte === CR) {
            this.#state = SIZE_LF;
          } else if (byte === 0x3b /* ; */) {
            this.#extension = 0;
            this.#part = PART_NAME_START;
            this.#state = EXTENSION;
          } else {
            return this.#refuse(400, 'a wrong chunk size');
          }
          break;
        }
        case EXTENSION:
          if (++this.#extension > extensionBytes)
            return this.#refuse(400, 'a chunk extension that is too long');
          this.#part = nextPart(this.#part, byte);
          if (this.#part === PART_WRONG) return this.#refuse(400, 'a wrong chunk extension');
          if (this.#part === PART_END) this.#state = SIZE_LF;
          break;
        case SIZE_LF:
          if (byte !== LF) return this.#refuse(400, 'a CR without LF');
          this.#digits = 0;
          if (this.#size === 0) {
            this.#state = TRAILER_START;
          } else {
            this.#total += this.#size;
            if (this.#total > this.#bodyBytes) return this.#refuse(413, 'a body that is too large');
            this.#state = DATA;
          }
          break;
        case DATA_CR:
          if (byte !== CR) return this.#refuse(400, 'a chunk that is longer than its size');
          this.#state = DATA_LF;
          break;
        case DATA_LF:
          if (byte !== LF) return this.#refuse(400, 'a CR without LF');
          this.#state = SIZE;
          break;
        case TRAILER_START:
          if (byte === CR) this.#state = LAST_LF;
          else if (isToken[byte] === 1) this.#state = TRAILER_NAME;
          else return this.#refuse(400, 'a wrong trailer name');
          break;
        case TRAILER_NAME:
          if (byte === COLON) this.#state = TRAILER_VALUE;
          else if (isToken[byte] !== 1) return this.#refuse(400, 'a wrong trailer name');
          break;
        case TRAILER_VALUE:
          if (byte === CR) this.#state = TRAILER_LF;
          else if (isValue[byte] !== 1) return this.#refuse(400, 'a control character in a trailer');
          break;
        case TRAILER_LF:
          if (byte !== LF) return this.#refuse(400, 'a CR without LF');
          this.#state = TRAILER_START;
          break;
        case LAST_LF:
          if (byte !== LF) return this.#refuse(400, 'a CR without LF');
          return this.#done(at);
      }
      if (this.#state >= TRAILER_NAME && this.#state <= TRAILER_LF)
        this.#trailer += String.fromCharCode(byte);
      else if (this.#state === TRAILER_START && this.#trailer !== '') this.#trailer += '\n';
      if (this.#trailer.length > this.#trailerBytes) return this.#refuse(431, 'trailers that are too long');
    }
    this.at = at;
    return 'more';
  }

  #done(at: number): ChunkOutcome {
    this.at = at;
    this.trailers = fieldsOf(this.#trailer, 0);
    for (let i = 0; i < this.trailers.length; i += 2) {
      if (forbiddenTrailers.has(this.trailers[i]!))
        return this.#refuse(400, `the field ${this.trailers[i]} in a trailer`);
    }
    return 'done';
  }

  #refuse(status: number, reason: string): ChunkOutcome {
    this.status = status;
    this.reason = reason;
    return 'refused';
  }
}

function nextPart(part: number, byte: number): number {
  if (part === PART_QUOTED) {
    if (byte === 0x22) return PART_QUOTED_END;
    if (byte === 0x5c) return PART_ESCAPED;
    return isValue[byte] === 1 ? PART_QUOTED : PART_WRONG;
  }
  if (part === PART_ESCAPED) return isValue[byte] === 1 ? PART_QUOTED : PART_WRONG;
  if (part === PART_VALUE_START && byte === 0x22) return PART_QUOTED;
  if (isToken[byte] === 1 && part !== PART_QUOTED_END) return part <= PART_NAME ? PART_NAME : PART_VALUE;
  const complete = part === PART_NAME || part === PART_VALUE || part === PART_QUOTED_END;
  if (byte === 0x3d /* = */ && part === PART_NAME) return PART_VALUE_START;
  if (byte === 0x3b /* ; */ && complete) return PART_NAME_START;
  return byte === CR && complete ? PART_END : PART_WRONG;
}
