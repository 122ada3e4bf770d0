import { mended } from './mended.ts';
import type { Order } from './order.ts';

/** Grams to carry to each zone. */
export function weightByZone(orders: readonly Order[]): ReadonlyMap<string, number> {
  return mended('collector') ? inOneMap(orders) : inNewObjects(orders);
}

// Planted: a new object for every order, with all that the last one held.
function inNewObjects(orders: readonly Order[]): ReadonlyMap<string, number> {
  const sums = orders.reduce<Record<string, number>>(
    (sums, { place, weight }) => ({ ...sums, [place.zone]: (sums[place.zone] ?? 0) + weight }),
    {},
  );
  return new Map(Object.entries(sums));
}

function inOneMap(orders: readonly Order[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { place, weight } of orders) sums.set(place.zone, (sums.get(place.zone) ?? 0) + weight);
  return sums;
}
