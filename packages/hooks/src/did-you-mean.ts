/**
 * ` Did you mean X?` for the candidate that is nearest, or nothing where none is near: as `checkPending`
 * words its guess, for a program's own messages about names.
 */
export function didYouMean(given: string, candidates: readonly string[]): string {
  let best = '';
  // A third of the letters may be wrong: more, and the guess would be noise.
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(given.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best && ` Did you mean ${best}?`;
}

/** Levenshtein's, with a swap of neighbours as one step; gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        last[j]! + 1,
        row[j - 1]! + 1,
        last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? before[j - 2]! + 1 : limit,
      );
    }
    before = last;
    last = row;
  }
  return Math.min(last[b.length]!, limit);
}
