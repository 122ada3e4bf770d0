import { fileSource, imagePlace, mountPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { readable } from './given.ts';

/** `whetstone pack mount`: the files of a pack at a folder. */
export const mountCommand: Command = {
  usage: '<data.wpk> <folder>',
  summary:
    'Mount the files of a pack or a XAR, read-only. Each block of a pack is verified as it is read; a XAR has nothing to verify by.',
  completes: 'file',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, mountCommand.options, { stopAtFirst: false });
    const [file, folder] = rest;
    if (file === undefined || folder === undefined || rest.length > 2)
      throw new UsageError('pack mount takes a file and a folder: whetstone pack mount data.wpk /mnt/data.');
    const place = readable(file, () => {
      using source = fileSource(file);
      return imagePlace(source);
    });
    await mountPack(file, place, folder);
    process.stdout.write(`Mounted at ${safeText(folder)}, until whetstone pack unmount.\n`);
    return 0;
  },
};
