import type { Command } from '../commands.ts';
import { pluginOption } from '../load-plugins.ts';
import { measuredProgram } from '../measured-program.ts';
import { parseOptions } from '../options.ts';
import { endAs } from '../program-exit.ts';
import { recordingOptions, savingOptions } from '../recording-options.ts';
import { reportOptions } from '../report-options.ts';
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
    const { profile, exit, plugins } = await measuredProgram(parsed);
    const { printReport } = await import('../print-report.ts');
    await printReport(profile, parsed, process.stderr, plugins);
    return await endAs(exit);
  },
};
