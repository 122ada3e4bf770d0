import { writeFileSync } from 'node:fs';
import { callees, callers, functionLines, type RunReport } from '@whetstone/analyze';
import type { Profile } from '@whetstone/profile';
import { FileError, reason } from './known-error.ts';
import { readCount, type Option, type Parsed } from './options.ts';

import { reportOf } from './report-of.ts';
import { explainText } from './terminal/explain-text.ts';
import { reportText } from './terminal/report-text.ts';
import { terminalOf } from './terminal/terminal.ts';
import { sortKeys, type SortKey, type View } from './terminal/view.ts';
import { UsageError } from './usage-error.ts';

/** How a report is shown, and where it goes besides. */
export const reportOptions: readonly Option[] = [
  {
    name: 'sort',
    value: 'COLUMN',
    choices: sortKeys,
    help: `Sort functions by ${sortKeys.join(', ')}. Default self.`,
  },
  { name: 'top', value: 'N', read: readCount, help: 'Rows in each table.' },
  { name: 'callers', value: 'NAME', help: 'Who called this function, and with how much time.' },
  { name: 'callees', value: 'NAME', help: 'What this function called.' },
  { name: 'lines', value: 'NAME', many: true, help: 'This function line by line; may stand more than once.' },
  {
    name: 'include',
    value: 'PATH',
    many: true,
    help: 'Only files of this path, or that match it (src, **/*.test.ts).',
  },
  {
    name: 'exclude',
    value: 'PATH',
    many: true,
    help: 'No files of this path, or that match it (node_modules).',
  },
  { name: 'json', value: 'FILE', help: 'Write the whole report as one JSON document.' },
  { name: 'html', value: 'FILE', help: 'Write the page with the profile as one self-contained file.' },
  { name: 'quiet', short: 'q', help: 'Print only where the profile is.' },
];

/** Refuses what would spoil a program's output, before it runs. */
export function checkReportOptions({ options }: Parsed, { stdoutIsOurs }: { stdoutIsOurs: boolean }): void {
  if (options.get('json') === '-' && !stdoutIsOurs) {
    throw new UsageError("--json - would mix the report with the program's own output: give a file.");
  }
}

/** Prints a report for a person, and writes the files that were asked for. */
export async function printReport(profile: Profile, parsed: Parsed, out: NodeJS.WriteStream): Promise<void> {
  const { options } = parsed;
  const report = reportOf(profile);
  await writeFiles(profile, report, parsed);
  if (options.get('json') === '-') return;
  if (options.has('quiet')) {
    if (report.about.profile !== null) out.write(`${report.about.profile}\n`);
    return;
  }
  out.write(reportText(report, { ...terminalOf(out), ...viewOf(profile, parsed) }));
}

/** What the command line asked to see. */
function viewOf(profile: Profile, { options }: Parsed): Omit<View, 'columns' | 'colour' | 'unicode'> {
  const get = <T>(name: string) => options.get(name) as T | undefined;
  const called = get<string>('callers');
  const calling = get<string>('callees');
  const names = get<string[]>('lines');
  return {
    sort: get<SortKey>('sort') ?? 'self',
    include: get<string[]>('include') ?? [],
    exclude: get<string[]>('exclude') ?? [],
    counts: options.has('counts'),
    ...(options.has('top') ? { top: get<number>('top')! } : {}),
    ...(called === undefined ? {} : { callers: callers(profile, called) }),
    ...(calling === undefined ? {} : { callees: callees(profile, calling) }),
    ...(names === undefined ? {} : linesOf(profile, names)),
  };
}

function linesOf(profile: Profile, names: readonly string[]): Pick<View, 'lines' | 'unknown'> {
  const found = names.map((name) => ({ name, functions: functionLines(profile, name) }));
  return {
    lines: found.flatMap(({ functions }) => functions),
    unknown: found.filter(({ functions }) => functions.length === 0).map(({ name }) => name),
  };
}

/** Prints the findings of a profile, and writes the files that were asked for. */
export async function printExplanation(
  profile: Profile,
  parsed: Parsed,
  out: NodeJS.WriteStream,
): Promise<void> {
  const report = reportOf(profile);
  await writeFiles(profile, report, parsed);
  if (parsed.options.get('json') !== '-') out.write(explainText(report, terminalOf(out)));
}

async function writeFiles(profile: Profile, report: RunReport, { options }: Parsed): Promise<void> {
  const json = options.get('json') as string | undefined;
  if (json === '-') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (json !== undefined) write(json, `${JSON.stringify(report, null, 2)}\n`);
  const html = options.get('html') as string | undefined;
  if (html !== undefined) {
    const { pageFile } = await import('./page-file.ts');
    write(html, await pageFile(profile, report));
  }
}

/** A file that cannot be written costs the file, not the report: the user's run may have taken hours. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { message } = new FileError('FILE_UNWRITABLE', `cannot write '${file}': ${reason(error)}.`);
    process.stderr.write(`whetstone: ${message}\n`);
  }
}
