import { isWaiting } from '../model/scope.ts';
import type { Session } from './session.ts';

/** The functions that computed in the view and fit the search, by their self time, most first; so many at most. */
export function functionsBySelf({ view, names, found }: Session, most: number): number[] {
  const { self } = view.figures;
  return Array.from(self, (_, fn) => fn)
    .filter(
      (fn) =>
        self[fn]! > 0 && !isWaiting(names.category(fn)) && (found === null || found.functions[fn] === 1),
    )
    .toSorted((a, b) => self[b]! - self[a]!)
    .slice(0, most);
}
