import type { Plugins } from './built-in-plugins.ts';
import { checkChoice, readCount, type Option, type Parsed } from './options.ts';
import { sortKeys } from './terminal/view.ts';
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
  {
    name: 'report',
    value: 'NAME=FILE',
    many: true,
    read: readReport,
    help: 'Write a report of a plugin; may stand more than once.',
  },
  { name: 'quiet', short: 'q', help: 'Print only where the profile is.' },
];

/** Refuses what would spoil a program's output, before it runs. */
export function checkReportOptions(parsed: Parsed, { stdoutIsOurs }: { stdoutIsOurs: boolean }): void {
  const { options } = parsed;
  if (stdoutIsOurs) return;
  if (options.get('json') === '-') {
    throw new UsageError("--json - would mix the report with the program's own output: give a file.");
  }
  const mixed = wantedReports(parsed).find(({ file }) => file === '-');
  if (mixed)
    throw new UsageError(
      `--report ${mixed.name}=- would mix the report with the program's own output: give a file.`,
    );
}

/** A report that was asked for: its name, and where it goes. */
export interface WantedReport {
  readonly name: string;
  readonly file: string;
}

function readReport(text: string, name: string): WantedReport {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1)
    throw new UsageError(`${name} is '${text}', and takes a report and a file: ${name} json=report.json`);
  return { name: text.slice(0, equals), file: text.slice(equals + 1) };
}

/** What is written besides: `--json FILE` is `--report json=FILE`, `--html FILE` is `--report html=FILE`. */
export function wantedReports({ options }: Parsed): WantedReport[] {
  const short = ['json', 'html'].flatMap((name) =>
    options.has(name) ? [{ name, file: options.get(name) as string }] : [],
  );
  return [...short, ...((options.get('report') as WantedReport[] | undefined) ?? [])];
}

/** Refuses a report that no plugin has, before the program runs. */
export async function checkReports(parsed: Parsed, plugins: Plugins): Promise<void> {
  const wanted = wantedReports(parsed);
  if (wanted.length === 0) return;
  const known = new Set((await plugins.hook.reports()).flat().map(({ name }) => name));
  for (const { name } of wanted) checkChoice('--report', name, [...known]);
}
