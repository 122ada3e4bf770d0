import { checkTrust, PackError, runPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { FileError } from '../../known-error.ts';
import { parseOptions } from '../../options.ts';
import { endAs } from '../../program-exit.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { givenKey, readable } from './given.ts';

/** As `env` does: the trouble is ours, the program never started. */
const OURS = 125;
const NOT_FOUND = 127;

/** `whetstone pack run`: a pack whose header is never executed. */
export const runCommand: Command = {
  usage: '[--key <key>] <app.wpk> [args…]',
  summary:
    'Check every byte and signature of a pack and whom you trust, then run it; its own start script is never executed.',
  completes: 'file',
  options: [
    {
      name: 'key',
      value: 'KEY',
      help: 'Demand a signature by this public key: a file, its 64 digits, or the name of a pinned one.',
    },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, runCommand.options, { stopAtFirst: true });
    const [file, ...own] = rest;
    if (file === undefined) throw new UsageError('pack run takes a file: whetstone pack run app.wpk.');
    try {
      const given = options.get('key') as string | undefined;
      const key = given === undefined ? undefined : givenKey(given);
      const { header } = readable(file, () => checkTrust(file, { key }));
      return await endAs(await runPack(file, header, own));
    } catch (error) {
      if (!(error instanceof PackError || error instanceof FileError)) throw error;
      process.stderr.write(`whetstone: ${safeText(error.message)}\n`);
      const cause = error.cause as NodeJS.ErrnoException | undefined;
      return cause?.code === 'ENOENT' && error instanceof FileError ? NOT_FOUND : OURS;
    }
  },
};
