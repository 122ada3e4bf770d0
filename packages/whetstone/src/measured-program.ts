import { resolveTarget, type Recording } from '@whetstone/record';
import { keepProfile } from './keep-profile.ts';
import { pluginsFor } from './load-plugins.ts';
import type { Parsed } from './options.ts';
import { recordOptions } from './recording-options.ts';
import { recordTarget } from './record-target.ts';
import { checkReportOptions, checkReports } from './report-options.ts';

/** A recording, kept unless the command line says otherwise, and the plugins that it was made with. */
interface MeasuredProgram extends Recording {
  readonly plugins: Awaited<ReturnType<typeof pluginsFor>>;
}

/**
 * Measures the program of a command line: what `run` and `explain` do before they print.
 *
 * Everything is checked before the program starts, which may run for hours.
 */
export async function measuredProgram(parsed: Parsed): Promise<MeasuredProgram> {
  checkReportOptions(parsed, { stdoutIsOurs: false });
  const options = recordOptions(parsed);
  const target = resolveTarget(parsed.rest, options);
  const plugins = await pluginsFor(parsed);
  await checkReports(parsed, plugins);
  const { profile, exit } = await recordTarget(target, options, plugins);
  if (parsed.options.has('no-save')) return { profile, exit, plugins };
  return { profile: await keepProfile(profile, target.entry ?? target.given[0]!), exit, plugins };
}
