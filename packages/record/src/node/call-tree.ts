import type { ProfileBuilder } from '@whetstone/profile';

/** How deep a call that was inlined is looked for below its caller: what engines inline at most, and some. */
const INLINING_DEPTH = 6;

/** The call paths of the profile while they are collected, with their children. */
export class CallTree {
  readonly #builder: ProfileBuilder;
  #functions = new Int32Array(1024);
  #firstChild = new Int32Array(1024);
  #nextSibling = new Int32Array(1024);
  #length = 0;
  #firstOfFunction: Map<number, number> | null = null;

  constructor(builder: ProfileBuilder) {
    this.#builder = builder;
  }

  get length(): number {
    return this.#length;
  }

  /** Row of the path that calls a function from another path, -1 for none. */
  child(parent: number, functionRow: number): number {
    const row = this.#builder.nodeRow(parent, functionRow);
    if (row < this.#length) return row;
    if (row === this.#functions.length) this.#grow();
    this.#functions[row] = functionRow;
    this.#firstChild[row] = -1;
    this.#nextSibling[row] = -1;
    if (parent >= 0) {
      this.#nextSibling[row] = this.#firstChild[parent] as number;
      this.#firstChild[parent] = row;
    }
    this.#length++;
    this.#firstOfFunction?.set(functionRow, this.#firstOfFunction.get(functionRow) ?? row);
    return row;
  }

  functionOf(row: number): number {
    return this.#functions[row] as number;
  }

  /** The closest path below another that ends in a function which passes, -1 if none was seen. */
  below(row: number, passes: (functionRow: number) => boolean): number {
    let level = [row];
    for (let depth = 0; depth < INLINING_DEPTH && level.length > 0; depth++) {
      const next: number[] = [];
      for (const above of level) {
        for (
          let child = this.#firstChild[above] as number;
          child >= 0;
          child = this.#nextSibling[child] as number
        ) {
          if (passes(this.#functions[child] as number)) return child;
          next.push(child);
        }
      }
      level = next;
    }
    return -1;
  }

  /** The first path seen that ends in a function, else a new one at the root. */
  anyOf(functionRow: number): number {
    if (this.#firstOfFunction === null) {
      this.#firstOfFunction = new Map();
      for (let row = this.#length - 1; row >= 0; row--)
        this.#firstOfFunction.set(this.#functions[row] as number, row);
    }
    return this.#firstOfFunction.get(functionRow) ?? this.child(-1, functionRow);
  }

  #grow(): void {
    const grown = (column: Int32Array<ArrayBuffer>) => {
      const larger = new Int32Array(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.#functions = grown(this.#functions);
    this.#firstChild = grown(this.#firstChild);
    this.#nextSibling = grown(this.#nextSibling);
  }
}
