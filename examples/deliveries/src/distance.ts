import { mended } from './mended.ts';
import type { Place } from './place.ts';

const earthRadius = 6371;

const radians = (degrees: number) => (degrees * Math.PI) / 180;

const squared = (x: number) => x * x;

/** Kilometres along the surface, by the haversine formula. */
export function distance(from: Place, to: Place): number {
  const half = (a: number, b: number) => squared(Math.sin(radians(b - a) / 2));
  const h =
    half(from.latitude, to.latitude) +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * half(from.longitude, to.longitude);
  return 2 * earthRadius * Math.asin(Math.sqrt(h));
}

/** The distances between all places, looked up instead of computed again. */
export function distanceTable(places: readonly Place[]): (from: number, to: number) => number {
  // Planted: the table is there to be filled once, and nobody does.
  if (!mended('calls')) return (from, to) => distance(places[from]!, places[to]!);
  const size = places.length;
  const table = Float64Array.from({ length: size * size }, (_, i) =>
    distance(places[Math.floor(i / size)]!, places[i % size]!),
  );
  return (from, to) => table[from * size + to]!;
}
