import { commands, type Command } from './commands.ts';
import type { Option } from './options.ts';
import { UsageError } from './usage-error.ts';

/** The help text of everything, or of one command. */
export async function helpText(name?: string): Promise<string> {
  if (name !== undefined) {
    const load = commands.get(name);
    if (!load) {
      const { didYouMean } = await import('@whetstone/hooks');
      const names = [...commands.keys()];
      throw new UsageError(
        `no command '${name}'.${didYouMean(name, names)} The commands are ${names.join(', ')}.`,
      );
    }
    return await commandHelp(name, await load());
  }
  const rows: string[] = [];
  for (const [name, load] of commands) {
    rows.push(`  ${name.padEnd(11)} ${(await load()).summary}`);
  }
  return `Whetstone: measure, don't guess. Where the time goes in a program, and why.

  whetstone run app.ts            measure it, print the report
  whetstone view                  see the last run in the browser
  whetstone explain               why was it slow, and what to try

Commands
${rows.join('\n')}

  whetstone help <command>        its options
  whetstone --version
`;
}

/** The help text of one command, from the same table that reads its options. */
export async function commandHelp(name: string, command: Command): Promise<string> {
  const rows = command.options.map((option) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    return [`${short}--${option.name}${valueOf(option)}`, option.help] as const;
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  const options = rows
    .map(([left, help]) => `  ${left.padEnd(width)}${wrap(help, 78 - width, width + 2)}`)
    .join('\n');
  const below: string[] = [];
  for (const [sub, load] of command.commands ?? [])
    below.push(`  ${sub.padEnd(11)} ${wrap((await load()).summary, 66, 14)}`);
  const list = below.length === 0 ? '' : `\n${below.join('\n')}\n\n  whetstone ${name} <command> --help\n`;
  return `whetstone ${name} ${command.usage}\n\n${wrap(command.summary, 79, 0)}\n${options && `\n${options}\n`}${list}`;
}

function valueOf({ value, optional }: Option): string {
  if (value === undefined) return '';
  return optional === true ? `[=${value}]` : ` ${value}`;
}

function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + word.length + 1 > width) lines.push(word);
    else lines[last] += lines[last] ? ` ${word}` : word;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
