// Plans a day of deliveries round the world. It is right, and slow in seven ways: see the README.
import { setImmediate } from 'node:timers/promises';
import { cleanNote } from './clean-note.ts';
import { printLabels } from './label.ts';
import { makeOrders } from './order.ts';
import { readPlaces } from './place.ts';
import { shortestRound } from './shortest-round.ts';
import { uniqueOrders } from './unique-orders.ts';
import { windAt } from './weather.ts';
import { weightByZone } from './weight-by-zone.ts';

const places = readPlaces(new URL('../data/zone1970.tab', import.meta.url));
const orders = await step(() => uniqueOrders(makeOrders(places, 12_000)));
const weights = await step(() => weightByZone(orders));
const notes = await step(() => orders.map(({ note }) => cleanNote(note)));
const labels = await step(() => printLabels(orders));
const round = await step(() => shortestRound(places));
const winds = await windAt(places.slice(0, 100));

console.log(`${orders.length} orders to ${weights.size} places`);
console.log(`${notes.reduce((sum, { length }) => sum + length, 0)} characters of notes, labels ${labels}`);
console.log(`a round of ${round.kilometres.toFixed(0)} km, wind up to ${Math.max(...winds)} km/h`);

/** Between two steps the event loop turns, so that whoever waits for this process is answered. */
async function step<T>(work: () => T): Promise<T> {
  await setImmediate();
  return work();
}
