import { formatPercent, type Profile } from '@whetstone/profile';
import { placeText, type Evidence } from '../evidence.ts';
import type { Facts } from '../explain.ts';
import { placeOf } from '../places.ts';
import { callers } from '../relatives.ts';
import type { FunctionRow, LineRow, Place, RunReport } from '../report.ts';
import {
  CALLS_MANY,
  CALLS_SHARE,
  CALL_SHORT,
  COMPUTING_DOMINATES,
  DEOPTIMISATIONS_MANY,
  DEOPTIMISED_SHARE,
  EVEN_FUNCTION,
  HOT_AT_MOST,
  HOT_BUILTIN,
  HOT_FUNCTION,
  HOT_LINE,
  MOSTLY_ONE_LINE,
  SAMPLES_FOR_EVEN,
  SAMPLES_LEAST,
} from '../thresholds.ts';

/** Lines that take a large part of the computing: of each function the largest, which names the others. */
export function hotLine({ report }: Facts): Evidence[] {
  const { sampled } = report.about;
  if (!enoughSamples(report)) return [];
  const byFunction = new Map<string, LineRow[]>();
  for (const line of report.lines) {
    if (!isReadable(line) || line.self / sampled < HOT_LINE) continue;
    const key = `${line.file}\0${line.function}`;
    byFunction.set(key, [...(byFunction.get(key) ?? []), line]);
  }
  return [...byFunction.values()].slice(0, HOT_AT_MOST).map(([line, ...others]) => ({
    id: 'one-hot-line',
    confidence: 'certain',
    gainAtMost: ofWall(report, line!.self),
    where: placeOnly(line!),
    evidence: {
      place: placeText(line!),
      function: line!.function,
      self: line!.self,
      computing: sampled,
      share: line!.self / sampled,
      text: line!.text?.trim() ?? '',
      hits: line!.hits ?? '?',
      others: others.map((other) => `line ${other.line} (${formatPercent(other.self / sampled)})`).join(', '),
      searching: searching(line!.text ?? ''),
    },
  }));
}

/** What a line of Python looks for, and how: `in`, `.index(`; empty where it does not search. */
function searching(text: string): string {
  // The `in` of a loop goes through, and looks for nothing.
  const [found = ''] = /\bin\b|\.(?:index|count|remove)\(/.exec(text.replace(/\bfor\b.*?\bin\b/g, '')) ?? [];
  return found.replace(/^\.|\($/g, '');
}

/** Functions that take a large part of the computing, on more than one line. */
export function hotFunction({ report }: Facts): Evidence[] {
  const { sampled } = report.about;
  if (!enoughSamples(report)) return [];
  return (
    report.functions
      .filter((row) => isUserCode(row) && row.self / sampled >= HOT_FUNCTION)
      .map((hot) => ({
        hot,
        line: report.lines.find((row) => row.file === hot.file && row.function === hot.function),
      }))
      // All of it on one line is the other finding.
      .filter(({ hot, line }) => !line || line.self / hot.self <= MOSTLY_ONE_LINE)
      .slice(0, HOT_AT_MOST)
      .map(({ hot, line }) => ({
        id: isMadeAtRunTime(report, hot) ? 'run-time-code' : 'one-hot-function',
        confidence: 'certain',
        gainAtMost: ofWall(report, hot.self),
        where: placeOnly(hot),
        evidence: {
          place: placeText(hot),
          function: hot.function,
          self: hot.self,
          computing: sampled,
          share: hot.self / sampled,
          hottest: line ? placeText(line) : placeText(hot),
          text: line?.text?.trim() ?? '',
        },
      }))
  );
}

/** A function of the runtime takes a large part: named with the place that calls it most. */
export function hotBuiltin({ profile, report }: Facts): Evidence[] {
  const { sampled } = report.about;
  const hot = report.functions.find(
    (row) => (row.category === 'native' || row.category === 'runtime') && !isEngine(row),
  );
  if (!hot || !enoughSamples(report) || hot.self / sampled < HOT_BUILTIN) return [];
  const caller = userCaller(profile, hot);
  if (!caller) return [];
  return [
    {
      id: 'one-hot-builtin',
      confidence: 'certain',
      gainAtMost: ofWall(report, hot.self),
      where: placeOnly(caller),
      evidence: {
        builtin: hot.function,
        place: placeText(caller),
        function: caller.function,
        self: hot.self,
        computing: sampled,
        share: hot.self / sampled,
      },
    },
  ];
}

/** A small function is called so often that the number of calls is the cost. */
export function calledTooOften({ report }: Facts): Evidence[] {
  if (!enoughSamples(report)) return [];
  const row = report.functions.find(
    ({ calls, self, category }) =>
      isUserCode({ category }) &&
      calls !== null &&
      calls >= CALLS_MANY &&
      self / calls <= CALL_SHORT &&
      self / report.about.sampled >= CALLS_SHARE,
  );
  if (!row) return [];
  return [
    {
      id: 'calls-too-many',
      confidence: 'likely',
      gainAtMost: ofWall(report, row.self),
      where: placeOnly(row),
      evidence: {
        function: row.function,
        place: placeText(row),
        calls: row.calls!,
        self: row.self,
        perCall: row.self / row.calls!,
        share: row.self / report.about.sampled,
      },
    },
  ];
}

/**
 * A function that takes time loses its optimised code again and again: at one place, or at one after the other,
 * as it meets what it never met before.
 */
export function deoptimised({ profile, report }: Facts): Evidence[] {
  if (!enoughSamples(report)) return [];
  const { deoptimisations, strings } = profile;
  const byFunction = new Map<number, number[]>();
  deoptimisations.function.forEach((f, i) => {
    if (f >= 0) byFunction.set(f, [...(byFunction.get(f) ?? []), i]);
  });
  let worst: { row: FunctionRow; line: number; reason: string; count: number } | undefined;
  for (const [f, rows] of byFunction) {
    const count = rows.reduce((sum, i) => sum + deoptimisations.count[i]!, 0);
    if (count < DEOPTIMISATIONS_MANY) continue;
    const place = placeOf(profile, f);
    const row = report.functions.find((other) => samePlace(other, place));
    if (!row || row.self / report.about.sampled < DEOPTIMISED_SHARE) continue;
    if (worst && worst.row.self >= row.self) continue;
    const most = rows.reduce((a, b) => (deoptimisations.count[b]! > deoptimisations.count[a]! ? b : a));
    const line = deoptimisations.line[most]! || row.line;
    worst = { row, line, reason: strings[deoptimisations.reason[most]!] ?? '', count };
  }
  if (!worst) return [];
  const place = { ...placeOnly(worst.row), line: worst.line };
  return [
    {
      id: 'deoptimised',
      confidence: 'possible',
      gainAtMost: ofWall(report, worst.row.self),
      where: place,
      evidence: {
        function: worst.row.function,
        place: placeText(place),
        count: worst.count,
        reason: worst.reason,
        self: worst.row.self,
        share: worst.row.self / report.about.sampled,
      },
    },
  ];
}

/** The program computes, and nothing stands out. */
export function evenlySpread({ report }: Facts): Evidence[] {
  const { about, time } = report;
  const [hottest] = report.functions.filter((row) => isUserCode(row) || !isEngine(row));
  if (!hottest || (about.samples.taken > 0 && about.samples.taken < SAMPLES_FOR_EVEN) || about.sampled === 0)
    return [];
  if (time.cpu / time.wall < COMPUTING_DOMINATES || hottest.self / about.sampled >= EVEN_FUNCTION) return [];
  return [
    {
      id: 'evenly-spread',
      confidence: 'likely',
      gainAtMost: ofWall(report, hottest.self),
      where: null,
      evidence: {
        functions: report.functions.filter(({ self }) => self > 0).length,
        function: hottest.function,
        place: placeText(hottest),
        share: hottest.self / about.sampled,
        computing: about.sampled,
      },
    },
  ];
}

/** Enough to trust shares; imported files may not say how many were taken, and are believed. */
export function enoughSamples({ about }: RunReport): boolean {
  return about.sampled > 0 && (about.samples.taken === 0 || about.samples.taken >= SAMPLES_LEAST);
}

/** Code that people can change: their own, and packages they chose. */
export function isUserCode({ category }: Pick<FunctionRow, 'category'>): boolean {
  return category === 'own' || category === 'dependency';
}

/** Lines of files that people can open, which Node's own modules are not. */
export function isReadable({ file }: LineRow): boolean {
  return file !== '' && !file.startsWith('node:') && !file.startsWith('<');
}

/** The engine's own work, which stands for many things and is called from nowhere: `(program)`. */
export function isEngine({ function: name, file }: Place): boolean {
  return file === '' && /^\(.*\)$/.test(name);
}

/** What `new Function` and `eval` make has lines, but no file. */
function isMadeAtRunTime({ about }: RunReport, { file, line }: Place): boolean {
  return about.runtime.name === 'node' && file === '' && line > 0;
}

/** The nearest caller that is the user's, by way of the heaviest ones. */
function userCaller(profile: Profile, row: FunctionRow): Place | null {
  const asked = new Set<string>();
  let name = row.file === '' || row.line === 0 ? row.function : `${row.function} (${row.file}:${row.line})`;
  // Each step goes to one caller not asked before, so it ends.
  while (!asked.has(name)) {
    asked.add(name);
    const [caller] = callers(profile, name).rows;
    if (!caller) return null;
    if (isUserCode(caller)) return caller;
    name =
      caller.file === '' || caller.line === 0
        ? caller.function
        : `${caller.function} (${caller.file}:${caller.line})`;
  }
  return null;
}

function samePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.line === b.line && a.function === b.function;
}

function placeOnly({ file, line, function: name }: Place): Place {
  return { file, line, function: name };
}

/** Without this time the run would be shorter by at most this part: all of it may lie on the way that the wall measures. */
export function ofWall({ time }: RunReport, self: number): number {
  return time.wall > 0 ? Math.min(1, self / time.wall) : 0;
}
