import { authorityOf } from './authority.ts';
import { COLON, CR, HTAB, LF, SP, isToken, isValue } from './characters.ts';

/** The methods that are taken; rule 5 of `http-rules.md`. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;

const methodBytes = methods.map((name) => Buffer.from(`${name} `));

/** {@link RequestParser.parse} needs more bytes. */
export const MORE = -1;
/** {@link RequestParser.parse} refused: `status` and `reason` say why. */
export const REFUSED = -2;

/** {@link RequestParser.bodyLength} of a chunked body. */
export const CHUNKED = -1;

/** Classes of bytes in a target. */
const PLAIN = 0;
const DOT = 1;
const QUERY = 2;
const ODD = 3;
const END = 4;
const BAD = 5;

// Odd is what `URL` may change: escapes (%2e is a dot), and what it escapes itself.
const targetClass = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (char === ' ') return END;
  if (byte <= 0x20 || byte >= 0x7f || char === '#') return BAD;
  if (char === '.') return DOT;
  if (char === '?') return QUERY;
  return /["%'<>\\^`{|}]/.test(char) ? ODD : PLAIN;
});

/**
 * What rule 6 says of an origin form that came by HTTP/2: `plain` as in `Incoming.plain`, `odd` where it must
 * go through `URL`, `wrong` where it is refused.
 */
export function targetKind(target: string): 'plain' | 'odd' | 'wrong' {
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target)) return 'wrong';
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (path.includes('\\')) return 'wrong';
  return /\/\.|["%'<>^`{|}]/.test(path) || /["'<>\\^`{|}]/.test(target) ? 'odd' : 'plain';
}

const VERSION = Buffer.from('HTTP/1.');

/** A header limit: bytes of a head, and fields in it. */
export interface HeadLimits {
  readonly headerBytes: number;
  readonly headerCount: number;
}

/**
 * Reads the heads of HTTP/1.1 requests, by the rules of `http-rules.md` (their numbers stand in the comments).
 *
 * One parser serves one connection. {@link parse} is given the bytes from the start of the head; where it
 * returns {@link MORE} it is called again with the same bytes and more behind them, and goes on at the line it
 * could not finish. After a head its properties describe the request, until the next call.
 */
export class RequestParser {
  method = '';
  /** Origin form or `*`. */
  target = '';
  /** See `Incoming.plain`. */
  plain = true;
  /** 0 or 1: the x of HTTP/1.x. */
  minor = 1;
  /** Normal, or '' where HTTP/1.0 sent none. */
  authority = '';
  /** The whole head as Latin-1. */
  head = '';
  /** Where the field lines begin in {@link head}. */
  fieldsAt = 0;
  /** Bytes, 0 without a body, or {@link CHUNKED}. */
  bodyLength = 0;
  /** Whether the connection may be kept. */
  keep = true;
  expectsContinue = false;
  /** `Connection: upgrade`, with an `Upgrade` field, HTTP/1.1 and no body. */
  upgrade = false;

  /** Why {@link parse} refused. */
  status = 0;
  reason = '';

  readonly #scheme: 'http' | 'https';
  readonly #limits: HeadLimits;

  // Where the head stands, all relative to its start.
  #line = 0;
  #seen = 0;
  #inFields = false;
  #skippedEmptyLine = false;
  #count = 0;

  #targetStart = 0;
  #targetEnd = 0;
  #absolute = '';
  #hostSeen = false;
  #lengthSeen = false;
  #codingSeen = false;
  #upgradeSeen = false;
  #close = false;
  #keepAlive = false;
  #upgradeNamed = false;

  // A connection's requests name the same host nearly always: it is compared, not cut out and looked up.
  #hostBytes: Uint8Array = new Uint8Array(0);
  #hostAuthority = '';
  #hostFound = '';

  constructor(scheme: 'http' | 'https', limits: HeadLimits) {
    this.#scheme = scheme;
    this.#limits = limits;
  }

  /** True while a head has begun and is not complete. */
  get begun(): boolean {
    return this.#seen > 0;
  }

  /**
   * Reads a head from `bytes[from]` on. Returns where the head ends, {@link MORE} or {@link REFUSED}.
   */
  parse(bytes: Buffer, from: number): number {
    const available = bytes.length - from;
    const { headerBytes, headerCount } = this.#limits;
    // Never looks beyond the limit, so that how a message was cut into packets changes no verdict.
    const cut = available >= headerBytes;
    const end = cut ? from + headerBytes : bytes.length;
    // A line that came in many small pieces is read once, when its end is there.
    if (this.#seen > 0 && !cut && bytes.indexOf(LF, from + this.#seen) < 0) {
      this.#seen = available;
      return MORE;
    }
    let at = from + this.#line;
    if (!this.#inFields) {
      const next = this.#requestLine(bytes, from, at, end);
      if (next < 0) {
        if (next === REFUSED) return REFUSED;
        if (cut) return this.#refuse(414, 'the request line is too long');
        this.#seen = available;
        return MORE;
      }
      at = next;
      this.#inFields = true;
      this.fieldsAt = at - from;
    }
    for (;;) {
      this.#line = at - from;
      if (at >= end) break;
      if (bytes[at] === CR) {
        if (at + 1 >= end) break;
        if (bytes[at + 1] !== LF) return this.#refuse(400, 'a CR without LF'); // 1
        return this.#complete(bytes, from, at + 2);
      }
      const next = this.#field(bytes, at, end);
      if (next < 0) {
        if (next === REFUSED) return REFUSED;
        break;
      }
      if (++this.#count > headerCount) return this.#refuse(431, 'too many fields'); // 8
      at = next;
    }
    if (cut) return this.#refuse(431, 'the head is too long'); // 8
    this.#seen = available;
    return MORE;
  }

  /** Returns where the first field line begins, MORE or REFUSED. */
  #requestLine(bytes: Buffer, from: number, start: number, end: number): number {
    let at = start;
    if (at >= end) return MORE;
    if (bytes[at] === CR && !this.#skippedEmptyLine) {
      if (at + 1 >= end) return MORE;
      if (bytes[at + 1] !== LF) return this.#refuse(400, 'a CR without LF'); // 1
      at += 2; // 2
      this.#skippedEmptyLine = true;
      this.#line = at - from;
    }
    const method = this.#methodAt(bytes, at, end);
    if (method < 0) return method;
    at += methodBytes[method]!.length;
    this.method = methods[method]!;

    this.plain = true;
    this.#absolute = '';
    this.#targetStart = at - from;
    if (at >= end) return MORE;
    const first = bytes[at];
    if (first === 0x2f /* / */) {
      at = this.#targetEndAt(bytes, at, end);
    } else if (first === 0x2a /* * */ && method === 6) {
      at++;
      if (at >= end) return MORE;
      if (bytes[at] !== SP) return this.#refuse(400, 'a wrong target'); // 6
    } else if (first === 0x68 || first === 0x48 /* h H */) {
      const started = at;
      at = this.#targetEndAt(bytes, at, end);
      if (at >= 0) this.#absolute = bytes.toString('latin1', started, at);
    } else {
      return this.#refuse(400, 'a wrong target'); // 6
    }
    if (at < 0) return at;
    this.#targetEnd = at - from;
    return this.#version(bytes, at + 1, end);
  }

  #methodAt(bytes: Buffer, at: number, end: number): number {
    for (let m = 0; m < methodBytes.length; m++) {
      const name = methodBytes[m]!;
      let i = 0;
      while (i < name.length && at + i < end && bytes[at + i] === name[i]) i++;
      if (i === name.length) return m;
    }
    let i = at;
    while (i < end && isToken[bytes[i]!] === 1) i++;
    if (i === end) return MORE;
    if (i > at && bytes[i] === SP) return this.#refuse(501, 'a method that is not served'); // 5
    return this.#refuse(400, 'a wrong request line'); // 3, 4
  }

  /** Where the SP behind the target stands. */
  #targetEndAt(bytes: Buffer, start: number, end: number): number {
    let inQuery = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const kind = targetClass[byte]!;
      if (kind === PLAIN) continue;
      if (kind === END) return at;
      if (kind === BAD) return this.#refuse(400, 'a byte that no target has'); // 3, 6
      if (inQuery) {
        // An escape in a query stays as it is; what `URL` would escape there is odd.
        if (kind === ODD && byte !== 0x25) this.plain = false;
        continue;
      }
      if (kind === QUERY) {
        inQuery = true;
      } else if (kind === DOT) {
        if (bytes[at - 1] === 0x2f) this.plain = false;
      } else {
        if (byte === 0x5c) return this.#refuse(400, 'a backslash in the path'); // 6
        this.plain = false;
      }
    }
    return MORE;
  }

  #version(bytes: Buffer, at: number, end: number): number {
    for (let i = 0; i < 7; i++) {
      if (at + i >= end) return MORE;
      if (bytes[at + i] !== VERSION[i]) return this.#wrongVersion(bytes, at, end);
    }
    if (at + 7 >= end) return MORE;
    const minor = bytes[at + 7]! - 0x30;
    if (minor !== 1 && minor !== 0) return this.#wrongVersion(bytes, at, end);
    if (at + 8 >= end) return MORE;
    if (bytes[at + 8] !== CR) return this.#refuse(400, 'a wrong end of the request line'); // 1, 4
    if (at + 9 >= end) return MORE;
    if (bytes[at + 9] !== LF) return this.#refuse(400, 'a CR without LF'); // 1
    this.minor = minor;
    return at + 10;
  }

  #wrongVersion(bytes: Buffer, at: number, end: number): number {
    const pattern = 'HTTP/0.0';
    for (let i = 0; i < pattern.length; i++) {
      if (at + i >= end) return MORE;
      const byte = bytes[at + i]!;
      const fits = pattern[i] === '0' ? byte >= 0x30 && byte <= 0x39 : byte === pattern.charCodeAt(i);
      if (!fits) return this.#refuse(400, 'a wrong request line'); // 7
    }
    return this.#refuse(505, 'a version that is not served'); // 7
  }

  /** Reads one field line; returns where the next begins, MORE or REFUSED. */
  #field(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && isToken[bytes[at]!] === 1) at++;
    if (at >= end) return MORE;
    if (bytes[at] !== COLON || at === start) return this.#refuse(400, 'a wrong field name'); // 3, 9
    const nameLength = at - start;
    at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++; // 10
    const valueStart = at;
    while (at < end && isValue[bytes[at]!] === 1) at++;
    if (at + 1 >= end) {
      if (at < end && bytes[at] !== CR) return this.#refuse(400, 'a control character in a field'); // 1, 3
      return MORE;
    }
    if (bytes[at] !== CR) return this.#refuse(400, 'a control character in a field'); // 1, 3
    if (bytes[at + 1] !== LF) return this.#refuse(400, 'a CR without LF'); // 1
    const next = at + 2;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--; // 10
    // Only six fields mean anything to the framing; their lengths tell them from most others.
    switch (nameLength) {
      case 4:
        return is(bytes, start, 'host') && !this.#host(bytes, valueStart, valueEnd) ? REFUSED : next;
      case 6:
        return is(bytes, start, 'expect') && !this.#expect(bytes, valueStart, valueEnd) ? REFUSED : next;
      case 7:
        if (is(bytes, start, 'upgrade')) this.#upgradeSeen = true;
        return next;
      case 10:
        return is(bytes, start, 'connection') && !this.#connection(bytes, valueStart, valueEnd)
          ? REFUSED
          : next;
      case 14:
        return is(bytes, start, 'content-length') && !this.#length(bytes, valueStart, valueEnd, at)
          ? REFUSED
          : next;
      case 17:
        return is(bytes, start, 'transfer-encoding') && !this.#coding(bytes, valueStart, valueEnd)
          ? REFUSED
          : next;
      default:
        return next;
    }
  }

  // 11
  #host(bytes: Buffer, start: number, end: number): boolean {
    if (this.#hostSeen) return this.#no(400, 'Host twice');
    this.#hostSeen = true;
    const known = this.#hostBytes;
    const length = end - start;
    if (length === known.length && length > 0) {
      let i = 0;
      while (i < length && bytes[start + i] === known[i]) i++;
      if (i === length) {
        this.#hostFound = this.#hostAuthority;
        return true;
      }
    }
    const authority = authorityOf(this.#scheme, bytes.toString('latin1', start, end));
    if (authority === null) return this.#no(400, 'a wrong Host');
    this.#hostBytes = Uint8Array.prototype.slice.call(bytes, start, end);
    this.#hostAuthority = authority;
    this.#hostFound = authority;
    return true;
  }

  // 22
  #expect(bytes: Buffer, start: number, end: number): boolean {
    if (this.minor === 0) return true;
    if (end - start === 12 && is(bytes, start, '100-continue')) {
      this.expectsContinue = true;
      return true;
    }
    return this.#no(417, 'an expectation that is not met');
  }

  // 21
  #connection(bytes: Buffer, start: number, end: number): boolean {
    for (const part of bytes.toString('latin1', start, end).toLowerCase().split(',')) {
      const option = part.replace(/^[ \t]+|[ \t]+$/g, '');
      if (option === 'close') this.#close = true;
      else if (option === 'keep-alive') this.#keepAlive = true;
      else if (option === 'upgrade') this.#upgradeNamed = true;
      else if (option !== '' && !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(option))
        return this.#no(400, 'a wrong Connection');
    }
    return true;
  }

  // 12
  #length(bytes: Buffer, start: number, end: number, lineEnd: number): boolean {
    if (this.#lengthSeen) return this.#no(400, 'Content-Length twice');
    this.#lengthSeen = true;
    if (end === start || end - start > 15) return this.#no(400, 'a wrong Content-Length');
    for (let i = end; i < lineEnd; i++)
      if (bytes[i] === HTAB) return this.#no(400, 'a tab behind Content-Length');
    let length = 0;
    for (let i = start; i < end; i++) {
      const digit = bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return this.#no(400, 'a wrong Content-Length');
      length = length * 10 + digit;
    }
    if (this.#codingSeen) return this.#no(400, 'Content-Length and Transfer-Encoding'); // 14
    this.bodyLength = length;
    return true;
  }

  // 13
  #coding(bytes: Buffer, start: number, end: number): boolean {
    if (this.#codingSeen) return this.#no(400, 'Transfer-Encoding twice');
    this.#codingSeen = true;
    if (end === start) return this.#no(400, 'an empty Transfer-Encoding');
    if (this.#lengthSeen) return this.#no(400, 'Content-Length and Transfer-Encoding'); // 14
    if (this.minor === 0) return this.#no(400, 'Transfer-Encoding with HTTP/1.0');
    if (end - start !== 7 || !is(bytes, start, 'chunked'))
      return this.#no(501, 'a coding that is not served');
    this.bodyLength = CHUNKED;
    return true;
  }

  #complete(bytes: Buffer, from: number, end: number): number {
    if (!this.#hostSeen && this.minor === 1) return this.#refuse(400, 'no Host'); // 11
    this.head = bytes.toString('latin1', from, end - 2);
    if (this.#absolute !== '') {
      const match = /^https?:\/\/([^/?@]*)(\/.*)?$/i.exec(this.#absolute);
      const authority = match ? authorityOf(this.#scheme, match[1]!) : null;
      if (authority === null) return this.#refuse(400, 'a wrong target'); // 6
      this.authority = authority;
      this.target = match![2] ?? '/';
      this.plain = false;
    } else {
      this.target = this.head.slice(this.#targetStart, this.#targetEnd);
      this.authority = this.#hostSeen ? this.#hostFound : '';
    }
    const newer = this.minor === 1;
    // 23: what follows an offer to upgrade may be of the other protocol.
    const offered = this.#upgradeSeen && this.#upgradeNamed;
    this.keep = !this.#close && !offered && (newer || this.#keepAlive);
    this.expectsContinue &&= newer && this.bodyLength !== 0;
    this.upgrade = offered && newer && this.bodyLength === 0;
    this.#line = 0;
    this.#seen = 0;
    this.#inFields = false;
    this.#skippedEmptyLine = false;
    return end;
  }

  /** Forgets the head that was read, so that the next may be. */
  next(): void {
    this.bodyLength = 0;
    this.expectsContinue = false;
    this.upgrade = false;
    this.#count = 0;
    this.#hostSeen = false;
    this.#lengthSeen = false;
    this.#codingSeen = false;
    this.#upgradeSeen = false;
    this.#close = false;
    this.#keepAlive = false;
    this.#upgradeNamed = false;
  }

  #refuse(status: number, reason: string): typeof REFUSED {
    this.status = status;
    this.reason = reason;
    return REFUSED;
  }

  #no(status: number, reason: string): false {
    this.#refuse(status, reason);
    return false;
  }
}

/** Whether the bytes at `at` spell `name` (lower case), in any case. */
function is(bytes: Buffer, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[at + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}
