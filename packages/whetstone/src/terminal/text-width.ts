/**
 * Columns that text takes on a terminal: East Asian wide characters and emoji take two, combining
 * marks none. Takes text that is safe to print.
 */
export function textWidth(text: string): number {
  // Most text is plain; one test is cheaper than a look at each character.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The beginning of the text that fits, with the mark for what is missing at its end. */
export function cutEnd(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(mark);
  return room < 0 ? taken(text, width) : taken(text, room) + mark;
}

/**
 * Both ends of a path, with the mark between them. The file's name stays whole where it fits; a beginning
 * of less than three characters says nothing and goes.
 */
export function cutMiddle(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(mark);
  if (room < 2) return cutEnd(text, width, mark);
  const name = /[/\\][^/\\]*$/.exec(text)?.[0] ?? '';
  const named = name !== '' && textWidth(name) <= room;
  const back = named ? name : takenFromEnd(text, Math.ceil((room * 2) / 3));
  const front = taken(text, room - textWidth(back));
  return (named && front.length < 3 ? '' : front) + mark + back;
}

/** Padded with blanks to a width; text that is wider stays. */
export function padded(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** A blank between words, but not between a figure and its unit. */
const breaks = /(?<!\d) +| +(?!(?:[nµm]?s|min|h|%|[kMGT]?B)(?![\p{L}\p{N}]))/u;

/** Words in lines of a width; a word that is longer is broken, and a figure stays with its unit. */
export function wrapped(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(breaks)) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) <= room) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (textWidth(word) > room) {
      const part = taken(word, room) || Array.from(word)[0]!;
      lines.push(part);
      word = word.slice(part.length);
    }
    line = word;
  }
  if (line !== '') lines.push(line);
  return lines;
}

function taken(text: string, width: number): string {
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function takenFromEnd(text: string, width: number): string {
  const characters = Array.from(text);
  let used = 0;
  let first = characters.length;
  while (first > 0 && used + characterWidth(characters[first - 1]!) <= width) {
    used += characterWidth(characters[--first]!);
  }
  return characters.slice(first).join('');
}

/**
 * Blocks that terminals draw two columns wide, first and last code point.
 *
 * @see https://www.unicode.org/reports/tr11/ with the W and F ranges joined where only unassigned ones lie between
 */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (/[\p{Mn}\p{Me}]/u.test(character)) return 0;
  if (wide.some(([first, last]) => code >= first && code <= last)) return 2;
  return /\p{Emoji_Presentation}/u.test(character) ? 2 : 1;
}
