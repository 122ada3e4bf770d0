import { resolveTarget } from '@whetstone/record';
import type { Command } from '../commands.ts';
import { keepProfile } from '../keep-profile.ts';
import { pluginOption, pluginsFor } from '../load-plugins.ts';
import { parseOptions } from '../options.ts';
import { endAs } from '../program-exit.ts';
import { recordingOptions, recordOptions, savingOptions } from '../recording-options.ts';
import { checkReportOptions, checkReports, reportOptions } from '../report-options.ts';
import { recordTarget } from '../record-target.ts';
import { UsageError } from '../usage-error.ts';

/** `whetstone run app.ts`: measures a program, prints where its time went, ends as it ended. */
export const runCommand: Command = {
  usage: '[options] <program> [args…]',
  summary: 'Measure a program and print where its time went.',
  completes: 'command',
  options: [...recordingOptions, ...reportOptions, ...savingOptions, pluginOption],
  async run(args) {
    const parsed = parseOptions(args, runCommand.options, { stopAtFirst: true });
    if (parsed.rest.length === 0) throw new UsageError('run needs a program: whetstone run app.ts');
    checkReportOptions(parsed, { stdoutIsOurs: false });
    const options = recordOptions(parsed);
    const target = resolveTarget(parsed.rest, options);
    const plugins = await pluginsFor(parsed);
    await checkReports(parsed, plugins);
    const { profile, exit } = await recordTarget(target, options, plugins);
    const kept = parsed.options.has('no-save')
      ? profile
      : await keepProfile(profile, target.entry ?? target.given[0]!);
    const { printReport } = await import('../print-report.ts');
    await printReport(kept, parsed, process.stderr, plugins);
    return await endAs(exit);
  },
};
