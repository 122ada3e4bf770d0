/** A column of 32-bit integers that grows as it is filled. */
export class Int32Column {
  #values = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, Int32Array);
    this.#values[this.#length++] = value;
  }

  /** The value in a row that exists. */
  at(row: number): number {
    return this.#values[row] as number;
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
  }

  /** A copy with exactly the rows filled. */
  values(): Int32Array {
    return this.#values.slice(0, this.#length);
  }
}

/** A column of doubles that grows as it is filled. */
export class Float64Column {
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, Float64Array);
    this.#values[this.#length++] = value;
  }

  /** The value in a row that exists. */
  at(row: number): number {
    return this.#values[row] as number;
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
  }

  /** A copy with exactly the rows filled. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

function grown<T extends Int32Array | Float64Array>(values: T, Type: new (length: number) => T): T {
  const larger = new Type(values.length * 2);
  larger.set(values);
  return larger;
}
