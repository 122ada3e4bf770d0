import type { Microseconds, Profile } from '@whetstone/profile';
import { isResting, joinedStretches } from './selection.ts';

/** Kinds of waits that may be for the program's own threads and children: `Thread.join`, `Future.result`, a pool's pipe. */
const joiningKinds: ReadonlySet<string> = new Set(['lock', 'child', 'pipe', 'poll']);

/** Whether a wait of this kind may be for another thread or process of the program. */
export function mayJoin(kind: string, call: string): boolean {
  return joiningKinds.has(kind) && call !== 'GIL';
}

/**
 * How long the main thread waited for a lock, a pipe or a child while other threads or processes of the
 * program worked or queued for a core, by samples; `null` where states are not known.
 *
 * Whose work ends the wait cannot be told from outside: it may be another one's.
 */
export function joinedTime(profile: Profile): Microseconds | null {
  const { samples, strings, waits, nodes } = profile;
  const [main, ...others] = samples;
  if (main === undefined || !main.state.some((state) => strings[state] === 'waiting')) return null;
  const work: { start: number; end: number }[] = [];
  for (const { state, time, duration } of others) {
    for (let i = 0; i < time.length; i++) {
      const word = strings[state[i]!] ?? '';
      if (word !== '' && word !== 'waiting') work.push({ start: time[i]!, end: time[i]! + duration[i]! });
    }
  }
  if (work.length === 0) return 0;
  const shares = joiningShares(profile);
  const stretches = joinedStretches(work);
  let first = 0;
  let joined = 0;
  for (let i = 0; i < main.time.length; i++) {
    const start = main.time[i]!;
    const end = start + main.duration[i]!;
    while (first < stretches.length && stretches[first]!.end <= start) first++;
    if (strings[main.state[i]!] !== 'waiting') continue;
    let node = main.node[i]!;
    while (node >= 0 && !shares.has(node)) node = nodes.parent[node]!;
    const share = shares.get(node) ?? 0;
    if (share === 0) continue;
    for (let s = first; s < stretches.length && stretches[s]!.start < end; s++)
      joined += share * (Math.min(end, stretches[s]!.end) - Math.max(start, stretches[s]!.start));
  }
  const charged = waits.charged.reduce(
    (sum, each, i) =>
      waits.thread[i] === 0 && mayJoin(strings[waits.kind[i]!] ?? '', strings[waits.call[i]!] ?? '')
        ? sum + each
        : sum,
    0,
  );
  return Math.min(joined, charged);
}

/** Of the main thread's waits by call path, the part that may be for the program's own. */
function joiningShares(profile: Profile): Map<number, number> {
  const { waits, strings, nodes } = profile;
  const sums = new Map<number, { joining: number; all: number }>();
  for (let i = 0; i < waits.kind.length; i++) {
    const [kind = '', call = ''] = [strings[waits.kind[i]!], strings[waits.call[i]!]];
    if (waits.thread[i] !== 0 || call === 'GIL') continue;
    let node = waits.node[i]!;
    // A wait that nothing asked for stands for itself.
    if (node >= 0 && isResting(profile, nodes.function[node]!)) node = nodes.parent[node]!;
    const sum = sums.get(node) ?? { joining: 0, all: 0 };
    sums.set(node, sum);
    sum.all += waits.duration[i]!;
    if (mayJoin(kind, call)) sum.joining += waits.duration[i]!;
  }
  return new Map([...sums].map(([node, { joining, all }]) => [node, all > 0 ? joining / all : 0]));
}
