import type { Profile } from '@whetstone/profile';
import type { States, ThreadRow } from './report.ts';

/** One row per process and thread, in the order of the profile: the program's main thread first. */
export function threadRows(profile: Profile): ThreadRow[] {
  return profile.threads.map(({ process, thread, name, cpu, queued, asleep }, t) => ({
    process,
    thread,
    name,
    cpu,
    queued,
    asleep,
    states: statesOfThread(profile, t),
  }));
}

/** What a thread's moments were spent on, by samples. */
export function statesOfThread({ samples, strings }: Profile, thread: number): States {
  const states: Record<string, number> = {};
  const table = samples[thread];
  for (let i = 0; i < (table?.node.length ?? 0); i++) {
    const state = strings[table!.state[i]!] ?? '';
    if (state !== '') states[state] = (states[state] ?? 0) + table!.duration[i]!;
  }
  return states;
}
