import { formatBytes, formatCount, formatPercent, formatTime } from '@whetstone/profile';
import { safeText } from './terminal/safe-text.ts';

/**
 * How a figure of the evidence is shown: `{{self:time}}`, `{{share:percent}}`, `{{place:code}}`, `{{place}}`,
 * `{{runs:count time}}` (1 time, 2 times).
 */
const formats: Readonly<Record<string, (value: number) => string>> = {
  time: formatTime,
  percent: formatPercent,
  count: formatCount,
  bytes: formatBytes,
  number: (value) => String(Math.round(value * 100) / 100),
};

/**
 * A template with its placeholders filled; `null` if one of them was not measured (`?`) or is empty.
 *
 * Text from the program is escaped so that it stays text in Markdown; `code` puts it in a code span.
 *
 * @throws RangeError for a placeholder without evidence or with an unknown format: a mistake in the text
 */
export function fillTemplate(
  template: string,
  evidence: Readonly<Record<string, number | string>>,
  into: 'markdown' | 'plain',
): string | null {
  let complete = true;
  const text = template.replace(
    /\{\{([^{}:]+)(?::([^{}]+))?\}\}/g,
    (placeholder, name: string, format?: string) => {
      const value = Object.hasOwn(evidence, name) ? evidence[name] : undefined;
      if (value === undefined) throw new RangeError(`No evidence for ${placeholder}: ${template}`);
      if (value === '?' || value === '') {
        complete = false;
        return '';
      }
      if (format !== undefined && format !== 'code') {
        const [kind = '', noun] = format.split(' ');
        const show = formats[kind];
        if (!show || typeof value !== 'number')
          throw new RangeError(`No such format for ${placeholder}: ${template}`);
        return noun === undefined ? show(value) : `${show(value)} ${noun}${value === 1 ? '' : 's'}`;
      }
      const safe = safeText(String(value));
      if (into === 'plain') return safe;
      return format === 'code' ? codeSpan(safe) : escapedMarkdown(safe);
    },
  );
  return complete ? text : null;
}

/** Text that Markdown shows as it is. */
export function escapedMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()<>#+\-.!|~&$:@^=]/g, '\\$&');
}

/** A code span around any text: its fence is longer than every run of backticks inside. */
export function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // One blank on each side is taken off again by what reads it, and needed beside a backtick or a blank.
  return longest > 0 || /^ .* $/.test(text) ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}
