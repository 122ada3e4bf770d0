import { existsSync } from 'node:fs';
import type { Command } from '../commands.ts';
import { FileError } from '../known-error.ts';
import { keptProfile, keptProfileMeant, lastProfileFile, loadProfile, profileFile } from '../load-profile.ts';
import { pluginOption, pluginsFor } from '../load-plugins.ts';
import { measuredProgram } from '../measured-program.ts';
import { parseOptions } from '../options.ts';
import { checkReportOptions, checkReports, reportOptions } from '../report-options.ts';
import { endAs } from '../program-exit.ts';
import { recordingOptions, savingOptions } from '../recording-options.ts';
import { UsageError } from '../usage-error.ts';

/** `whetstone explain`: why a program is slow, and what to try. */
export const explainCommand: Command = {
  usage: '[options] [profile | program [args…]]',
  summary: 'Why it is slow: causes with their evidence, and what to try. Without a name: the last run.',
  completes: 'command',
  options: [
    ...recordingOptions,
    ...reportOptions.filter(({ name }) => ['json', 'html', 'report'].includes(name)),
    ...savingOptions,
    { name: 'myths', help: 'Name rules for fast code that gain nothing on this version, as measured.' },
    pluginOption,
  ],
  async run(args) {
    const asProgram = parseOptions(args, explainCommand.options, { stopAtFirst: true });
    const given = asProgram.rest[0];
    if (given === undefined || isProfile(given)) {
      // What follows a program is its own, what follows a profile is ours.
      const parsed = parseOptions(args, explainCommand.options, { stopAtFirst: false });
      const useless = recordingOptions.find(({ name }) => parsed.options.has(name));
      if (useless)
        throw new UsageError(
          `--${useless.name} measures a program, and ${given ?? 'the last profile'} is measured already.`,
        );
      if (parsed.rest.length > 1)
        throw new UsageError(`explain takes one profile, and was given '${parsed.rest.join(' ')}'.`);
      checkReportOptions(parsed, { stdoutIsOurs: true });
      const plugins = await pluginsFor(parsed);
      await checkReports(parsed, plugins);
      const profile = await loadProfile(
        given === undefined ? lastProfileFile() : profileFile(given),
        plugins,
      );
      const { printExplanation } = await import('../print-report.ts');
      await printExplanation(profile, parsed, process.stdout, plugins);
      return 0;
    }
    const { profile, exit, plugins } = await measuredProgram(asProgram).catch((error: unknown) => {
      throw orProfileMeant(error, given);
    });
    const { printExplanation } = await import('../print-report.ts');
    await printExplanation(profile, asProgram, process.stderr, plugins);
    return await endAs(exit);
  },
};

/** A name that is no program may be that of a kept profile, mistyped. */
function orProfileMeant(error: unknown, given: string): unknown {
  const meant = (error as { code?: unknown }).code === 'TARGET_NOT_FOUND' ? keptProfileMeant(given) : '';
  return meant === ''
    ? error
    : new FileError('FILE_UNREADABLE', `no program and no kept profile is called '${given}'.${meant}`, {
        cause: error,
      });
}

/** By its name: a program called `app.whet` does not exist, a damaged profile does. */
function isProfile(name: string): boolean {
  return (
    /\.(whet|cpuprofile|l?prof|pstats?|pstats\.txt)$/.test(name) ||
    (/\.(json|txt)$/.test(name) && existsSync(name)) ||
    (!existsSync(name) && keptProfile(name) !== undefined)
  );
}
