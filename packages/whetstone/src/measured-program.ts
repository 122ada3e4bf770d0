import { resolveTarget, type Recording, type Target } from '@whetstone/record';
import { keepProfile } from './keep-profile.ts';
import { pluginsFor } from './load-plugins.ts';
import type { Parsed } from './options.ts';
import { recordOptions } from './recording-options.ts';
import { recordTarget } from './record-target.ts';
import { checkReportOptions, checkReports } from './report-options.ts';
import { UsageError } from './usage-error.ts';

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
  if (options.memory && target.kind === 'node') throw wrongRuntime('memory', 'Python', target, 'Node');
  if (options.deopts && target.kind === 'python') throw wrongRuntime('deopts', 'Node', target, 'Python');
  const plugins = await pluginsFor(parsed);
  await checkReports(parsed, plugins);
  const { profile, exit } = await recordTarget(target, options, plugins);
  if (parsed.options.has('no-save')) return { profile, exit, plugins };
  return { profile: await keepProfile(profile, programName(target)), exit, plugins };
}

/** What a saved profile is called by: the program's file, the module behind `-m`, or what was typed. */
function programName({ entry, given }: Target): string {
  if (entry !== null) return entry;
  const [first = '', module = ''] = given;
  return first === '-m' ? module : first === '-c' ? 'python' : first;
}

function wrongRuntime(option: string, wanted: string, { given }: Target, runtime: string): UsageError {
  const program = given.find((word) => !word.startsWith('-')) ?? given[0];
  return new UsageError(`--${option} is for programs of ${wanted}, and ${program} is one of ${runtime}.`);
}
