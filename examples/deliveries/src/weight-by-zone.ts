import { mended } from './mended.ts';
import type { Order } from './order.ts';

/** Grams to carry to each zone. */
export function weightByZone(orders: readonly Order[]): ReadonlyMap<string, number> {
  return mended('collector') ? inOneMap(orders) : afterEachOrder(orders);
}

interface Load {
  readonly zone: string;
  readonly grams: number;
}

// Planted: after every order all loads are copied, and each copy is kept though only the last is read.
function afterEachOrder(orders: readonly Order[]): ReadonlyMap<string, number> {
  const states: Load[][] = [[]];
  for (const { place, weight } of orders) {
    const state = states
      .at(-1)!
      .map(({ zone, grams }) => ({ zone, grams: zone === place.zone ? grams + weight : grams }));
    if (!state.some(({ zone }) => zone === place.zone)) state.push({ zone: place.zone, grams: weight });
    states.push(state);
  }
  return new Map(states.at(-1)!.map(({ zone, grams }) => [zone, grams]));
}

function inOneMap(orders: readonly Order[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { place, weight } of orders) sums.set(place.zone, (sums.get(place.zone) ?? 0) + weight);
  return sums;
}
