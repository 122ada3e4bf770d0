import path from 'node:path';
import { formatBytes } from '@whetstone/profile';
import type { Command } from '../commands.ts';
import { FileError, reason } from '../known-error.ts';
import { parseOptions, readCount } from '../options.ts';
import { profilesFolder } from '../project-folder.ts';
import { keptProfiles, pruneProfiles, savedProfiles, type SavedProfile } from '../profile-store.ts';
import { safeText } from '../terminal/safe-text.ts';
import { UsageError } from '../usage-error.ts';

/** `whetstone history`: the runs that are kept here. */
export const historyCommand: Command = {
  usage: '[--prune [--keep N]]',
  summary: `Earlier runs of this project; the last ${keptProfiles} are kept.`,
  completes: 'none',
  options: [
    { name: 'prune', help: 'Remove all saved profiles but the last.' },
    { name: 'keep', value: 'N', read: readCount, help: 'With --prune: how many to keep. Default 1.' },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, historyCommand.options, { stopAtFirst: false });
    if (rest.length > 0) throw new UsageError(`history takes no arguments, and was given '${rest[0]}'.`);
    if (options.has('keep') && !options.has('prune')) throw new UsageError('--keep belongs to --prune.');
    const folder = profilesFolder(process.cwd());
    const shown = path.relative(process.cwd(), folder) || '.';
    if (options.has('prune')) {
      const gone = pruned(folder, (options.get('keep') as number | undefined) ?? 1);
      const bytes = gone.reduce((sum, { bytes }) => sum + bytes, 0);
      process.stdout.write(`Removed ${gone.length} of the profiles in ${shown} (${formatBytes(bytes)}).\n`);
      return 0;
    }
    const profiles = savedProfiles(folder);
    if (profiles.length === 0) {
      process.stdout.write(`No profiles in ${shown} yet. Measure a program: whetstone run app.ts\n`);
      return 0;
    }
    const [{ readSummary }, { builtInPlugins }] = await Promise.all([
      import('../load-profile.ts'),
      import('../built-in-plugins.ts'),
    ]);
    // What is kept is in our own format.
    const plugins = builtInPlugins();
    for (const profile of profiles)
      process.stdout.write(`${safeText(await readSummary(profile, plugins))}\n`);
    return 0;
  },
};

function pruned(folder: string, keep: number): SavedProfile[] {
  try {
    return pruneProfiles(folder, keep);
  } catch (error) {
    throw new FileError('FILE_UNWRITABLE', `cannot remove profiles in '${folder}': ${reason(error)}.`, {
      cause: error,
    });
  }
}
