import { updatePack } from '@whetstone/pack';
import { formatBytes } from '@whetstone/profile';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { progressLine } from '../../terminal/progress.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { terminalOf } from '../../terminal/terminal.ts';
import { UsageError } from '../../usage-error.ts';
import { givenKey, readableLater } from './given.ts';

/** `whetstone pack update`: a later pack in the place of one. */
export const updateCommand: Command = {
  usage: '--from <file|url> [--key <key>] <app.wpk>',
  summary:
    'Replace a pack by a later version of it, at once, if the signature holds. The last one is kept for rollback.',
  completes: 'file',
  options: [
    { name: 'from', value: 'PLACE', help: 'A file, or an address of http or https.' },
    {
      name: 'key',
      value: 'KEY',
      help: 'Demand a signature by this public key. Default: as your rules say, else a key that signed the pack that is there.',
    },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, updateCommand.options, { stopAtFirst: false });
    const [file] = rest;
    const from = options.get('from') as string | undefined;
    if (file === undefined || rest.length > 1 || from === undefined)
      throw new UsageError(
        'pack update takes one pack and a place: whetstone pack update app.wpk --from https://….',
      );
    const given = options.get('key') as string | undefined;
    const key = given === undefined ? undefined : givenKey(given);
    const line = progressLine(process.stderr, {
      unicode: terminalOf(process.stderr).unicode,
      shared: false,
      term: process.env['TERM'],
    });
    const began = performance.now();
    const progress = (done: number) =>
      line.show({
        elapsed: (performance.now() - began) * 1000,
        samples: 0,
        stage: `fetching, ${formatBytes(done)}`,
      });
    try {
      const { before, after, kept } = await readableLater(
        file,
        async () => await updatePack(file, from, { key, progress }),
      );
      line.end();
      process.stdout.write(
        kept === undefined
          ? `${safeText(file)} is ${after.version} already.\n`
          : `${safeText(file)} is ${after.version} now. ${before.version} is kept: whetstone pack rollback ${safeText(file)}\n`,
      );
    } finally {
      line.end();
    }
    return 0;
  },
};
