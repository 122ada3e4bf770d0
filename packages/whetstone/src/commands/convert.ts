import { closeSync, openSync, writeSync } from 'node:fs';
import { formats } from '@whetstone/profile';
import type { Command } from '../commands.ts';
import { FileError, reason } from '../known-error.ts';
import { codec, loadProfile } from '../load-profile.ts';
import { parseOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';

const writable = formats.filter((format) => format.write !== undefined);

/** `whetstone convert in --to format -o out`: between formats. */
export const convertCommand: Command = {
  usage: '<profile> --to <format> [-o <file>]',
  summary: 'Write a profile in another format.',
  completes: 'file',
  options: [
    {
      name: 'to',
      value: 'FORMAT',
      choices: writable.map(({ name }) => name),
      help: `One of ${writable.map(({ name }) => name).join(', ')}.`,
    },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      help: 'Where to write it; - is stdout. Default: stdout in a pipe.',
    },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, convertCommand.options, { stopAtFirst: false });
    const [file, ...more] = rest;
    if (file === undefined || more.length > 0)
      throw new UsageError(`convert takes one profile, and was given ${rest.length}.`);
    const format = writable.find(({ name }) => name === options.get('to'));
    if (!format)
      throw new UsageError(`convert needs a format: --to ${writable.map(({ name }) => name).join('|')}.`);
    const output = (options.get('output') as string | undefined) ?? '-';
    if (output === '-' && process.stdout.isTTY)
      throw new UsageError('this would print the profile on your terminal: give a file with -o.');
    const pieces = await format.write!(await loadProfile(file), codec);
    if (output === '-') {
      for (const piece of pieces) await new Promise((resolve) => process.stdout.write(piece, resolve));
      return 0;
    }
    try {
      writeWhole(output, pieces);
    } catch (error) {
      throw new FileError('FILE_UNWRITABLE', `cannot write '${output}': ${reason(error)}.`, { cause: error });
    }
    return 0;
  },
};

function writeWhole(file: string, pieces: Iterable<Uint8Array>): void {
  const fd = openSync(file, 'w');
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
  } finally {
    closeSync(fd);
  }
}
