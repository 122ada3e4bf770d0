/**
 * Runs candidates in turn, round by round (A B C, B C A, …), so that what slows the machine for a while slows
 * all of them. Returns what each gave, by name, in the order of rounds. While `undecided` holds for that, it goes on,
 * up to three times the rounds.
 */
export async function interleave(candidates, rounds, undecided = () => false) {
  const names = Object.keys(candidates);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds || (round < 3 * rounds && undecided(results)); round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      results[name].push(await candidates[name]());
    }
  }
  return results;
}
