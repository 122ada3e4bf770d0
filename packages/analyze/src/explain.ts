import type { Profile } from '@whetstone/profile';
import type { Evidence } from './evidence.ts';
import {
  busyMachine,
  startUp,
  swapping,
  moduleLoading,
  oneCoreOnly,
  collector,
} from './findings/whole-run.ts';
import {
  calledTooOften,
  deoptimised,
  evenlySpread,
  hotBuiltin,
  hotFunction,
  hotLine,
} from './findings/computing.ts';
import {
  cCodeDominates,
  genericInstructions,
  importTime,
  interpreterDominates,
  interpreterWork,
  waitingForGil,
} from './findings/python.ts';
import { loopBlocked, sequentialAwaits, waitingDominates, waitingUnexplained } from './findings/waiting.ts';
import { runReport } from './run-report.ts';
import type { RunReport } from './report.ts';

/** What a finding looks at. */
export interface Facts {
  readonly profile: Profile;
  readonly report: RunReport;
}

/**
 * The causes that a profile shows, the largest gain first: ids and figures, no words.
 *
 * What makes the figures themselves doubtful (swapping, a busy machine) comes before everything else.
 * `report` is the profile's own, for who has it already. Advice that measurement has refuted (caching `.length`, `join` for `+=`, …) is not among them.
 */
export function explain(profile: Profile, report: RunReport = runReport(profile)): Evidence[] {
  const facts: Facts = { profile, report };
  const doubts = [swapping, busyMachine].flatMap((find) => find(facts));
  const causes = [
    waitingDominates,
    waitingUnexplained,
    waitingForGil,
    sequentialAwaits,
    loopBlocked,
    collector,
    startUp,
    moduleLoading,
    importTime,
    hotLine,
    hotFunction,
    hotBuiltin,
    calledTooOften,
    deoptimised,
    interpreterWork,
    genericInstructions,
    cCodeDominates,
    interpreterDominates,
    oneCoreOnly,
    evenlySpread,
  ].flatMap((find) => find(facts));
  // A stable sort: findings with the same gain stay in the order above, from cause to detail.
  const byGain = causes.toSorted((a, b) => (b.gainAtMost ?? 0) - (a.gainAtMost ?? 0));
  return [...doubts, ...byGain];
}
