import {
  headline,
  mostCharged,
  pathFilter,
  placeText,
  type FunctionLines,
  type FunctionRow,
  type LineRow,
  type Relatives,
  type RunReport,
} from '@whetstone/analyze';
import { formatBytes, formatCount, formatRatio, formatTime } from '@whetstone/profile';
import { penFor, type Pen, type Style } from './pen.ts';
import {
  functionLinesTable,
  functionsTable,
  linesTable,
  memoryTable,
  regionsTable,
  relativesTable,
  threadsTable,
  waitsTable,
} from './tables.ts';
import { wrapped } from './text-width.ts';
import { timeBar } from './time-bar.ts';
import type { SortKey, View } from './view.ts';

/** Rows of a table where `--top` does not say. */
const ROWS = { lines: 5, functions: 10, memory: 4, waits: 6, threads: 8, relatives: 15 } as const;

/** Of what was sampled: lines below are left out unless `--top` asks for them. */
const LINE_SHARE_LEAST = 0.01;

/** Of the peak memory: growth below is left out unless `--top` asks for it. */
const MEMORY_SHARE_LEAST = 0.02;

/**
 * The report of a run as the terminal shows it: first what is so, in a sentence, then the evidence.
 *
 * Ends with a newline. No line is wider than the view's columns, and nothing in it comes from the
 * program unescaped.
 */
export function reportText(report: RunReport, view: View): string {
  const pen = penFor(view);
  const width = Math.max(20, view.columns) - 2;
  const listings = view.lines ?? [];
  const asked = Boolean(view.callers || view.callees || view.missing?.length) || listings.length > 0;
  const sections = [
    paragraph(pen.safe(pen.own(headline(report))), width, pen, 'strong'),
    [...timeBar(report.time, width, pen), ...details(report, width, pen)],
    report.regions.length > 0 ? regionsTable(report.regions, width, pen) : [],
    ...(asked ? [] : [hottestLines(report, view, width, pen), functions(report, view, width, pen)]),
    asked ? [] : memory(report, view, width, pen),
    ...[view.callers, view.callees].map((found) =>
      found?.of.length ? relatives(found, view, width, pen) : [],
    ),
    ...listings.map((lines) => functionListing(lines, width, pen)),
    (view.missing ?? []).flatMap((sentence) => paragraph(pen.safe(sentence), width, pen)),
    ...(asked ? [] : report.marked.map((marked) => functionListing(marked, width, pen))),
    waits(report, view, width, pen),
    threads(report, view, width, pen),
    warningLines(report, width, pen),
    footer(report, view, width, pen),
  ];
  return indented(sections);
}

/** Sections with a blank line between them, two columns in. */
export function indented(sections: readonly (readonly string[])[]): string {
  const lines = sections.filter((section) => section.length > 0).flatMap((section) => ['', ...section]);
  return `${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}

/** Words in lines, in one style. */
export function paragraph(
  text: string,
  width: number,
  pen: Pen,
  style: Style = 'plain',
  hanging = 0,
): string[] {
  return wrapped(text, width - hanging).map(
    (line, i) => (i === 0 ? '' : ' '.repeat(hanging)) + pen.paint(style, line),
  );
}

/** What the recorder wants to be known. */
export function warningLines({ warnings }: RunReport, width: number, pen: Pen): string[] {
  return warnings.flatMap(({ message }) =>
    paragraph(`! ${pen.safe(pen.own(message))}`, width, pen, 'warning', 2),
  );
}

/** Figures that are inside the bar's parts, or beside them. */
function details({ about, time }: RunReport, width: number, pen: Pen): string[] {
  const parts = [
    time.kind === 'sampled' ? 'split by samples: the system’s figures are not in this profile' : '',
    time.queued === null && time.kind === 'measured' ? 'queueing is not told here' : '',
    time.startUp === null || about.modes.attached ? '' : `start-up ${formatTime(time.startUp)}`,
    time.loading === null || time.loading === 0 ? '' : `loading modules ${formatTime(time.loading)}`,
    // Where the bar has it, it need not be told again.
    time.collector === null || time.computing !== null
      ? ''
      : `collector ${time.collector === 0 ? 'none' : formatTime(time.collector)}`,
    time.majorFaults ? `pages read from disk ${formatCount(time.majorFaults)}` : '',
    about.cpu !== null && about.cpu > time.cpu * 1.05 ? `CPU of all threads ${formatTime(about.cpu)}` : '',
    about.peakMemory === null ? '' : `peak memory ${formatBytes(about.peakMemory)}`,
    about.exit.signal !== null ? `ended by ${about.exit.signal}` : '',
    about.exit.code ? `exit code ${about.exit.code}` : '',
  ].filter((part) => part !== '');
  return joinedByDots(parts.map(pen.own).map(pen.safe), width, pen).map((line) => pen.paint('faint', line));
}

function shownFiles({ include = [], exclude = [] }: View): (file: string) => boolean {
  return pathFilter(include, exclude);
}

function hottestLines(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const shown = shownFiles(view);
  const rows = report.lines
    .filter(({ file }) => !file.startsWith('node:') && !file.startsWith('<frozen ') && shown(file))
    .filter(({ self }) => view.top !== undefined || self >= report.about.sampled * LINE_SHARE_LEAST)
    .slice(0, view.top ?? ROWS.lines);
  return rows.length === 0 ? [] : linesTable(rows, report.about.sampled, width, pen);
}

/** Growth that lasts is what matters: lines where memory shrank are not shown. */
function memory(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const shown = shownFiles(view);
  const least = view.top === undefined ? (report.about.peakMemory ?? 0) * MEMORY_SHARE_LEAST : 0;
  const weight = ({ resident, allocated }: LineRow) => Math.max(resident ?? 0, allocated ?? 0);
  const rows = report.lines
    .filter((row) => shown(row.file) && weight(row) > least)
    .toSorted((a, b) => weight(b) - weight(a))
    .slice(0, view.top ?? ROWS.memory);
  return rows.length === 0 ? [] : memoryTable(rows, width, pen);
}

/** The main thread, and the others by what they computed. */
function threads(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const [main, ...others] = report.threads;
  if (main === undefined || others.length === 0) return [];
  const sortedOthers = others.toSorted((a, b) => (b.cpu ?? 0) - (a.cpu ?? 0));
  const rows = [main, ...sortedOthers].slice(0, view.top ?? ROWS.threads);
  const hidden = report.threads.length - rows.length;
  return [
    ...threadsTable(rows, width, pen),
    ...(hidden > 0
      ? paragraph(
          `${formatCount(hidden)} more computed less; --top ${report.threads.length} shows them.`,
          width,
          pen,
          'faint',
        )
      : []),
  ];
}

function functions(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const shown = shownFiles(view);
  const filtered = report.functions.filter(({ file }) => shown(file));
  const sort = view.sort ?? 'self';
  // By self time those without any come last, and say nothing where they neither waited nor were counted.
  const telling = filtered.filter(
    ({ self, calls, allocated, states }) =>
      sort !== 'self' || self > 0 || calls !== null || allocated !== null || Object.keys(states).length > 0,
  );
  const rows = sorted(telling, sort).slice(0, view.top ?? ROWS.functions);
  if (rows.length === 0) {
    return report.functions.length === 0 || filtered.length > 0
      ? []
      : paragraph('No function lies in the paths that were asked for.', width, pen);
  }
  const hidden = report.functions.length - filtered.length;
  return [
    ...functionsTable(rows, report.about.sampled, width, pen),
    ...(hidden > 0
      ? paragraph(`${formatCount(hidden)} functions of other paths are not shown.`, width, pen, 'faint')
      : []),
  ];
}

/** By code points, not a locale: the same order on every machine. */
function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Rows in the order that was asked for; what was not measured comes last. */
function sorted(rows: readonly FunctionRow[], key: SortKey): FunctionRow[] {
  const figure: Readonly<Record<Exclude<SortKey, 'name' | 'file'>, (row: FunctionRow) => number>> = {
    self: ({ self }) => self,
    total: ({ total }) => total,
    calls: ({ calls }) => calls ?? -1,
    'per-call': ({ self, calls }) => (calls ? self / calls : -1),
    gain: ({ gainAtMost }) => gainAtMost,
  };
  if (key === 'name') return rows.toSorted((a, b) => byText(a.function, b.function));
  if (key === 'file') return rows.toSorted((a, b) => byText(a.file, b.file) || a.line - b.line);
  return rows.toSorted((a, b) => figure[key](b) - figure[key](a));
}

function waits(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const shown = shownFiles(view);
  const rows = mostCharged(report.waits.filter(({ file }) => shown(file))).slice(0, view.top ?? ROWS.waits);
  return rows.length === 0 ? [] : waitsTable(rows, width, pen);
}

function relatives(found: Relatives, view: View, width: number, pen: Pen): string[] {
  const { name, of, self, total } = found;
  const places = of.map((place) => pen.safe(placeText(place)));
  const head = `${pen.safe(name)} ${places.join(', ')}: ${pen.own(`self ${formatTime(self)}, total ${formatTime(total)}`)}`;
  const shown = shownFiles(view);
  const rows = found.rows.filter(({ file }) => shown(file));
  return [
    ...paragraph(head, width, pen, 'strong'),
    ...(rows.length === 0
      ? paragraph(nothingSeen(found), width, pen)
      : relativesTable({ ...found, rows: rows.slice(0, view.top ?? ROWS.relatives) }, width, pen)),
  ];
}

function nothingSeen({ kind, rows }: Relatives): string {
  if (rows.length > 0) return `None of its ${kind} is in the files that are shown.`;
  return kind === 'callers'
    ? 'No caller was seen in a sample.'
    : 'Nothing that it calls was seen in a sample.';
}

function functionListing(lines: FunctionLines, width: number, pen: Pen): string[] {
  const rangeEnd = lines.lastLine === lines.line ? '' : `${pen.glyphs.dash}${lines.lastLine}`;
  const head = [
    `${pen.safe(lines.function)} ${pen.safe(placeText(lines))}${rangeEnd}`,
    pen.own(`self ${formatTime(lines.self)}`),
    pen.own(`total ${formatTime(lines.total)}`),
    ...(lines.calls === null ? [] : [`${formatCount(lines.calls)} ${lines.calls === 1 ? 'call' : 'calls'}`]),
  ];
  return [
    ...joinedByDots(head, width, pen).map((line) => pen.paint('strong', line)),
    ...functionLinesTable(lines, width, pen),
  ];
}

function footer(report: RunReport, view: View, width: number, pen: Pen): string[] {
  const { about } = report;
  const counted = report.functions.some(({ calls }) => calls !== null);
  const sampled = about.sampled > 0;
  const lines = [
    about.samples.taken > 0 ? [samplesText(report)] : [],
    sampled || about.influence.kind === 'measured' ? influenceTexts(report) : [],
    about.profile === null
      ? []
      : [`Saved as ${pen.safe(about.profile)}`, 'see: whetstone view', 'why: whetstone explain'],
    sampled && !about.modes.attached && !counted && view.counts !== true && report.regions.length === 0
      ? ['Calls were not counted: --counts counts them, in a second run.']
      : [],
    about.modes.counts && about.samples.taken > 0
      ? ['The program ran again for the calls: times are of the first run.']
      : [],
  ];
  return lines
    .filter((parts) => parts.length > 0)
    .flatMap((parts) => joinedByDots(parts.map(pen.own), width, pen))
    .map((line) => pen.paint('faint', line));
}

function samplesText({ about: { samples, runtime } }: RunReport): string {
  const taken = `${formatCount(samples.taken)} ${samples.taken === 1 ? 'sample' : 'samples'}`;
  const rejected = samples.rejected > 0 ? `, ${formatCount(samples.rejected)} rejected` : '';
  // Node is sampled more often in the beginning.
  const rhythm =
    runtime.name === 'node'
      ? `up to ${formatTime(samples.interval)} apart`
      : `at ${formatTime(samples.interval)}`;
  return `${taken} ${rhythm}${rejected}, ${runtime.name} ${runtime.version.replace(/^v/, '')}`;
}

function influenceTexts({ about: { influence, modes } }: RunReport): string[] {
  const { value, low, high, kind, longestPause } = influence;
  // A program that runs already cannot be run again.
  const how = modes.attached ? 'estimated' : 'estimated; --check-influence measures it';
  return [
    kind === 'measured'
      ? `Measured with a slowdown of ${formatRatio(value)} ± ${((high - low) / 2).toFixed(2)}`
      : `Slowdown by measuring: about ${formatRatio(value)} (${how})`,
    ...(longestPause > 0 ? [`longest pause ${formatTime(longestPause)}`] : []),
  ];
}

/** Parts with a dot between them, on as many lines as they need; a part that is too long is wrapped. */
function joinedByDots(parts: readonly string[], width: number, pen: Pen): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line} ${pen.glyphs.dot} ${part}`;
    if (wrapped(longer, width).length <= 1) line = longer;
    else {
      if (line !== '') lines.push(line);
      const broken = wrapped(part, width);
      lines.push(...broken.slice(0, -1));
      line = broken.at(-1) ?? '';
    }
  }
  return line === '' ? lines : [...lines, line];
}
