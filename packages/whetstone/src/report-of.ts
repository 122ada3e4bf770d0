import { explain, runReport, type RunReport } from '@whetstone/analyze';
import type { Profile } from '@whetstone/profile';
import { fillFindings } from './findings.ts';

/** The report of a profile with the findings' texts. */
export function reportOf(profile: Profile): RunReport {
  const report = runReport(profile);
  return { ...report, findings: fillFindings(explain(profile, report)) };
}
