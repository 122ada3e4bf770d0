/** The candidate that differs least from a mistyped name, or `null` if none is near. */
export function closest(name: string, candidates: Iterable<string>): string | null {
  // One letter wrong in three is still the same word to a reader.
  let best = Math.max(1, Math.floor(name.length / 3)) + 1;
  let found: string | null = null;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= best) continue;
    const distance = candidate.replace(/\.[cm]?[jt]sx?$/, '') === name ? 0 : editDistance(name, candidate);
    if (distance < best) [best, found] = [distance, candidate];
  }
  return found;
}

/** Letters inserted, removed, replaced, or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const before = previous;
    previous = current;
    current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
  }
  return current[to.length] ?? 0;
}
