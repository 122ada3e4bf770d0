import type { States } from '@whetstone/analyze';
import type { Pen, Style } from './pen.ts';

/** A state as reports show it. */
export interface ShownState {
  /** As the profile calls it. */
  readonly state: string;
  /** Its word in tables and legends. */
  readonly name: string;
  readonly glyph: string;
  readonly style: Style;
}

/** Every state, in the order in which bars and tables have them: computing first, waiting last. */
export function shownStates({ glyphs }: Pen): readonly ShownState[] {
  return [
    { state: 'bytecode', name: 'Python', glyph: glyphs.computing, style: 'computing' },
    { state: 'c-code', name: 'C code', glyph: glyphs.cCode, style: 'c-code' },
    { state: 'native', name: 'native', glyph: glyphs.native, style: 'native' },
    { state: 'collector', name: 'collector', glyph: glyphs.collector, style: 'collector' },
    { state: 'lock', name: 'lock', glyph: glyphs.lock, style: 'lock' },
    { state: 'queued', name: 'queueing', glyph: glyphs.queueing, style: 'queueing' },
    { state: 'waiting', name: 'waiting', glyph: glyphs.waiting, style: 'waiting' },
  ];
}

/** A split as a bar of so many cells, in the glyphs of the legend; empty where there is none. */
export function stateBar(states: States, width: number, pen: Pen): string {
  const shown = shownStates(pen);
  const cells = wholeCells(
    shown.map(({ state }) => states[state] ?? 0),
    width,
  );
  return shown.map(({ glyph }, i) => glyph.repeat(cells[i]!)).join('');
}

/** The largest parts in words: `C code 57 %, lock 43 %`. */
export function stateWords(states: States, pen: Pen, most = 3): string {
  const shown = shownStates(pen).map(({ state, name }) => ({ name, time: states[state] ?? 0 }));
  const whole = shown.reduce((sum, { time }) => sum + time, 0);
  return shown
    .filter(({ time }) => time / whole >= 0.005)
    .toSorted((a, b) => b.time - a.time)
    .slice(0, most)
    .map(({ name, time }) => `${name} ${Math.round((time / whole) * 100)} %`)
    .join(', ');
}

/** Whole cells by largest remainder, so that they fill the bar; each part that is there at all gets at least `least`. */
export function wholeCells(times: readonly number[], width: number, least = 0): number[] {
  const sum = times.reduce((a, b) => a + b, 0);
  if (sum === 0) return times.map(() => 0);
  const exact = times.map((time) => (time / sum) * width);
  const cells = exact.map((share) => Math.max(share > 0 ? least : 0, Math.floor(share)));
  for (let left = width - cells.reduce((a, b) => a + b, 0); left !== 0; left -= Math.sign(left)) {
    const remainders = exact.map((share, i) => share - cells[i]!);
    const at = left > 0 ? remainders.indexOf(Math.max(...remainders)) : cells.indexOf(Math.max(...cells));
    if (left < 0 && cells[at]! <= 1) break;
    cells[at]! += Math.sign(left);
  }
  return cells;
}
