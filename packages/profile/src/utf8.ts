/**
 * UTF-8 by hand, because the pure packages have neither Node nor the DOM.
 *
 * Halves of surrogate pairs that stand alone, which JavaScript allows in a string, are kept as their
 * own three bytes (WTF-8), so that every string comes back as it was.
 */

/** How many bytes a text takes. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (isHigh(unit) && isLow(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** Writes a text into bytes that have the room, and returns the place after it. */
export function writeUtf8(text: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      bytes[at++] = unit;
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6);
      bytes[at++] = 0x80 | (unit & 0x3f);
    } else if (isHigh(unit) && isLow(text.charCodeAt(i + 1))) {
      const point = 0x10000 + ((unit - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xe0 | (unit >> 12);
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[at++] = 0x80 | (unit & 0x3f);
    }
  }
  return at;
}

/** The bytes of a text. */
export function utf8Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** Units that are made into a string at once: enough to be fast, few enough to be arguments of a call. */
const CHUNK = 4096;

/**
 * The text of a range of bytes, or where it is wrong: the place of the first byte that no UTF-8 has there.
 */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | number {
  const units = new Uint16Array(Math.min(CHUNK, end - start) + 2);
  let text = '';
  let filled = 0;
  let at = start;
  while (at < end) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      units[filled++] = first;
      at++;
    } else {
      const more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
      if (more === 0 || at + more >= end) return at;
      let point = first & (0x3f >> more);
      for (let i = 1; i <= more; i++) {
        const next = bytes[at + i] as number;
        if ((next & 0xc0) !== 0x80) return at + i;
        point = (point << 6) | (next & 0x3f);
      }
      // Longer than needed, or beyond the last code point.
      if ((more === 2 && point < 0x800) || (more === 3 && (point < 0x10000 || point > 0x10ffff))) return at;
      if (point < 0x10000) {
        units[filled++] = point;
      } else {
        units[filled++] = 0xd800 + ((point - 0x10000) >> 10);
        units[filled++] = 0xdc00 + ((point - 0x10000) & 0x3ff);
      }
      at += more + 1;
    }
    if (filled >= CHUNK) {
      text += fromUnits(units.subarray(0, filled));
      filled = 0;
    }
  }
  return text + fromUnits(units.subarray(0, filled));
}

function fromUnits(units: Uint16Array): string {
  return String.fromCharCode.apply(null, units as unknown as number[]);
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
