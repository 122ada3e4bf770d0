import type { View } from './view.ts';

/** Narrower than a terminal can be used, and wide enough that numbers stay whole. */
const narrowest = 40;

/** What a stream can show: its width, colours unless `NO_COLOR` (or none asked for), Unicode where the locale has it. */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Pick<View, 'columns' | 'colour' | 'unicode'> {
  const columns = stream.isTTY ? stream.columns : Number(environment['COLUMNS']);
  return {
    columns: Math.max(narrowest, columns || 80),
    colour: hasColour(stream.isTTY === true, environment),
    unicode: hasUnicode(environment),
  };
}

/** `NO_COLOR` (https://no-color.org) wins over `FORCE_COLOR`; without either a terminal has colours and a pipe has none. */
function hasColour(terminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return terminal && environment['TERM'] !== 'dumb';
}

/** The first of these that is set decides, as in every C program. Windows and macOS need none of them. */
function hasUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'];
  if (!locale) return process.platform !== 'linux';
  return /utf-?8/i.test(locale);
}
