import type { TimeSplit } from '@whetstone/analyze';
import { formatTime } from '@whetstone/profile';
import type { Pen, Style } from './pen.ts';
import { shownStates, wholeCells } from './states.ts';
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
  const cells = wholeCells(
    parts.map((part) => part.time),
    Math.max(1, Math.min(BAR_AT_MOST, columns - lead)),
    1,
  );
  const bar = parts.map((part, i) => pen.paint(part.style, part.glyph.repeat(cells[i]!))).join('');
  const lines = inline ? [`${wall}   ${bar}`] : [wall, bar];
  return [...lines, ...legend(parts, lead, columns, pen)];
}

function partsOf(time: TimeSplit, pen: Pen): Part[] {
  const { glyphs } = pen;
  const states = shownStates(pen);
  const parts: Part[] =
    time.computing === null
      ? [{ name: 'computing', glyph: glyphs.computing, style: 'computing', time: time.cpu }]
      : states.map((state) => ({ ...state, time: time.computing?.[state.state] ?? 0 }));
  if (time.queued !== null) {
    parts.push({ name: 'queueing', glyph: glyphs.queueing, style: 'queueing', time: time.queued });
  }
  const lock = time.lock ?? 0;
  if (lock > 0) parts.push({ name: 'waiting for the lock', glyph: glyphs.lock, style: 'lock', time: lock });
  const asleep = time.queued === null && time.kind === 'measured' ? 'waiting or queueing' : 'waiting';
  if (time.waiting === null) {
    parts.push({ name: asleep, glyph: glyphs.waiting, style: 'waiting', time: time.asleep - lock });
  } else {
    // The lock is one of the waits, as far as they name it.
    const waiting = Math.max(0, time.waiting - lock);
    parts.push({ name: 'waiting', glyph: glyphs.waiting, style: 'waiting', time: waiting });
    parts.push({
      name: 'unexplained',
      glyph: glyphs.unexplained,
      style: 'faint',
      time: Math.max(0, time.asleep - lock - waiting),
    });
  }
  // What is left of a difference that is none is no part.
  return parts.filter((part) => part.time > time.wall * 1e-9);
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
