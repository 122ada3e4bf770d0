import { existsSync, readdirSync } from 'node:fs';
import { extractPack, fileSource, imagePlace } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { FileError } from '../../known-error.ts';
import { parseOptions } from '../../options.ts';
import { UsageError } from '../../usage-error.ts';
import { readable } from './given.ts';

/** `whetstone pack extract`: the files of a pack as files of their own. */
export const extractCommand: Command = {
  usage: '<data.wpk> <folder>',
  summary: 'Write the files of a pack or a XAR into a new folder; each block of a pack is verified.',
  completes: 'file',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, extractCommand.options, { stopAtFirst: false });
    const [file, folder] = rest;
    if (file === undefined || folder === undefined || rest.length > 2)
      throw new UsageError('pack extract takes a file and a folder: whetstone pack extract data.wpk data.');
    const place = readable(file, () => {
      using source = fileSource(file);
      return imagePlace(source);
    });
    if (existsSync(folder) && readable(folder, () => readdirSync(folder).length > 0))
      throw new FileError('FILE_UNWRITABLE', `${folder} is not empty: name a new folder.`);
    await extractPack(file, place, folder);
    return 0;
  },
};
