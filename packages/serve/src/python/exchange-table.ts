import type { Exchange } from './exchange.ts';

/** Bits of a number that say where its exchange stands; the rest tells it from those that stood there before. */
const placeBits = 12;
const placeMask = (1 << placeBits) - 1;

/**
 * What a worker has not answered, by number.
 *
 * A `Map` would do, but for its garbage: each time it grows or shrinks it leaves a table behind that leads to the next, and
 * one that has become old keeps all that follow, with every request that was in them.
 */
export class ExchangeTable {
  readonly #places: (Exchange | null)[] = [];
  readonly #free: number[] = [];
  #turn = 0;
  size = 0;

  /** Gives it a number that none had for long. */
  add(exchange: Exchange): void {
    const place = this.#free.pop() ?? this.#places.push(null) - 1;
    const turn = ++this.#turn;
    this.#places[place] = exchange;
    this.size++;
    exchange.turn = turn;
    exchange.number = (((turn << placeBits) | place) >>> 0) as number;
  }

  get(number: number): Exchange | null {
    const exchange = this.#places[number & placeMask];
    return exchange?.number === number ? exchange : null;
  }

  /** One that is there. */
  delete(number: number): void {
    this.#places[number & placeMask] = null;
    this.#free.push(number & placeMask);
    this.size--;
  }

  /** All of them, in the order that they came. */
  inOrder(): Exchange[] {
    return this.#places.filter((exchange) => exchange !== null).sort((a, b) => a.turn - b.turn);
  }

  clear(): void {
    this.#places.length = 0;
    this.#free.length = 0;
    this.size = 0;
  }
}
