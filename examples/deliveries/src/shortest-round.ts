import { distanceTable } from './distance.ts';
import type { Place } from './place.ts';

type Between = (from: number, to: number) => number;

interface Round {
  readonly order: readonly number[];
  readonly kilometres: number;
}

/** The shortest of eight rounds through all places, each begun somewhere else. */
export function shortestRound(places: readonly Place[]): Round {
  const between = distanceTable(places);
  const rounds = Array.from({ length: 8 }, (_, i) =>
    roundFrom(Math.floor((i * places.length) / 8), places.length, between),
  );
  return rounds.reduce((best, round) => (round.kilometres < best.kilometres ? round : best));
}

/** The nearest next, then crossings undone (2-opt) while that shortens the round. */
function roundFrom(start: number, size: number, between: Between): Round {
  const order = nearestNext(start, size, between);
  for (let turns = 0; turns < 12 && undoCrossings(order, between); turns++);
  const kilometres = order.reduce((sum, place, i) => sum + between(place, order[(i + 1) % order.length]!), 0);
  return { order, kilometres };
}

function nearestNext(start: number, size: number, between: Between): number[] {
  const left = new Set(Array.from({ length: size }, (_, i) => i));
  const order: number[] = [];
  for (let here = start; left.size > 0;) {
    left.delete(here);
    order.push(here);
    let best = -1;
    for (const there of left) if (best < 0 || between(here, there) < between(here, best)) best = there;
    if (best >= 0) here = best;
  }
  return order;
}

function undoCrossings(order: number[], between: Between): boolean {
  let improved = false;
  const at = (i: number) => order[i % order.length]!;
  for (let i = 0; i < order.length - 1; i++) {
    for (let j = i + 2; j < order.length; j++) {
      const now = between(at(i), at(i + 1)) + between(at(j), at(j + 1));
      const then = between(at(i), at(j)) + between(at(i + 1), at(j + 1));
      if (then >= now - 1e-9) continue;
      const turned = order.slice(i + 1, j + 1).toReversed();
      order.splice(i + 1, turned.length, ...turned);
      improved = true;
    }
  }
  return improved;
}
