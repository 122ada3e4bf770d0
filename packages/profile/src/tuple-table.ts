/**
 * A table of distinct tuples of up to five integers; a tuple is known by the row where it first came.
 *
 * An open-addressing hash table over one flat array: a million call paths are interned in about a
 * tenth of a second, where a `Map` with composed keys takes several.
 */
export class TupleTable {
  readonly #width: number;
  #keys: Int32Array;
  /** Row + 1, 0 where the slot is free; its length is a power of two. */
  #slots = new Int32Array(256);
  #length = 0;
  /** No file can hold tuples that are known to collide. */
  readonly #seed = Math.floor(Math.random() * 0x100000000) | 0;

  constructor(width: 2 | 3 | 4 | 5) {
    this.#width = width;
    this.#keys = new Int32Array(128 * width);
  }

  get length(): number {
    return this.#length;
  }

  /** The row of a tuple, which is added at the end if it is new. Integers beyond the width must be left out. */
  row(a: number, b: number, c = 0, d = 0, e = 0): number {
    const width = this.#width;
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(this.#seed, a, b, c, d, e) & mask;
    for (;;) {
      const row = (slots[slot] as number) - 1;
      if (row < 0) break;
      const at = row * width;
      if (
        keys[at] === a &&
        keys[at + 1] === b &&
        (width < 3 ||
          (keys[at + 2] === c && (width < 4 || (keys[at + 3] === d && (width < 5 || keys[at + 4] === e)))))
      ) {
        return row;
      }
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, a, b, c, d, e);
  }

  /** One integer of every tuple, in the order of rows. */
  column(index: number): Int32Array {
    const column = new Int32Array(this.#length);
    for (let row = 0, at = index; row < column.length; row++, at += this.#width) {
      column[row] = this.#keys[at] as number;
    }
    return column;
  }

  #add(slot: number, a: number, b: number, c: number, d: number, e: number): number {
    const row = this.#length++;
    const width = this.#width;
    const at = row * width;
    if (at === this.#keys.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    const keys = this.#keys;
    keys[at] = a;
    keys[at + 1] = b;
    if (width > 2) keys[at + 2] = c;
    if (width > 3) keys[at + 3] = d;
    if (width > 4) keys[at + 4] = e;
    this.#slots[slot] = row + 1;
    // At most half full, so that a search ends after a slot or two.
    if (this.#length * 2 > this.#slots.length) this.#widen();
    return row;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const keys = this.#keys;
    const width = this.#width;
    for (let row = 0; row < this.#length; row++) {
      const at = row * width;
      let slot =
        hash(
          this.#seed,
          keys[at] as number,
          keys[at + 1] as number,
          width > 2 ? (keys[at + 2] as number) : 0,
          width > 3 ? (keys[at + 3] as number) : 0,
          width > 4 ? (keys[at + 4] as number) : 0,
        ) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

/** MurmurHash3's finish after a multiply for each integer: neighbouring rows spread over the table. */
function hash(seed: number, a: number, b: number, c: number, d: number, e: number): number {
  let h = Math.imul(a ^ seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ c;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ d;
  h = Math.imul(h ^ (h >>> 16), 0x27d4eb2f) ^ e;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
