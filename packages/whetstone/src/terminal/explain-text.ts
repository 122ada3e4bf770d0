import { headline, type Finding, type RunReport } from '@whetstone/analyze';
import { formatRatio } from '@whetstone/profile';
import { mythsOf } from '../myths.ts';
import { markdownText } from './markdown-text.ts';
import { penFor, type Pen } from './pen.ts';
import { indented, paragraph, warningLines } from './report-text.ts';
import { timeBar } from './time-bar.ts';
import type { View } from './view.ts';

/** Lines of reading text: longer ones are hard to follow, however wide the terminal is. */
const READING_WIDTH = 98;

/** The findings of a run as the terminal shows them: what is so, how sure, what it could gain, what to try. */
export function explainText(
  report: RunReport,
  view: Pick<View, 'columns' | 'colour' | 'unicode' | 'myths'>,
): string {
  const pen = penFor(view);
  const width = Math.max(20, view.columns) - 2;
  const reading = Math.min(width, READING_WIDTH);
  return indented([
    paragraph(pen.safe(pen.own(headline(report))), width, pen, 'strong'),
    timeBar(report.time, width, pen),
    ...report.findings.map((finding, i) => findingLines(finding, i + 1, reading, pen)),
    report.findings.length === 0 ? nothingFound(report, reading, pen) : [],
    view.myths === true ? mythLines(report, reading, pen) : [],
    warningLines(report, reading, pen),
  ]);
}

function findingLines(finding: Finding, number: number, width: number, pen: Pen): string[] {
  const lead = `${number}. `;
  const { confidence, gainAtMost } = finding;
  const gain =
    gainAtMost === null ? 'gain not known' : `gain at most ${(gainAtMost * 100).toFixed(1)} % of the run`;
  const inner = width - lead.length;
  const body = finding.text.split('\n\n').flatMap((part) => paragraph(text(part, pen), inner, pen));
  const suggestions = finding.suggestions.flatMap((suggestion) =>
    paragraph(`${pen.glyphs.arrow} ${text(suggestion, pen)}`, inner, pen, 'plain', 2),
  );
  return [
    ...paragraph(lead + pen.safe(pen.own(finding.title)), width, pen, 'strong', lead.length),
    ...[
      ...paragraph(`${confidence} ${pen.glyphs.dot} ${gain}`, inner, pen, 'faint'),
      ...body,
      ...suggestions,
    ].map((line) => ' '.repeat(lead.length) + line),
  ];
}

/** Rules that people repeat, each with the time without it ÷ the time with it. */
function mythLines({ about }: RunReport, width: number, pen: Pen): string[] {
  const { runtime, rows, source } = mythsOf(about.runtime);
  const title = pen.safe(pen.own(`Rules that gain nothing on ${runtime}`));
  if (rows.length === 0) {
    return paragraph(`${title}: not known, for this version was not measured. ${source}`, width, pen);
  }
  return [
    ...paragraph(title, width, pen, 'strong'),
    ...rows.flatMap(({ rule, ratio }) =>
      paragraph(`${formatRatio(ratio)} ${text(rule, pen)}`, width, pen, 'plain', 6),
    ),
    ...paragraph(
      `The figure is the time without the rule divided by the time with it: below 1 the rule makes it slower. ${source}`,
      width,
      pen,
      'faint',
    ),
  ];
}

function nothingFound({ about }: RunReport, width: number, pen: Pen): string[] {
  const looked =
    about.sampled === 0
      ? 'Only the operating system measured this run.'
      : 'No known cause shows in this run.';
  const { name } = about.runtime;
  const missing = [
    ...(about.modes.counts ? [] : ['--counts (how often each function and line ran)']),
    ...(about.modes.deopts || name !== 'node' ? [] : ['--deopts (optimised code that was thrown away)']),
  ];
  const more =
    about.sampled === 0 || name === 'other' || missing.length === 0
      ? ''
      : ` More can be seen with ${missing.join(' and ')}.`;
  return paragraph(looked + more, width, pen);
}

/** Markdown with the evidence filled in, safe to print. */
function text(markdown: string, pen: Pen): string {
  return pen.safe(pen.own(markdownText(markdown)));
}
