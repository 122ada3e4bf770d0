import type { Profile } from '@whetstone/profile';
import type { ThreadRow } from './report.ts';

/** One row per process and thread, in the order of the profile: the program's main thread first. */
export function threadRows(profile: Profile): ThreadRow[] {
  return profile.threads.map((thread, t) => {
    const states: Record<string, number> = {};
    const samples = profile.samples[t];
    for (let i = 0; i < (samples?.node.length ?? 0); i++) {
      const state = profile.strings[samples!.state[i]!] ?? '';
      if (state !== '') states[state] = (states[state] ?? 0) + samples!.duration[i]!;
    }
    const { process, name, cpu, queued, asleep } = thread;
    return { process, thread: thread.thread, name, cpu, queued, asleep, states };
  });
}
