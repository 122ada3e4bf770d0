import { checkTrust, shortKey, type TrustedPack } from '@whetstone/pack';
import { formatBytes } from '@whetstone/profile';
import type { Command } from '../../commands.ts';
import { parseOptions } from '../../options.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { UsageError } from '../../usage-error.ts';
import { givenKey, readable } from './given.ts';

/** `whetstone pack verify`: every byte, every signature, and what the user demands. */
export const verifyCommand: Command = {
  usage: '[--key <key>] <app.wpk>',
  summary:
    'Check every byte and signature of a pack, and that whom you trust signed it. Nothing of it is executed.',
  completes: 'file',
  options: [
    {
      name: 'key',
      value: 'KEY',
      help: 'Demand a signature by this public key: a file, its 64 digits, or the name of a pinned one.',
    },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, verifyCommand.options, { stopAtFirst: false });
    const [file] = rest;
    if (file === undefined || rest.length > 1)
      throw new UsageError('pack verify takes one file: whetstone pack verify app.wpk.');
    const given = options.get('key') as string | undefined;
    const key = given === undefined ? undefined : givenKey(given);
    const checked = readable(file, () => checkTrust(file, { key }));
    process.stdout.write(
      `${verifyText(file, checked, key)
        .map((line) => safeText(line))
        .join('\n')}\n`,
    );
    return 0;
  },
};

function verifyText(file: string, pack: TrustedPack, key: string | undefined): string[] {
  const { header, size, signers, rules } = pack;
  const lines = [
    `${file} is as it was built: ${header.name} ${header.version}, ${formatBytes(size)}, identity ${header.root}.`,
  ];
  for (const signer of signers)
    lines.push(
      signer.name !== undefined
        ? `Signed by ${signer.name} (${shortKey(signer.key)}…), a key that you pinned.`
        : `Signed by key ${signer.key}${signer.key === key ? ', which you gave' : ', which you have not pinned'}.`,
    );
  if (signers.length === 0)
    lines.push('Nobody signed it: it is whole, and could be from anybody. whetstone pack sign signs.');
  for (const { packs, signatures } of rules)
    lines.push(`It fulfils your rule for ${packs}: ${signatures} of its keys must sign.`);
  if (rules.length === 0 && key === undefined && signers.length > 0)
    lines.push('You demand no key of it: whetstone pack trust pins one.');
  return lines;
}
