import type { Carrier } from './carrier.ts';
import { mended } from './mended.ts';
import type { Order } from './order.ts';
import { price } from './tariff.ts';

type Width = (order: Order) => number;

/** A checksum over what is printed on the parcels: a hundred and twenty margins are tried, one carrier after the other. */
export function printLabels(orders: readonly Order[]): number {
  const stacks = orders.toSorted((a, b) => (a.carrier < b.carrier ? -1 : a.carrier > b.carrier ? 1 : 0));
  const table = mended('deoptimised');
  let checksum = 0;
  for (let margin = 0; margin < 120; margin++) {
    const width: Width = table
      ? (order) => widthOfText(texts[order.carrier](order), margin)
      : widthWith(margin);
    for (const order of stacks) checksum = (checksum * 31 + width(order)) % 1_000_003;
  }
  for (const { place, weight } of stacks)
    checksum = (checksum * 31 + price(place.country, weight)) % 1_000_003;
  return checksum;
}

// Planted: a new function for every margin, which the engine has to learn to know from nothing. It optimises it
// for the carriers seen so far; the next one reaches a branch that never ran, and the optimised code is thrown away.
function widthWith(margin: number): Width {
  return function widthOfLabel(order) {
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
  };
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

function widthOfText(text: string, margin: number): number {
  let width = margin;
  for (let i = 0; i < text.length; i++) width += text.charCodeAt(i) > 96 ? 7 : 5;
  return width;
}
