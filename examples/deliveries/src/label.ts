import type { Carrier } from './carrier.ts';
import { mended } from './mended.ts';
import type { Order } from './order.ts';
import { price } from './tariff.ts';

/** A checksum over what is printed on the parcels: each label with many margins, one carrier after the other. */
export function printLabels(orders: readonly Order[]): number {
  const stacks = orders.toSorted((a, b) => (a.carrier < b.carrier ? -1 : a.carrier > b.carrier ? 1 : 0));
  const width = mended('deoptimised') ? widthByTable : widthBySwitch;
  let checksum = 0;
  for (const order of stacks) {
    const cents = price(order.place.country, order.weight);
    for (let margin = 0; margin < 80; margin++) {
      checksum = (checksum * 31 + width(order, margin) + cents) % 1_000_003;
    }
  }
  return checksum;
}

// Planted: it is optimised for the carriers seen so far. The next one reaches a branch that never ran, and the
// optimised code of the whole function is thrown away.
function widthBySwitch(order: Order, margin: number): number {
  let text: string;
  switch (order.carrier) {
    case 'air':
      text = order.id;
      break;
    case 'barge':
      text = order.note.slice(0, 17);
      break;
    case 'bike':
      text = order.id.slice(6);
      break;
    case 'bus':
      text = order.place.zone;
      break;
    case 'cart':
      text = order.id.replace('-', ' ');
      break;
    case 'drone':
      text = String(Math.floor(order.place.latitude));
      break;
    case 'ferry':
      text = order.place.country.toLowerCase();
      break;
    case 'rail':
      text = String(Math.trunc(order.place.longitude));
      break;
    case 'road':
      text = order.place.zone.slice(order.place.zone.indexOf('/'));
      break;
    case 'ship':
      text = `${Math.ceil(order.weight / 1000)} kg`;
      break;
    case 'tram':
      text = order.id + order.place.country;
      break;
    case 'walk':
      text = `${order.weight} g`;
      break;
  }
  let width = margin;
  for (let i = 0; i < text.length; i++) width += text.charCodeAt(i) > 96 ? 7 : 5;
  return width;
}

const texts: Readonly<Record<Carrier, (order: Order) => string>> = {
  air: ({ id }) => id,
  barge: ({ note }) => note.slice(0, 17),
  bike: ({ id }) => id.slice(6),
  bus: ({ place }) => place.zone,
  cart: ({ id }) => id.replace('-', ' '),
  drone: ({ place }) => String(Math.floor(place.latitude)),
  ferry: ({ place }) => place.country.toLowerCase(),
  rail: ({ place }) => String(Math.trunc(place.longitude)),
  road: ({ place }) => place.zone.slice(place.zone.indexOf('/')),
  ship: ({ weight }) => `${Math.ceil(weight / 1000)} kg`,
  tram: ({ id, place }) => id + place.country,
  walk: ({ weight }) => `${weight} g`,
};

function widthByTable(order: Order, margin: number): number {
  const text = texts[order.carrier](order);
  let width = margin;
  for (let i = 0; i < text.length; i++) width += text.charCodeAt(i) > 96 ? 7 : 5;
  return width;
}
