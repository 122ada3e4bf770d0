/** Asks every so many milliseconds until the answer is not `null`; `null` if time runs out. */
export async function waitFor<T>(
  attempt: () => T | null | Promise<T | null>,
  { every, within }: { readonly every: number; readonly within: number },
): Promise<T | null> {
  for (const end = performance.now() + within; ;) {
    const answer = await attempt();
    if (answer !== null || performance.now() >= end) return answer;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
