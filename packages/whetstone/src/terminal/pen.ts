import { safeText } from './safe-text.ts';
import type { View } from './view.ts';

/** What a colour repeats; each is said by a word, a glyph or a number too. */
export type Style =
  | 'plain'
  | 'strong'
  | 'faint'
  | 'computing'
  | 'c-code'
  | 'native'
  | 'collector'
  | 'lock'
  | 'queueing'
  | 'waiting'
  | 'hot'
  | 'warning';

/** What lines are made with: the marks and colours of one view. */
export interface Pen {
  readonly glyphs: Glyphs;
  /** Text from outside, safe to print. */
  readonly safe: (text: string) => string;
  /** Our own words and figures, in what the terminal can show. */
  readonly own: (text: string) => string;
  /** Colours text that has its final width. */
  readonly paint: (style: Style, text: string) => string;
}

export interface Glyphs {
  readonly ellipsis: string;
  readonly computing: string;
  readonly cCode: string;
  readonly native: string;
  readonly collector: string;
  readonly lock: string;
  readonly queueing: string;
  readonly waiting: string;
  readonly unexplained: string;
  readonly dot: string;
  readonly dash: string;
  readonly arrow: string;
}

/** The pen for a view. */
export function penFor({ colour, unicode }: Pick<View, 'colour' | 'unicode'>): Pen {
  return {
    glyphs: unicode ? unicodeGlyphs : asciiGlyphs,
    safe: (text) => safeText(text, unicode),
    own: unicode ? (text) => text : (text) => text.replace(/[^\x20-\x7e]/g, (c) => asciiFor[c] ?? c),
    paint: (style, text) =>
      colour && style !== 'plain' && text !== '' ? `\x1b[${codes[style]}m${text}\x1b[0m` : text,
  };
}

const unicodeGlyphs: Glyphs = {
  ellipsis: '…',
  computing: '█',
  cCode: '▓',
  native: '▄',
  collector: '▚',
  lock: '╳',
  queueing: '▒',
  waiting: '░',
  unexplained: '·',
  dot: '·',
  dash: '–',
  arrow: '→',
};

const asciiGlyphs: Glyphs = {
  ellipsis: '...',
  computing: '#',
  cCode: 'c',
  native: 'n',
  collector: 'g',
  lock: 'x',
  queueing: '=',
  waiting: '-',
  unexplained: '.',
  dot: '|',
  dash: '-',
  arrow: '>',
};

/** For what our own words and figures are written with. */
const asciiFor: Readonly<Record<string, string>> = {
  µ: 'u',
  '×': 'x',
  '·': '|',
  '–': '-',
  '→': '>',
  '≤': '<',
  '…': '...',
  '±': '+/-',
  '’': "'",
  '“': '"',
  '”': '"',
};

/** The basic colours, which every theme of a terminal makes readable. */
const codes: Readonly<Record<Exclude<Style, 'plain'>, string>> = {
  strong: '1',
  faint: '2',
  computing: '34',
  'c-code': '94',
  native: '32',
  collector: '31',
  lock: '35',
  queueing: '33',
  waiting: '36',
  hot: '1;33',
  warning: '33',
};
