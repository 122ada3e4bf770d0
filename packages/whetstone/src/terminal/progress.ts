import { formatCount, formatTime } from '@whetstone/profile';
import { penFor } from './pen.ts';
import { terminalOf } from './terminal.ts';
import { cutEnd } from './text-width.ts';

/** What is known of a run while it goes on. Times are microseconds. */
export interface ProgressState {
  readonly elapsed: number;
  readonly samples: number;
  readonly stage: string;
}

/** Where the line is written: `process.stderr`, or what behaves like it. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly unicode: boolean;
  /**
   * The program writes to the same terminal. A line of ours would be mixed into its output, so while
   * it runs the progress stands in the window's title.
   */
  readonly shared: boolean;
  /** The terminal's kind, as `TERM` says. */
  readonly term: string | undefined;
}

export interface ProgressLine {
  /** May be passed on by itself. */
  readonly show: (state: ProgressState) => void;
  /** Takes the line away. May be called more than once. */
  readonly end: () => void;
}

/** The stage in which the program itself runs, and its output is shown. */
const RUNNING = 'measuring';

/** Shorter runs need no progress. */
const SHOWN_FROM = 2_000_000;

/** Terminals that know how to save and restore their title. */
const titled = /^(?:xterm|screen|tmux|rxvt|alacritty|foot|kitty|wezterm|vte|gnome|konsole)/;

/**
 * One line on a terminal that rewrites itself and is gone at the end; silent elsewhere.
 *
 * Without options it goes by the surroundings: the program inherits our stdout.
 */
export function progressLine(
  stream: ProgressStream,
  options: ProgressOptions = {
    ...terminalOf(stream),
    shared: process.stdout.isTTY,
    term: process.env['TERM'],
  },
): ProgressLine {
  const { term = 'dumb' } = options;
  if (stream.isTTY !== true || term === 'dumb' || term === '') return { show() {}, end() {} };
  const pen = penFor({ colour: false, unicode: options.unicode });
  let shown: 'nothing' | 'line' | 'title' = 'nothing';
  const end = () => {
    if (shown === 'line') stream.write('\r\x1b[2K');
    if (shown === 'title') stream.write('\x1b[23;2t');
    shown = 'nothing';
  };
  return {
    show({ elapsed, samples, stage }) {
      if (elapsed < SHOWN_FROM) return;
      const counted = samples > 0 ? `, ${formatCount(samples)} samples` : '';
      const text = pen.own(`${pen.safe(stage)} ${formatTime(elapsed)}${counted}`);
      const place = options.shared && stage === RUNNING ? 'title' : 'line';
      if (place === 'title' && !titled.test(term)) return;
      if (shown !== place) end();
      if (place === 'title') {
        stream.write(`${shown === 'nothing' ? '\x1b[22;2t' : ''}\x1b]2;whetstone: ${text}\x1b\\`);
      } else {
        stream.write(`\r\x1b[2K${cutEnd(`whetstone: ${text}`, (stream.columns ?? 80) - 1, '')}`);
      }
      shown = place;
    },
    end,
  };
}
