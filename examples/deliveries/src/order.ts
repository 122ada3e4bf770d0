import { carriers, type Carrier } from './carrier.ts';
import type { Place } from './place.ts';

export interface Order {
  readonly id: string;
  readonly place: Place;
  /** Grams. */
  readonly weight: number;
  readonly carrier: Carrier;
  readonly note: string;
}

/** Orders for these places, the same ones at every run; about every tenth comes twice. */
export function makeOrders(places: readonly Place[], count: number): Order[] {
  const orders: Order[] = [];
  let seed = 20_261_121;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let i = 0; i < count; i++) {
    const again = i > 100 && next(10) === 0 ? orders[next(i)] : undefined;
    orders.push(
      again ?? {
        id: `order-${next(1 << 24).toString(36)}-${i}`,
        place: places[next(places.length)]!,
        weight: 50 + next(20_000),
        carrier: carriers[next(carriers.length)]!,
        // A form that pads its fields: most of a note is blanks, and some end in a signature.
        note: `leave at the door${' '.repeat(next(40) === 0 ? 2400 : 12)}${next(2) ? '.' : ''}`,
      },
    );
  }
  return orders;
}
