/** How the values of a column are laid out in bytes, before the block is deflated. */
export type ColumnCodec = 'plain' | 'planes' | 'varint' | 'delta';
export type ColumnType = 'u8' | 'i32' | 'f64';
export type Column = Uint8Array | Int32Array | Float64Array;

/** A column as bytes, with what is needed to read them. */
export interface EncodedColumn {
  readonly type: ColumnType;
  readonly length: number;
  readonly codec: ColumnCodec;
  /** Values were multiplied by it to become whole; 1 for columns of integers. */
  readonly scale: 1 | 1000;
  readonly bytes: Uint8Array;
}

/**
 * Whole numbers up to here go into variable-length integers: the difference of two of them, doubled
 * for its sign, is still exact in a double.
 */
const LARGEST = 2 ** 51;
const LARGEST_ENCODED = 2 ** 53;
/** Seven bits a byte: 53 bits need eight. */
const MOST_BYTES = 8;

/** Lays out a column in the shortest of the ways that give every value back exactly. */
export function encodeColumn(values: Column): EncodedColumn {
  const { length } = values;
  if (values instanceof Uint8Array) return { type: 'u8', length, codec: 'plain', scale: 1, bytes: values };
  const type = values instanceof Int32Array ? 'i32' : 'f64';
  for (const scale of [1, 1000] as const) {
    const sizes = type === 'i32' || allWhole(values, scale) ? encodedSizes(values, scale) : null;
    if (sizes === null) continue;
    const codec = sizes.delta < sizes.varint ? 'delta' : 'varint';
    return { type, length, codec, scale, bytes: encodeIntegers(values, scale, codec, sizes[codec]) };
  }
  return { type, length, codec: 'planes', scale: 1, bytes: encodePlanes(values as Float64Array) };
}

/** Not one value, or the place (in bytes of the block) where it is wrong and what was expected there. */
export interface WrongColumn {
  readonly at: number;
  readonly expected: string;
}

/** The values of a column, or what is wrong with its bytes. Never allocates more than the bytes can hold. */
export function decodeColumn(encoded: EncodedColumn): Column | WrongColumn {
  const { type, length, codec, scale, bytes } = encoded;
  const size = type === 'u8' ? 1 : type === 'i32' ? 4 : 8;
  if (codec === 'varint' || codec === 'delta') {
    if (type === 'u8') return { at: 0, expected: 'plain bytes' };
    if (length > bytes.length) return { at: bytes.length, expected: `${length} values` };
    return decodeIntegers(
      bytes,
      type === 'i32' ? new Int32Array(length) : new Float64Array(length),
      scale,
      codec,
    );
  }
  if (bytes.length !== length * size) {
    return {
      at: Math.min(bytes.length, length * size),
      expected: `${length * size} bytes for ${length} values`,
    };
  }
  if (type === 'u8') return codec === 'plain' ? bytes : { at: 0, expected: 'plain bytes' };
  const view = new DataView(new ArrayBuffer(8));
  const values = type === 'i32' ? new Int32Array(length) : new Float64Array(length);
  const [step, stride] = codec === 'plain' ? [size, 1] : [1, length];
  for (let row = 0; row < length; row++) {
    for (let i = 0; i < size; i++) view.setUint8(i, bytes[row * step + i * stride] as number);
    values[row] = type === 'i32' ? view.getInt32(0, true) : view.getFloat64(0, true);
  }
  return values;
}

function allWhole(values: Column, scale: number): boolean {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    const whole = Math.round(value * scale);
    if (whole / scale !== value || Math.abs(whole) > LARGEST || (whole === 0 && 1 / value < 0)) return false;
  }
  return true;
}

function encodedSizes(values: Column, scale: number): { readonly varint: number; readonly delta: number } {
  let varint = 0;
  let delta = 0;
  let before = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.round((values[row] as number) * scale);
    varint += encodedSize(value);
    delta += encodedSize(value - before);
    before = value;
  }
  return { varint, delta };
}

function encodedSize(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  for (; rest >= 0x80; size++) rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
  return size;
}

function encodeIntegers(values: Column, scale: number, codec: 'varint' | 'delta', size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  let before = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.round((values[row] as number) * scale);
    const written = codec === 'delta' ? value - before : value;
    before = value;
    let rest = written < 0 ? -2 * written - 1 : 2 * written;
    while (rest >= 0x80) {
      if (rest < 0x80000000) {
        bytes[at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      } else {
        bytes[at++] = (rest % 128) | 0x80;
        rest = Math.floor(rest / 128);
      }
    }
    bytes[at++] = rest;
  }
  return bytes;
}

function decodeIntegers(
  bytes: Uint8Array,
  values: Int32Array | Float64Array,
  scale: number,
  codec: 'varint' | 'delta',
): Column | WrongColumn {
  const [least, most] =
    values instanceof Int32Array ? [-0x80000000, 0x7fffffff] : [-LARGEST_ENCODED, LARGEST_ENCODED];
  let at = 0;
  let before = 0;
  for (let row = 0; row < values.length; row++) {
    const start = at;
    let encoded = 0;
    let factor = 1;
    for (;;) {
      if (at >= bytes.length) return { at, expected: `value ${row + 1} of ${values.length}` };
      const byte = bytes[at++] as number;
      encoded += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
      if (at - start >= MOST_BYTES) return { at: start, expected: 'an integer of at most 8 bytes' };
    }
    if (encoded > LARGEST_ENCODED) return { at: start, expected: 'an integer below 2^53' };
    const half = Math.floor(encoded / 2);
    let value = encoded % 2 === 0 ? half : -half - 1;
    if (codec === 'delta') value += before;
    if (value < least || value > most) return { at: start, expected: `a value from ${least} to ${most}` };
    before = value;
    values[row] = value / scale;
  }
  if (at !== bytes.length) return { at, expected: `the end after ${values.length} values` };
  return values;
}

/** All first bytes, then all second ones, …: bytes of the same weight resemble each other. */
function encodePlanes(values: Float64Array): Uint8Array {
  const { length } = values;
  const bytes = new Uint8Array(length * 8);
  const view = new DataView(new ArrayBuffer(8));
  for (let row = 0; row < length; row++) {
    view.setFloat64(0, values[row] as number, true);
    for (let i = 0; i < 8; i++) bytes[i * length + row] = view.getUint8(i);
  }
  return bytes;
}
