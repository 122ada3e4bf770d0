import { rollbackPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { readableLater } from './given.ts';

/** `whetstone pack rollback`: the pack from before the last update. */
export const rollbackCommand: Command = {
  usage: '<app.wpk>',
  summary: 'Put the pack from before the last update back. Once more undoes it.',
  completes: 'file',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, rollbackCommand.options, { stopAtFirst: false });
    const [file] = rest;
    if (file === undefined || rest.length > 1)
      throw new UsageError('pack rollback takes one pack: whetstone pack rollback app.wpk.');
    const { before, after } = await readableLater(file, async () => await rollbackPack(file));
    process.stdout.write(
      `${safeText(file)} is ${after.version} again. ${before.version} is kept: the same command puts it back.\n`,
    );
    return 0;
  },
};
