import type { Pen, Style } from './pen.ts';
import { cutEnd, cutMiddle, padded, textWidth } from './text-width.ts';

/** One column of a table; its cells are safe text. */
export interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  readonly align: 'left' | 'right';
  /** Where there is no room the column with the lowest number goes first. */
  readonly keep: number;
  /** May shrink: which part of a cell goes, and down to which width; `most` bounds it even where there is room. */
  readonly cut?: { readonly part: 'middle' | 'end'; readonly least: number; readonly most?: number };
  /** The title may run on over the column after it, which has none. */
  readonly spills?: boolean;
  /** The title may take one column of the gap before it. */
  readonly tight?: boolean;
  /** Style of a row's cell. */
  readonly style?: (row: number) => Style;
}

/** Between columns. */
const GAP = 2;

/**
 * A table's lines: a title line and one for each row, none wider than `width`.
 *
 * Columns that do not fit even when they are cut are left out, the least important first; what room is
 * left goes to those that were cut.
 */
export function tableLines(columns: readonly Column[], width: number, pen: Pen): string[] {
  const shown = fitting(columns, width);
  const widths = columnWidths(shown, width);
  const titles = shown.map(({ title, align, spills, tight }, i) => {
    if (spills) return title;
    return padded(cutEnd(title, widths[i]! + (tight ? 1 : 0), ''), widths[i]!, align);
  });
  const lines = [pen.paint('strong', titleLine(shown, titles, widths, width))];
  const rows = shown[0]?.cells.length ?? 0;
  for (let row = 0; row < rows; row++) {
    let line = '';
    let blanks = 0;
    for (const [i, column] of shown.entries()) {
      const cell = cutTo(column.cells[row] ?? '', column, widths[i]!, pen);
      const text = padded(cell, widths[i]!, column.align);
      // Blanks at the end of a line are no part of it.
      const inner = text.trimEnd();
      line += ' '.repeat(inner === '' ? 0 : blanks) + pen.paint(column.style?.(row) ?? 'plain', inner);
      blanks = (inner === '' ? blanks : 0) + (textWidth(text) - textWidth(inner)) + GAP;
    }
    lines.push(line);
  }
  return lines;
}

/** Times of one column, right-aligned on the unit: units begin in the same place. */
export function timeCells(texts: readonly string[]): string[] {
  const widest = Math.max(0, ...texts.map(unitWidth));
  return texts.map((text) => (text === '' ? '' : text + ' '.repeat(widest - unitWidth(text))));
}

/** Of the blank and the unit at a figure's end. */
function unitWidth(text: string): number {
  return / \S+$/.exec(text)?.[0].length ?? 0;
}

function titleLine(
  columns: readonly Column[],
  titles: readonly string[],
  widths: readonly number[],
  width: number,
) {
  let line = '';
  let at = 0;
  for (const [i, title] of titles.entries()) {
    const lead = /^ */.exec(title)![0].length;
    const text = title.trim();
    // A title may be one wider than its figures: it takes from the gap before it.
    const start =
      at + (columns[i]!.align === 'right' && !columns[i]!.spills ? widths[i]! - textWidth(text) : lead);
    if (text !== '') line = padded(line, start, 'left') + text;
    at += widths[i]! + GAP;
  }
  return cutEnd(line, width, '');
}

function cutTo(cell: string, { cut }: Column, width: number, pen: Pen): string {
  return cut?.part === 'middle'
    ? cutMiddle(cell, width, pen.glyphs.ellipsis)
    : cutEnd(cell, width, pen.glyphs.ellipsis);
}

function naturalWidth({ title, cells, spills, tight, cut }: Column): number {
  const titled = spills ? 0 : textWidth(title) - (tight ? 1 : 0);
  const widest = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), Math.max(0, titled));
  return Math.min(widest, cut?.most ?? widest);
}

function leastWidth(column: Column): number {
  const natural = naturalWidth(column);
  return column.cut ? Math.min(natural, column.cut.least) : natural;
}

function fitting(columns: readonly Column[], width: number): Column[] {
  const shown = [...columns];
  const needed = () => shown.reduce((sum, column) => sum + leastWidth(column) + GAP, -GAP);
  while (shown.length > 1 && needed() > width) {
    const least = Math.min(...shown.map(({ keep }) => keep));
    shown.splice(
      shown.findLastIndex(({ keep }) => keep === least),
      1,
    );
  }
  return shown;
}

function columnWidths(columns: readonly Column[], width: number): number[] {
  const widths = columns.map(leastWidth);
  let room = width - widths.reduce((sum, w) => sum + w + GAP, -GAP);
  // One column at a time to the narrowest that wants more: short names are whole before long paths grow.
  while (room > 0) {
    const wanting = columns.flatMap((column, i) => (widths[i]! < naturalWidth(column) ? [i] : []));
    if (wanting.length === 0) break;
    const share = Math.max(1, Math.floor(room / wanting.length));
    for (const i of wanting) {
      const more = Math.min(share, room, naturalWidth(columns[i]!) - widths[i]!);
      widths[i]! += more;
      room -= more;
    }
  }
  // A single column that is too wide even so.
  if (columns.length === 1) widths[0] = Math.min(widths[0]!, width);
  return widths;
}
