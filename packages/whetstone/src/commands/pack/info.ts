import { fileSource, isXar, packFacts, readXarHeader } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { UsageError } from '../../usage-error.ts';
import { readable } from './given.ts';

/** `whetstone pack info`: what a pack says of itself. */
export const infoCommand: Command = {
  usage: '[--json] <app.wpk>',
  summary: 'What a pack, or a XAR, says of itself. Nothing of it is executed or mounted.',
  completes: 'file',
  options: [{ name: 'json', help: 'Write one JSON document.' }],
  async run(args) {
    const { options, rest } = parseOptions(args, infoCommand.options, { stopAtFirst: false });
    const [file] = rest;
    if (file === undefined || rest.length > 1)
      throw new UsageError('pack info takes one file: whetstone pack info app.wpk.');
    const facts = readable(file, () => {
      using source = fileSource(file);
      return isXar(source) ? readXarHeader(source) : packFacts(source);
    });
    if (options.has('json')) process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
    else
      for (const [name, value] of Object.entries(facts))
        process.stdout.write(
          `${name}: ${Array.isArray(value) ? value.join(' ') || 'none' : String(value)}\n`,
        );
    return 0;
  },
};
