import { runReport, type RunReport } from '@whetstone/analyze';
import type { Profile } from '@whetstone/profile';
import type { Plugins } from './built-in-plugins.ts';

/** The report of a profile, with what every plugin finds in it. */
export async function reportOf(profile: Profile, plugins: Plugins): Promise<RunReport> {
  const report = runReport(profile);
  const findings = await plugins.hook.findings({ profile, report });
  return { ...report, findings: findings.flat() };
}
