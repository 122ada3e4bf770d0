import { callees, callers, functionLines, functionNames, matchFunctions } from '@whetstone/analyze';
import { didYouMean } from '@whetstone/hooks';
import type { Profile } from '@whetstone/profile';
import type { Plugins } from './built-in-plugins.ts';
import type { Shown } from './hooks.ts';
import { isKnownError } from './known-error.ts';
import type { Parsed } from './options.ts';
import { reportOf } from './report-of.ts';
import { wantedReports } from './report-options.ts';
import { safeText } from './terminal/safe-text.ts';
import { terminalOf } from './terminal/terminal.ts';
import type { SortKey, View } from './terminal/view.ts';
import { UsageError } from './usage-error.ts';
import { writeOutput } from './write-output.ts';

/**
 * A report's text, by the plugin that was registered last among those that have it.
 *
 * @throws UsageError where none has it
 */
export async function renderReport(name: string, shown: Shown, plugins: Plugins): Promise<string> {
  const kinds = (await plugins.hook.reports()).flat();
  const kind = kinds.find((one) => one.name === name);
  if (!kind) throw new UsageError(`no plugin has a report '${name}'.`);
  return await kind.render(shown);
}

/** Prints a report for a person, and writes the files that were asked for. */
export async function printReport(
  profile: Profile,
  parsed: Parsed,
  out: NodeJS.WriteStream,
  plugins: Plugins,
): Promise<void> {
  const { options } = parsed;
  const report = await reportOf(profile, plugins);
  const view = { ...terminalOf(out), ...viewOf(profile, parsed) };
  if (await writeReports({ profile, report, view }, parsed, plugins)) return;
  if (options.has('quiet')) {
    if (report.about.profile !== null) out.write(`${report.about.profile}\n`);
    const unsaved = report.warnings.find(({ code }) => code === 'not-saved');
    if (unsaved) out.write(`whetstone: ${safeText(unsaved.message)}\n`);
    return;
  }
  await print(out, 'terminal', { profile, report, view }, plugins);
}

/** What the command line asked to see. */
function viewOf(profile: Profile, { options }: Parsed): Omit<View, 'columns' | 'colour' | 'unicode'> {
  const get = <T>(name: string) => options.get(name) as T | undefined;
  const called = get<string>('callers');
  const calling = get<string>('callees');
  const listed = get<string[]>('lines') ?? [];
  const listings = listed.map((name) => functionLines(profile, name));
  return {
    sort: get<SortKey>('sort') ?? 'self',
    include: get<string[]>('include') ?? [],
    exclude: get<string[]>('exclude') ?? [],
    counts: options.has('counts'),
    ...(options.has('top') ? { top: get<number>('top')! } : {}),
    ...(called === undefined ? {} : { callers: callers(profile, called) }),
    ...(calling === undefined ? {} : { callees: callees(profile, calling) }),
    lines: listings.flat(),
    missing: [
      ...new Set([
        ...[called ?? [], calling ?? []].flat().filter((name) => !isFunction(profile, name)),
        ...listed.filter((_, index) => listings[index]!.length === 0),
      ]),
    ].map((name) => nothingOf(profile, name)),
  };
}

function isFunction(profile: Profile, name: string): boolean {
  return matchFunctions(profile, name).length > 0;
}

function nothingOf(profile: Profile, name: string): string {
  return isFunction(profile, name)
    ? `'${name}' has no lines in this profile.`
    : `No function is called '${name}' in this profile.${didYouMean(name, functionNames(profile))}`;
}

/** Prints the findings of a profile, and writes the files that were asked for. */
export async function printExplanation(
  profile: Profile,
  parsed: Parsed,
  out: NodeJS.WriteStream,
  plugins: Plugins,
): Promise<void> {
  const report = await reportOf(profile, plugins);
  const shown = { profile, report, view: { ...terminalOf(out), myths: parsed.options.has('myths') } };
  if (!(await writeReports(shown, parsed, plugins))) await print(out, 'explanation', shown, plugins);
}

/** True if one of them went to stdout: then nothing else is printed. */
async function writeReports(shown: Shown, parsed: Parsed, plugins: Plugins): Promise<boolean> {
  let printed = false;
  for (const { name, file } of wantedReports(parsed)) {
    if (file === '-') {
      printed = true;
      await print(process.stdout, name, shown, plugins);
    } else {
      await unlessItFails(async () => writeOutput(file, [await renderReport(name, shown, plugins)]));
    }
  }
  return printed;
}

async function print(out: NodeJS.WriteStream, name: string, shown: Shown, plugins: Plugins): Promise<void> {
  await unlessItFails(async () => out.write(await renderReport(name, shown, plugins)));
}

/** A report that cannot be made or written costs that report, not the others: the user's run may have taken hours. */
async function unlessItFails(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isKnownError(error)) throw error;
    process.stderr.write(`whetstone: ${safeText(error.message)}\n`);
  }
}
