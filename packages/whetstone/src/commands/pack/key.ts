import { closeSync, openSync, writeSync } from 'node:fs';
import { makeKeyPair, readPublicKey, shortKey } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { FileError, reason } from '../../known-error.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';

/** `whetstone pack key`: a pair of keys. */
export const keyCommand: Command = {
  usage: '<name>',
  summary: 'Make a pair of keys: name.pem signs and stays secret, name.pub goes to those who verify.',
  completes: 'none',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, keyCommand.options, { stopAtFirst: false });
    const [name] = rest;
    if (name === undefined || rest.length > 1)
      throw new UsageError('pack key takes one name: whetstone pack key alice.');
    const { privateKey, publicKey } = makeKeyPair();
    writeNew(`${name}.pem`, privateKey, 0o600);
    writeNew(`${name}.pub`, publicKey, 0o644);
    const key = readPublicKey(publicKey, name);
    process.stdout.write(
      `${safeText(name)}.pem signs; keep it secret. ${safeText(name)}.pub, ${shortKey(key)}…, goes to those who verify.\n` +
        `Sign: whetstone pack sign app.wpk --key ${safeText(name)}.pem\n`,
    );
    return 0;
  },
};

/** Never over a key that is there: what it signed could not be signed again. */
function writeNew(file: string, text: string, mode: number): void {
  try {
    const descriptor = openSync(file, 'wx', mode);
    writeSync(descriptor, text);
    closeSync(descriptor);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it exists' : reason(error);
    throw new FileError('FILE_UNWRITABLE', `cannot write ${file}: ${why}.`, { cause: error });
  }
}
