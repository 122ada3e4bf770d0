import path from 'node:path';
import { pinKey, readPublicKey, readTrust, removeKey, removeRule, shortKey } from '@whetstone/pack';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { givenText } from './given.ts';

/** `whetstone pack trust`: keys that are pinned, and which packs they must have signed. */
export const trustCommand: Command = {
  usage: '[<key.pub> [--for <packs>] [--name <name>]]',
  summary: 'Pin a key: packs of this name must from now on be signed by it. Alone: list what is pinned.',
  completes: 'file',
  options: [
    { name: 'for', value: 'PACKS', help: "Names of packs, * stands for any characters. Default '*', all." },
    { name: 'name', value: 'NAME', help: "What to call the key. Default: the file's name." },
    {
      name: 'remove',
      value: 'NAME',
      help: 'Take a pinned key away. What only it could sign is refused then.',
    },
    { name: 'free', value: 'PACKS', help: 'Take the demand on these packs away.' },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, trustCommand.options, { stopAtFirst: false });
    const text = (name: string) => options.get(name) as string | undefined;
    const [file] = rest;
    const [gone, free] = [text('remove'), text('free')];
    if (rest.length > 1 || (file !== undefined && (gone ?? free) !== undefined))
      throw new UsageError('pack trust takes one key, or --remove, or --free, or nothing.');
    const print = (line: string) => process.stdout.write(`${safeText(line)}\n`);
    if (gone !== undefined) {
      const closed = removeKey(gone);
      print(`${gone} is no longer trusted.`);
      for (const { packs } of closed)
        print(
          `Packs named ${packs} are refused until a key is pinned for them, or --free '${packs}' lets them go.`,
        );
    }
    if (free !== undefined) {
      removeRule(free);
      print(`No signature is demanded of packs named ${free}.`);
    }
    if (file !== undefined) {
      const key = readPublicKey(givenText(file), file);
      const name = text('name') ?? path.basename(file).replace(/\.(?:pub|pem)$/, '');
      const { packs, keys } = pinKey({ name, key }, text('for') ?? '*');
      print(`Packs named ${packs} must be signed by ${keys.join(' or ')}.`);
    } else if ((gone ?? free) === undefined) listTrust(print);
    return 0;
  },
};

function listTrust(print: (line: string) => void): void {
  const { folder, keys, rules } = readTrust();
  if (keys.length + rules.length === 0) {
    print(
      `Nothing is pinned in ${folder}: every pack that is whole is taken. whetstone pack trust alice.pub pins a key.`,
    );
    return;
  }
  for (const { packs, keys: by, signatures } of rules)
    print(
      `${packs} must be signed by ${signatures === 1 ? '' : `${signatures} of `}${by.join(signatures === 1 ? ' or ' : ', ') || 'a key that is no longer pinned'}`,
    );
  for (const { name, key } of keys) print(`${name} is ${shortKey(key)}…`);
  print(`All of it stands in ${folder}.`);
}
