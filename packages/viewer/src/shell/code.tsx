import { categories, formatCount, formatTime } from '@whetstone/profile';
import { useMemo } from 'preact/hooks';
import { hasCounts, useSession, type Session } from './session.ts';
import { SpentBar } from './spent-bar.tsx';
import { tokens } from './tokens.ts';

interface Input {
  readonly file: number;
  readonly lines: readonly string[];
  /** First and last line, from 1. */
  readonly from: number;
  readonly to: number;
  /** What stands left of the lines. */
  readonly figures: 'time' | 'all';
}

/** Figures of one line of a file. */
interface LineFigure {
  readonly self: number;
  readonly hits: number;
  /** Row in the lines of the view. */
  readonly row: number;
}

/** Lines of a file with their time, and heat in the gutter. */
export function Code({ file, lines, from, to, figures }: Input) {
  const session = useSession();
  const { address, opened, view } = session;
  const split = figures === 'all' && opened.states;
  const byLine = useFileFigures(session, file);
  const most = byLine.most;
  const counted = figures === 'all' && hasCounts(session);
  const rows = [];
  for (let line = from; line <= to; line++) {
    const figure = byLine.lines.get(line);
    const self = figure?.self ?? 0;
    rows.push(
      <div
        key={line}
        role="row"
        class={`code-line${line === address.line && file === address.file ? ' marked' : ''}`}
        aria-rowindex={line}
      >
        {counted && (
          <span role="cell" class="code-figure code-hits">
            {figure !== undefined && !Number.isNaN(figure.hits) ? formatCount(figure.hits) : ''}
          </span>
        )}
        <span role="cell" class="code-figure">
          {self > 0 ? formatTime(self) : ''}
        </span>
        {split && (
          <span role="cell" class="code-spent">
            {figure !== undefined && <SpentBar times={view.lines.states} row={figure.row} />}
          </span>
        )}
        <span role="cell" class="code-heat" aria-hidden="true">
          {self > 0 && (
            <span class={byLine.category} style={{ width: `${Math.max(4, (self / most) * 100)}%` }} />
          )}
        </span>
        <span role="rowheader" class="code-number">
          {line}
        </span>
        <code role="cell" class="code-text">
          {tokens(lines[line - 1] ?? '').map(({ kind, text }, i) =>
            kind === 'plain' ? (
              text
            ) : (
              <span key={i} class={`token-${kind}`}>
                {text}
              </span>
            ),
          )}
        </code>
      </div>,
    );
  }
  return (
    <div
      role="table"
      class={`code ${counted ? 'with-hits' : ''}`}
      aria-label="Source"
      aria-rowcount={lines.length}
    >
      {rows}
    </div>
  );
}

/** Figures by line of a file in the current view. */
function useFileFigures({ view, opened }: Session, file: number) {
  return useMemo(() => {
    const lines = new Map<number, LineFigure>();
    let most = 0;
    let category = 'own';
    for (let i = 0; i < view.lines.line.length; i++) {
      const fn = view.lines.function[i]!;
      if (opened.functions.file[fn] !== file) continue;
      category = categories[opened.functions.category[fn]!]!;
      const line = view.lines.line[i]!;
      const hits = view.lines.hits[i]!;
      lines.set(line, { self: view.lines.self[i]!, hits, row: i });
      most = Math.max(most, view.lines.self[i]!);
    }
    return { lines, most, category };
  }, [view, file]);
}
