import { convertPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { readableLater } from './given.ts';

/** `whetstone pack convert`: a pack of a XAR, or a XAR of a pack. */
export const convertCommand: Command = {
  usage: '-o <out> <app.xar|app.wpk>',
  summary:
    'Make a pack of a XAR, or of a pack a XAR that xarexec_fuse runs. The XAR has no signature and nothing to verify by.',
  completes: 'file',
  options: [{ name: 'output', short: 'o', value: 'FILE', help: 'Write it there.' }],
  async run(args) {
    const { options, rest } = parseOptions(args, convertCommand.options, { stopAtFirst: false });
    const [file] = rest;
    const out = options.get('output') as string | undefined;
    if (file === undefined || rest.length > 1 || out === undefined)
      throw new UsageError('pack convert takes one file and -o: whetstone pack convert app.xar -o app.wpk.');
    const { from, entries, warnings } = await readableLater(file, async () => await convertPack(file, out));
    const lines = [
      `${out} is a ${from === 'xar' ? 'pack' : 'XAR'} now, with ${entries.toLocaleString('en')} files of ${file}.`,
      ...warnings,
    ];
    process.stdout.write(lines.map((line) => `${safeText(line)}\n`).join(''));
    return 0;
  },
};
