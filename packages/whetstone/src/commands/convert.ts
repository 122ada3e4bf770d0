import { builtInPlugins, type Plugins } from '../built-in-plugins.ts';
import type { Format, Profile } from '@whetstone/profile';
import type { Command } from '../commands.ts';
import { pluginOption, pluginsFor } from '../load-plugins.ts';
import { codec, knownFormats, loadProfile, profileFile } from '../load-profile.ts';
import { checkChoice, parseOptions, type Option } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { writeOutput } from '../write-output.ts';

/** `whetstone convert in --to format -o out`: between formats. */
export async function convertCommand(): Promise<Command> {
  // The help text and the completion name ours: a project's plugins are loaded by a conversion alone.
  const names = [...(await writableFormats(builtInPlugins())).keys()];
  const options: readonly Option[] = [
    {
      name: 'to',
      value: 'FORMAT',
      choices: names,
      more: true,
      help: `One of ${names.join(', ')}, or of a plugin.`,
    },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      help: 'Where to write it; - is stdout. Default: stdout in a pipe.',
    },
    pluginOption,
  ];
  return {
    usage: '<profile> --to <format> [-o <file>]',
    summary: 'Write a profile, a file or a name of history, in another format.',
    completes: 'file',
    options,
    run: (args) => convert(args, options),
  };
}

async function convert(args: readonly string[], known: readonly Option[]): Promise<number> {
  const parsed = parseOptions(args, known, { stopAtFirst: false });
  const { options, rest } = parsed;
  const [file, ...more] = rest;
  if (file === undefined || more.length > 0)
    throw new UsageError(`convert takes one profile, and was given ${rest.length}.`);
  const plugins = await pluginsFor(parsed);
  const writable = await writableFormats(plugins);
  const to = options.get('to') as string | undefined;
  if (to === undefined)
    throw new UsageError(`convert needs a format: --to ${[...writable.keys()].join('|')}.`);
  checkChoice('--to', to, [...writable.keys()]);
  const output = (options.get('output') as string | undefined) ?? '-';
  if (output === '-' && process.stdout.isTTY)
    throw new UsageError('this would print the profile on your terminal: give a file with -o.');
  const profile = await loadProfile(profileFile(file), plugins);
  const { write, oneThread } = writable.get(to)!;
  if (oneThread) sayWhatIsLeftOut(profile, to);
  const pieces = await write!(profile, codec);
  if (output === '-') {
    for (const piece of pieces) await new Promise((resolve) => process.stdout.write(piece, resolve));
    return 0;
  }
  writeOutput(output, pieces);
  return 0;
}

/** The formats that can be written, by name. */
async function writableFormats(plugins: Plugins): Promise<Map<string, Format>> {
  const formats = await knownFormats(plugins);
  return new Map(formats.filter(({ write }) => write).map((format) => [format.name, format]));
}

function sayWhatIsLeftOut({ samples }: Profile, format: string): void {
  const others = samples.slice(1).filter(({ node }) => node.length > 0).length;
  if (others === 0) return;
  const threads = others === 1 ? 'another thread is' : `${others} other threads are`;
  process.stderr.write(
    `whetstone: ${format} holds one thread, the main one: ${threads} left out. speedscope and collapsed hold all.\n`,
  );
}
