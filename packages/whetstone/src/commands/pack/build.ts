import { type BuildReport, buildPack } from '@whetstone/pack';
import { formatBytes } from '@whetstone/profile';
import type { Command } from '../../commands.ts';
import { FileError, reason } from '../../known-error.ts';
import { parseOptions } from '../../options.ts';
import { progressLine } from '../../terminal/progress.ts';
import { safeText } from '../../terminal/safe-text.ts';
import { terminalOf } from '../../terminal/terminal.ts';
import { UsageError } from '../../usage-error.ts';
import { readable } from './given.ts';

/** Of packages and of what was left out, this many lines are shown; `--all` shows the rest. */
const shownLines = 10;

/** `whetstone pack build`: the project as one file. */
export const buildCommand: Command = {
  usage: '-o <app.wpk> [options] [folder]',
  summary: 'Pack the project as its pack.json says: one file that runs.',
  completes: 'file',
  options: [
    { name: 'output', short: 'o', value: 'FILE', help: 'Write the pack there.' },
    { name: 'with-node', help: 'Carry the Node that runs this command.' },
    { name: 'with-python', help: "Carry the environment's Python and its standard library." },
    {
      name: 'level',
      value: 'N',
      read: readLevel,
      help: 'Compress with this level of zstd, 1 to 22. Default 15, with a carried runtime 19.',
    },
    {
      name: 'trace',
      value: 'COMMAND',
      help: "Of dependencies take only what this command loads, such as 'npm test'. What a trace cannot see is named.",
    },
    {
      name: 'strict',
      help: 'Refuse files that nothing declared, that differ from what was declared, or that could not be compared.',
    },
    { name: 'all', help: 'List all packages and all that was left out, not the first ten.' },
  ],
  async run(args) {
    const { options, rest } = parseOptions(args, buildCommand.options, { stopAtFirst: false });
    const out = options.get('output') as string | undefined;
    if (out === undefined) throw new UsageError('pack build needs -o: whetstone pack build -o app.wpk.');
    if (rest.length > 1)
      throw new UsageError(`pack build takes one folder, and was given '${rest.join(' ')}'.`);
    const level = options.get('level') as number | undefined;
    const trace = options.get('trace') as string | undefined;
    const line = progressLine(process.stderr, {
      unicode: terminalOf(process.stderr).unicode,
      shared: false,
      term: process.env['TERM'],
    });
    const began = performance.now();
    let report: BuildReport;
    try {
      report = await buildPack(rest[0] ?? '.', {
        out,
        ...(level === undefined ? {} : { level }),
        ...(trace === undefined ? {} : { trace }),
        strict: options.has('strict'),
        withNode: options.has('with-node'),
        withPython: options.has('with-python'),
        progress: (step, done, total) =>
          line.show({
            elapsed: (performance.now() - began) * 1000,
            samples: 0,
            stage:
              step === 'collect' ? 'collecting' : `compressing ${formatBytes(done)} of ${formatBytes(total)}`,
          }),
      });
    } catch (error) {
      // It is written beside its place first.
      const { path: at = '' } = error as NodeJS.ErrnoException;
      if (!at.endsWith('.partial')) return readable(rest[0] ?? '.', () => rethrow(error));
      throw new FileError('FILE_UNWRITABLE', `cannot write ${out}: ${reason(error)}.`, { cause: error });
    } finally {
      line.end();
    }
    const text = reportText(out, report, options.has('all') ? Infinity : shownLines);
    process.stdout.write(`${text.map((one) => safeText(one)).join('\n')}\n`);
    return 0;
  },
};

function rethrow(error: unknown): never {
  throw error;
}

function reportText(out: string, report: BuildReport, limit: number): string[] {
  const { header, size, content, entries, packages, largest, leftOut, warnings } = report;
  const shown = <T>(all: readonly T[], line: (one: T) => string): string[] => [
    ...all.slice(0, limit).map((one) => `  ${line(one)}`),
    ...(all.length > limit ? [`  and ${all.length - limit} more: --all lists them`] : []),
  ];
  const sized = (bytes: number, text: string) => `${formatBytes(bytes).padStart(8)}  ${text}`;
  return [
    `${out} has ${formatBytes(size)}: ${entries.toLocaleString('en')} ${entries === 1 ? 'file' : 'files'} of ${formatBytes(content)}.`,
    '',
    'BY PACKAGE',
    ...shown(packages, ({ name, bytes }) => sized(bytes, name)),
    '',
    'LARGEST FILES',
    ...largest.map(({ path, bytes }) => `  ${sized(bytes, path)}`),
    ...(leftOut.length > 0 ? ['', 'LEFT OUT', ...shown(leftOut, ({ path, why }) => `${path}: ${why}`)] : []),
    ...(warnings.length > 0 ? ['', 'MAY NOT WORK', ...warnings.map((one) => `  ${one}`)] : []),
    '',
    `identity ${header.root}`,
    `runs on  Linux${header.arch === 'any' ? '' : `, ${header.arch}`}${header.glibc === '0' ? '' : `, glibc ${header.glibc} or newer`}`,
  ];
}

function readLevel(text: string, name: string): number {
  const level = Number(text);
  if (!/^\d+$/.test(text) || level < 1 || level > 22)
    throw new UsageError(`${name} is '${text}', and takes a level from 1 to 22.`);
  return level;
}
