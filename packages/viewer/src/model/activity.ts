import { categories, type Profile } from '@whetstone/profile';
import { computingStates, states } from './states.ts';

/** What a thread did over time: for each of `bins` equal stretches the time by category. */
export interface Activity {
  readonly from: number;
  readonly to: number;
  readonly bins: number;
  /** `time[bin * categories + category]`, microseconds. */
  readonly time: Float64Array;
}

/**
 * Adds up the samples of a thread, or of all (-1), by time.
 *
 * @param byState what computes is counted under the category whose colour stands for its state
 */
export function activity(profile: Profile, thread: number, bins: number, byState = false): Activity {
  const to = endOf(profile, thread);
  const time = new Float64Array(bins * categories.length);
  const { nodes, functions } = profile;
  const scale = bins / Math.max(to, 1);
  const categoryOf = categoryOfStates(profile.strings, byState);
  profile.samples.forEach((samples, t) => {
    if (thread >= 0 && t !== thread) return;
    for (let i = 0; i < samples.node.length; i++) {
      const node = samples.node[i]!;
      if (node < 0) continue;
      const category = categoryOf.get(samples.state[i]!) ?? functions.category[nodes.function[node]!]!;
      if (category < 0) continue;
      const start = samples.time[i]! * scale;
      const end = start + samples.duration[i]! * scale;
      const last = Math.min(bins - 1, Math.floor(end));
      for (let bin = Math.max(0, Math.floor(start)); bin <= last; bin++) {
        const part = Math.min(end, bin + 1) - Math.max(start, bin);
        if (part > 0) time[bin * categories.length + category]! += part / scale;
      }
    }
  });
  return { from: 0, to, bins, time };
}

/** Of each state in which a thread computes, the category whose colour stands for it. */
const colourOfComputing = Object.fromEntries(
  computingStates.map(({ state, category }) => [states[state], categories.indexOf(category)]),
);

/** As what samples in some states are shown, by the state's row in the strings: -1 is nothing, the core was another's. */
function categoryOfStates(strings: readonly string[], all: boolean): ReadonlyMap<number, number> {
  const shown: Readonly<Record<string, number>> = {
    queued: -1,
    lock: categories.indexOf('waiting'),
    waiting: categories.indexOf('waiting'),
    collector: categories.indexOf('collector'),
    ...(all && colourOfComputing),
  };
  return new Map(
    strings.flatMap((word, row) => (Object.hasOwn(shown, word) ? [[row, shown[word]!] as const] : [])),
  );
}

/** The moment of the last sample's end. */
function endOf(profile: Profile, thread: number): number {
  let end = 0;
  profile.samples.forEach((samples, t) => {
    if (thread >= 0 && t !== thread) return;
    const last = samples.time.length - 1;
    if (last >= 0) end = Math.max(end, samples.time[last]! + samples.duration[last]!);
  });
  return end;
}
