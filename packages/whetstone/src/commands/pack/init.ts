import { initPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { readable } from './given.ts';

/** `whetstone pack init`: looks at a project and writes its pack.json. */
export const initCommand: Command = {
  usage: '[folder]',
  summary: 'Look at the project and write its pack.json, which says what goes in.',
  completes: 'file',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, initCommand.options, { stopAtFirst: false });
    if (rest.length > 1)
      throw new UsageError(`pack init takes one folder, and was given '${rest.join(' ')}'.`);
    const folder = rest[0] ?? '.';
    const { entry, files, environment } = readable(folder, () => initPack(folder));
    const lines = [
      entry === undefined
        ? 'Wrote pack.json for a bundle of files: no program was found. "entry" names one.'
        : `Wrote pack.json. The program starts at ${entry}.`,
      `  goes in       ${files.length > 0 ? files.join(' ') : 'nothing yet: name it in "files"'}`,
      ...(environment === undefined ? [] : [`  packages of   ${environment}`]),
      'Read it, then: whetstone pack build -o app.wpk',
    ];
    process.stdout.write(`${lines.map((line) => safeText(line)).join('\n')}\n`);
    return 0;
  },
};
