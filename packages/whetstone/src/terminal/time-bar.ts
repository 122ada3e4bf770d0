import type { TimeSplit } from '@whetstone/analyze';
import { formatTime } from '@whetstone/profile';
import type { Pen, Style } from './pen.ts';
import { textWidth } from './text-width.ts';

interface Part {
  readonly name: string;
  readonly glyph: string;
  readonly style: Style;
  readonly time: number;
}

/** Wide enough for one percent in a column; wider only takes the figures apart. */
const BAR_AT_MOST = 100;

/** The split of the wall time as one bar, with its legend below: the parts add up to the wall. */
export function timeBar(time: TimeSplit, columns: number, pen: Pen): string[] {
  const wall = pen.own(`wall ${formatTime(time.wall)}`);
  const inline = textWidth(wall) + 3 + 20 <= columns;
  const lead = inline ? textWidth(wall) + 3 : 0;
  const parts = partsOf(time, pen);
  const cells = cellsFor(
    parts.map((part) => part.time),
    Math.max(1, Math.min(BAR_AT_MOST, columns - lead)),
  );
  const bar = parts.map((part, i) => pen.paint(part.style, part.glyph.repeat(cells[i]!))).join('');
  const lines = inline ? [`${wall}   ${bar}`] : [wall, bar];
  return [...lines, ...legend(parts, lead, columns, pen)];
}

function partsOf(time: TimeSplit, pen: Pen): Part[] {
  const { glyphs } = pen;
  const parts: Part[] = [{ name: 'computing', glyph: glyphs.computing, style: 'computing', time: time.cpu }];
  if (time.queued !== null) {
    parts.push({ name: 'queueing', glyph: glyphs.queueing, style: 'queueing', time: time.queued });
  }
  const asleep = time.queued === null && time.kind === 'measured' ? 'waiting or queueing' : 'waiting';
  if (time.waiting === null) {
    parts.push({ name: asleep, glyph: glyphs.waiting, style: 'waiting', time: time.asleep });
  } else {
    parts.push({ name: 'waiting', glyph: glyphs.waiting, style: 'waiting', time: time.waiting });
    parts.push({
      name: 'unexplained',
      glyph: glyphs.unexplained,
      style: 'faint',
      time: time.unexplained ?? 0,
    });
  }
  return parts.filter((part) => part.time > 0);
}

/** Whole cells by largest remainder, so that they fill the bar; what is there at all gets one. */
function cellsFor(times: readonly number[], width: number): number[] {
  const sum = times.reduce((a, b) => a + b, 0);
  if (sum === 0) return times.map(() => 0);
  const exact = times.map((time) => (time / sum) * width);
  const cells = exact.map((share) => Math.max(1, Math.floor(share)));
  for (let left = width - cells.reduce((a, b) => a + b, 0); left !== 0; left -= Math.sign(left)) {
    const remainders = exact.map((share, i) => share - cells[i]!);
    const at = left > 0 ? remainders.indexOf(Math.max(...remainders)) : cells.indexOf(Math.max(...cells));
    if (left < 0 && cells[at]! <= 1) break;
    cells[at]! += Math.sign(left);
  }
  return cells;
}

function legend(parts: readonly Part[], indent: number, columns: number, pen: Pen): string[] {
  const entries = parts.map(({ name, glyph, style, time }) => {
    const words = pen.own(` ${name} ${formatTime(time)}`);
    return { plain: glyph + words, painted: pen.paint(style, glyph) + words };
  });
  const needed = entries.reduce((sum, { plain }) => sum + textWidth(plain) + 2, -2);
  // Under the bar where that fits on one line, else from the left.
  const blanks = indent + needed <= columns ? indent : 0;
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const { plain, painted } of entries) {
    const wide = textWidth(plain);
    if (line !== '' && blanks + width + 2 + wide > columns) {
      lines.push(' '.repeat(blanks) + line);
      [line, width] = ['', 0];
    }
    line += (line === '' ? '' : '  ') + painted;
    width += wide + (width === 0 ? 0 : 2);
  }
  if (line !== '') lines.push(' '.repeat(blanks) + line);
  return lines;
}
