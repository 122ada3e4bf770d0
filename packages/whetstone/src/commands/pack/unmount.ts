import { unmountPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { UsageError } from '../../usage-error.ts';

/** `whetstone pack unmount`: ends a mount. */
export const unmountCommand: Command = {
  usage: '<folder>',
  summary: 'End a mount, also one whose driver was killed.',
  completes: 'file',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, unmountCommand.options, { stopAtFirst: false });
    const [folder] = rest;
    if (folder === undefined || rest.length > 1)
      throw new UsageError('pack unmount takes one folder: whetstone pack unmount /mnt/data.');
    await unmountPack(folder);
    return 0;
  },
};
