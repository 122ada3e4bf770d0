/**
 * Runs candidates in turn, round by round (A B C, B C A, …), so that what slows the machine for a while slows
 * all of them. Returns what each gave, by name, in the order of rounds.
 */
export async function interleave(candidates, rounds) {
  const names = Object.keys(candidates);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      results[name].push(await candidates[name]());
    }
  }
  return results;
}
