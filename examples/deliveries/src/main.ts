// Plans a day of deliveries round the world. It is right, and slow in seven ways: see the README.
import { cleanNote } from './clean-note.ts';
import { printLabels } from './label.ts';
import { makeOrders } from './order.ts';
import { readPlaces } from './place.ts';
import { shortestRound } from './shortest-round.ts';
import { uniqueOrders } from './unique-orders.ts';
import { windAt } from './weather.ts';
import { weightByZone } from './weight-by-zone.ts';

const places = readPlaces(new URL('../data/zone1970.tab', import.meta.url));
const orders = uniqueOrders(makeOrders(places, 12_000));
const weights = weightByZone(orders);
const notes = orders.map(({ note }) => cleanNote(note));
const labels = printLabels(orders);
const round = shortestRound(places);
const winds = await windAt(places.slice(0, 100));

console.log(`${orders.length} orders to ${weights.size} places`);
console.log(`${notes.reduce((sum, { length }) => sum + length, 0)} characters of notes, labels ${labels}`);
console.log(`a round of ${round.kilometres.toFixed(0)} km, wind up to ${Math.max(...winds)} km/h`);
