import { shortKey, signPack } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { givenText, readableLater } from './given.ts';

/** `whetstone pack sign`: a signature over the whole file. */
export const signCommand: Command = {
  usage: '--key <key.pem> <app.wpk>',
  summary: 'Sign a pack. Every byte is compared with its hashes before; a second key adds a signature.',
  completes: 'file',
  options: [{ name: 'key', value: 'FILE', help: 'The private key, as whetstone pack key makes it.' }],
  async run(args) {
    const { options, rest } = parseOptions(args, signCommand.options, { stopAtFirst: false });
    const [file] = rest;
    const key = options.get('key') as string | undefined;
    if (file === undefined || rest.length > 1 || key === undefined)
      throw new UsageError(
        'pack sign takes a key and one file: whetstone pack sign --key alice.pem app.wpk.',
      );
    const signer = await readableLater(file, async () => await signPack(file, givenText(key)));
    process.stdout.write(`${safeText(file)} is signed by key ${shortKey(signer)}….\n`);
    return 0;
  },
};
