import type { Command } from '../commands.ts';
import { keepProfile } from '../keep-profile.ts';
import { pluginOption, pluginsFor } from '../load-plugins.ts';
import { parseOptions } from '../options.ts';
import { checkReportOptions, checkReports, reportOptions } from '../report-options.ts';
import { recordingOptions, recordOptions, savingOptions } from '../recording-options.ts';
import { recordProcess } from '../record-target.ts';
import { UsageError } from '../usage-error.ts';

const recording = ['interval', 'for'];

/** `whetstone attach PID`: measures a program that runs already. */
export const attachCommand: Command = {
  usage: '[options] <pid>',
  summary: 'Measure a running program of Node or Python until Ctrl-C, or for a while. It lives on.',
  completes: 'none',
  options: [
    ...recordingOptions.filter(({ name }) => recording.includes(name)),
    ...reportOptions,
    ...savingOptions,
    pluginOption,
  ],
  async run(args) {
    const parsed = parseOptions(args, attachCommand.options, { stopAtFirst: false });
    checkReportOptions(parsed, { stdoutIsOurs: true });
    const [pid, ...more] = parsed.rest;
    if (pid === undefined || more.length > 0 || !/^[1-9]\d*$/.test(pid)) {
      throw new UsageError(
        `attach takes the number of one process${pid === undefined ? '' : `, and was given '${parsed.rest.join(' ')}'`}: whetstone attach 1234`,
      );
    }
    const plugins = await pluginsFor(parsed);
    await checkReports(parsed, plugins);
    const { profile } = await recordProcess(Number(pid), recordOptions(parsed), plugins);
    const kept = parsed.options.has('no-save') ? profile : await keepProfile(profile, `attached-${pid}`);
    const { printReport } = await import('../print-report.ts');
    await printReport(kept, parsed, process.stderr, plugins);
    return 0;
  },
};
