import { mended } from './mended.ts';
import type { Order } from './order.ts';

/** Every order once, in the order of arrival. */
export function uniqueOrders(orders: readonly Order[]): Order[] {
  return mended('hot-line') ? uniqueBySet(orders) : uniqueByList(orders);
}

// Planted: every order looks through all that were seen before it.
function uniqueByList(orders: readonly Order[]): Order[] {
  const seen: string[] = [];
  const unique: Order[] = [];
  for (const order of orders) {
    if (seen.includes(order.id)) continue;
    seen.push(order.id);
    unique.push(order);
  }
  return unique;
}

function uniqueBySet(orders: readonly Order[]): Order[] {
  const seen = new Set<string>();
  return orders.filter(({ id }) => !seen.has(id) && seen.add(id));
}
