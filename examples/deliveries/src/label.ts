import { mended } from './mended.ts';
import type { Order } from './order.ts';
import { price } from './tariff.ts';

interface Label {
  id: string;
  zone: string;
  cents: number;
  draft?: boolean;
}

/** A checksum over what is printed on the parcels. */
export function printLabels(orders: readonly Order[]): number {
  let checksum = 0;
  for (let copy = 0; copy < 12; copy++) {
    for (const order of orders) checksum = (checksum * 31 + width(makeLabel(order))) % 1_000_003;
  }
  return checksum;
}

function makeLabel({ id, place, weight }: Order): Label {
  const cents = price(place.country, weight);
  if (mended('deoptimised')) return { id, zone: place.zone, cents };
  const label: Label = { id, zone: place.zone, cents, draft: true };
  // Planted: an object that loses a property becomes a dictionary, here and wherever it goes.
  delete label.draft;
  return label;
}

function width(label: Label): number {
  return label.id.length + label.zone.length + label.cents;
}
