import type { Profile } from '@whetstone/profile';
import { hotFunctions } from './hot-functions.ts';
import { hotLines } from './hot-lines.ts';
import { markedFunctions, regionRows } from './marks.ts';
import type { About, Finding, RunReport, Warning } from './report.ts';
import { selectionOf, type Selection } from './selection.ts';
import { threadRows } from './thread-rows.ts';
import { collectionRows, timeSplit } from './time-split.ts';
import { waitRows } from './wait-rows.ts';

/** Everything that one run says, as `--json` writes it and the terminal and the page show it. */
export function runReport(profile: Profile, findings: readonly Finding[] = []): RunReport {
  const selection = selectionOf(profile);
  const time = timeSplit(profile);
  return {
    format: 1,
    about: about(profile, selection),
    time,
    functions: hotFunctions(profile, selection),
    lines: hotLines(profile, selection),
    waits: waitRows(profile),
    threads: threadRows(profile),
    regions: regionRows(profile),
    marked: markedFunctions(profile, selection),
    collections: collectionRows(profile),
    findings,
    warnings: profile.about.warnings.map(({ code, message }): Warning => ({ code, message })),
  };
}

function about(profile: Profile, selection: Selection): About {
  const { command, runtime, machine, started, revision, exit, influence, saved } = profile.about;
  const { system, processor, cores, memory } = machine;
  const { value, low, high, kind, longestPause, pauses } = influence;
  let taken = 0;
  let rejected = 0;
  for (const { samples } of profile.threads) {
    taken += samples.taken;
    rejected += samples.rejected;
  }
  return {
    command,
    runtime,
    machine: { system, processor, cores, memory },
    started,
    revision,
    exit,
    samples: { taken, rejected, interval: profile.about.interval },
    influence: { value, low, high, kind, longestPause, pauses },
    wall: profile.about.wall,
    cpu: profile.about.cpu,
    sampled: selection.busy,
    peakMemory: profile.about.peakMemory,
    swaps: profile.about.swaps,
    modes: profile.about.modes,
    profile: saved,
  };
}
