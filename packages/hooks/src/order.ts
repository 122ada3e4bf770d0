import { HookError } from './hook-error.ts';

/** What decides the place of an implementation among the others of its hook. */
export interface Placed {
  readonly plugin: string;
  readonly tryFirst: boolean;
  readonly tryLast: boolean;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * The order in which implementations are called, from the order in which they were registered.
 *
 * As in Pluggy: the last registered is called first; `tryFirst` comes before, `tryLast` after those that
 * say nothing. `before` and `after` move an implementation no further than they must.
 *
 * @throws {@link HookError} `ORDER_CYCLE` with the cycle
 */
export function callOrder<T extends Placed>(registered: readonly T[], hook: string): T[] {
  const rank = (item: T) => (item.tryFirst ? 0 : item.tryLast ? 2 : 1);
  // Of those that want to be last, the last registered wins: it is called last.
  const wanted = registered
    .map((item, index) => ({ item, rank: rank(item), index }))
    .toSorted((a, b) => a.rank - b.rank || (a.rank === 2 ? a.index - b.index : b.index - a.index))
    .map(({ item }) => item);
  if (!wanted.some(({ before, after }) => before.length > 0 || after.length > 0)) return wanted;
  return constrained(wanted, hook);
}

/** Takes, again and again, the earliest whose predecessors have all been taken. */
function constrained<T extends Placed>(wanted: readonly T[], hook: string): T[] {
  const comesAfter = wanted.map(
    (item) => new Set(wanted.filter((other) => other !== item && precedes(other, item))),
  );
  const left = new Set(wanted);
  const order: T[] = [];
  while (left.size > 0) {
    const next = wanted.find(
      (item, i) => left.has(item) && ![...comesAfter[i]!].some((other) => left.has(other)),
    );
    if (!next) throw cycleError(wanted, comesAfter, left, hook);
    left.delete(next);
    order.push(next);
  }
  return order;
}

function precedes(first: Placed, second: Placed): boolean {
  return first.before.includes(second.plugin) || second.after.includes(first.plugin);
}

function cycleError<T extends Placed>(
  wanted: readonly T[],
  comesAfter: readonly ReadonlySet<T>[],
  left: ReadonlySet<T>,
  hook: string,
): HookError {
  // Everything left waits for something left, so walking back must come round.
  const path: T[] = [];
  let item = [...left][0]!;
  while (!path.includes(item)) {
    path.push(item);
    item = [...comesAfter[wanted.indexOf(item)]!].find((other) => left.has(other))!;
  }
  const names = [...path.slice(path.indexOf(item)), item].map(({ plugin }) => plugin).toReversed();
  return new HookError(
    'ORDER_CYCLE',
    `Plugins want to be called before each other in hook '${hook}': ${names.join(' → ')}. Remove one 'before' or 'after'.`,
    { plugin: names[0]!, hook },
  );
}
