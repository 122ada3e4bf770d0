import { categories, formatCount, formatTime } from '@whetstone/profile';
import { useEffect, useMemo } from 'preact/hooks';
import type { SortColumn } from '../address.ts';
import { isWaiting } from '../model/scope.ts';
import { Empty } from './empty.tsx';
import { known } from './known.ts';
import { PlaceText } from './place-text.tsx';
import {
  computingTime,
  hasCounts,
  hasTimePerCall,
  selectFunction,
  useSession,
  type Session,
} from './session.ts';
import { Share } from './share.tsx';
import { SpentBar } from './spent-bar.tsx';
import { useNarrow } from './use-narrow.ts';
import { useRows } from './use-rows.ts';

/** A column of the table: by all but `spent` it can be sorted. */
type ColumnName = SortColumn | 'spent';

interface Column {
  readonly id: ColumnName;
  readonly title: string;
  readonly meaning: string;
  readonly needs?: 'counts' | 'timePerCall' | 'waiting' | 'states';
  /** What it shows has no order. */
  readonly unsorted?: boolean;
}

const columns: readonly Column[] = [
  { id: 'name', title: 'function', meaning: 'Name' },
  { id: 'calls', title: 'calls', meaning: 'Exact number of calls in the whole run', needs: 'counts' },
  { id: 'self', title: 'self', meaning: 'Time in the function itself' },
  { id: 'selfPerCall', title: 'per call', meaning: 'Self time divided by calls', needs: 'timePerCall' },
  { id: 'total', title: 'total', meaning: 'Computing time in the function and in all it called' },
  { id: 'totalPerCall', title: 'per call', meaning: 'Total time divided by calls', needs: 'timePerCall' },
  {
    id: 'waited',
    title: 'waited',
    meaning: 'Time that the function and what it called waited, beside the total',
    needs: 'waiting',
  },
  {
    id: 'spent',
    title: 'spent on',
    meaning: 'What the time in the function itself was spent on, asleep or not',
    needs: 'states',
    unsorted: true,
  },
  {
    id: 'gain',
    title: 'gain at most',
    meaning: 'Part of the computing time saved if the function were not called: an upper bound',
  },
  { id: 'place', title: 'place', meaning: 'File and line' },
];

const widths: Readonly<Record<ColumnName, string>> = {
  name: 'minmax(140px, 3fr)',
  calls: '88px',
  self: '68px',
  selfPerCall: '68px',
  total: '68px',
  totalPerCall: '68px',
  waited: '68px',
  spent: '72px',
  gain: '104px',
  place: 'minmax(100px, 3fr)',
};

const rowHeight = 24;
const headHeight = 32;

/** All functions with their figures, sorted and searched. */
export function TableView() {
  const session = useSession();
  const { address, view, found, store } = session;
  const shown = columnsOf(session, useNarrow());
  const rows = useMemo(() => sortedFunctions(session), [view, found, address.sort, address.descending]);
  const visible = useRows(rows.length, rowHeight, headHeight);
  const selectedRow = rows.indexOf(address.function);
  useEffect(() => visible.reveal(selectedRow), [selectedRow]);
  const computing = useMemo(() => computingTime(session), [view]);
  if (rows.length === 0 && found === null) return <Empty />;
  const sortBy = (id: ColumnName) => {
    if (id === 'spent') return;
    const text = id === 'name' || id === 'place';
    store.show({ sort: id, descending: address.sort === id ? !address.descending : !text });
  };
  return (
    <>
      <p class="visually-hidden" aria-live="polite">
        {selectedRow >= 0 && spoken(session, address.function)}
      </p>
      <div
        class="grid"
        style={{ '--columns': shown.map(({ id }) => widths[id]).join(' ') }}
        role="table"
        aria-label="Functions; arrow keys select, Enter shows the source"
        aria-rowcount={rows.length + 1}
        ref={visible.scroller}
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          const next = rowKey(event, selectedRow, rows.length);
          if (event.key === 'Enter' && selectedRow >= 0) {
            event.preventDefault();
            store.show({ view: 'source', file: -1, line: 0 });
          } else if (next !== undefined) {
            event.preventDefault();
            selectFunction(session, rows[next]!);
          }
        }}
      >
        <div role="rowgroup" class="grid-top">
          <div role="row" class="grid-row">
            {shown.map(({ id, title, meaning, unsorted }) => (
              <span
                key={id}
                role="columnheader"
                class={`cell-${id}`}
                aria-sort={
                  unsorted === true
                    ? undefined
                    : address.sort === id
                      ? address.descending
                        ? 'descending'
                        : 'ascending'
                      : 'none'
                }
              >
                {unsorted === true ? (
                  <span class="muted" title={meaning}>
                    {title}
                  </span>
                ) : (
                  <button type="button" title={meaning} onClick={() => sortBy(id)}>
                    {title}
                    <span class="arrow" aria-hidden="true">
                      {address.sort === id ? (address.descending ? ' ↓' : ' ↑') : ''}
                    </span>
                  </button>
                )}
              </span>
            ))}
          </div>
        </div>
        {rows.length === 0 && <p class="message">No function fits “{address.query}”.</p>}
        <div class="grid-space" role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(visible.first, visible.end).map((fn, i) => (
            <div
              key={fn}
              role="row"
              aria-rowindex={visible.first + i + 2}
              class={`grid-row ${fn === address.function ? 'selected' : ''}`}
              style={{ transform: `translateY(${(visible.first + i) * rowHeight}px)` }}
              onClick={() => selectFunction(session, fn)}
              onDblClick={() => store.show({ view: 'source', function: fn, file: -1, line: 0 })}
            >
              {shown.map(({ id }) => (
                <span key={id} role="cell" class={`cell-${id}`}>
                  <Cell session={session} id={id} fn={fn} computing={computing} />
                </span>
              ))}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** What is said of a function that was selected. */
function spoken({ names, view }: Session, fn: number): string {
  const { self, total } = view.figures;
  return `${names.function(fn)}, ${names.place(fn)}: self ${formatTime(self[fn]!)}, total ${formatTime(total[fn]!)}`;
}

interface CellInput {
  readonly session: Session;
  readonly id: ColumnName;
  readonly fn: number;
  readonly computing: number;
}

function Cell({ session, id, fn, computing }: CellInput) {
  const { names, view } = session;
  const { self, total, waited, calls } = view.figures;
  switch (id) {
    case 'name':
      return (
        <>
          <span class={`swatch ${categories[names.category(fn)]!}`} />
          <span class="cut" title={names.function(fn)}>
            {names.function(fn)}
          </span>
        </>
      );
    case 'calls':
      return <>{known(calls[fn]!, formatCount)}</>;
    case 'self':
      return <>{self[fn]! > 0 ? formatTime(self[fn]!) : ''}</>;
    case 'total':
      return <>{formatTime(total[fn]!)}</>;
    case 'waited':
      return <>{waited[fn]! > 0 ? formatTime(waited[fn]!) : ''}</>;
    case 'spent':
      return <SpentBar times={view.figures.states} row={fn} />;
    case 'selfPerCall':
      return <>{known(self[fn]! / calls[fn]!, formatTime)}</>;
    case 'totalPerCall':
      return <>{known(total[fn]! / calls[fn]!, formatTime)}</>;
    case 'gain':
      return total[fn]! > 0 ? <Share part={Math.min(1, total[fn]! / computing)} /> : null;
    case 'place':
      return (
        <span class="cut place" title={names.path(names.fileOf(fn))}>
          <PlaceText text={names.place(fn)} />
        </span>
      );
  }
}

/** Columns that have something to show; a narrow page loses those on the right. */
function columnsOf(session: Session, narrow: boolean): readonly Column[] {
  const { opened, view } = session;
  const has = {
    counts: hasCounts(session),
    timePerCall: hasTimePerCall(session),
    states: opened.states,
    waiting: view.figures.waited.some((time, fn) => time > 0 && !isWaiting(opened.functions.category[fn]!)),
  };
  return columns.filter(
    ({ id, needs }) => (needs === undefined || has[needs]) && !(narrow && (id === 'place' || id === 'gain')),
  );
}

/** Rows of the functions that took time and fit the search, in the order that the address asks for. */
function sortedFunctions(session: Session): number[] {
  const { view, found, address, names } = session;
  const counted = hasTimePerCall(session);
  const { self, total, waited, calls } = view.figures;
  const rows = Array.from(total, (_, fn) => fn).filter(
    (fn) =>
      !isWaiting(names.category(fn)) &&
      (total[fn]! > 0 || waited[fn]! > 0 || (counted && calls[fn]! > 0)) &&
      (found === null || found.functions[fn] === 1),
  );
  const figure: Readonly<Record<SortColumn, ((fn: number) => number) | null>> = {
    name: null,
    place: null,
    calls: (fn) => calls[fn]!,
    self: (fn) => self[fn]!,
    total: (fn) => total[fn]!,
    gain: (fn) => total[fn]!,
    waited: (fn) => waited[fn]!,
    selfPerCall: (fn) => self[fn]! / calls[fn]!,
    totalPerCall: (fn) => total[fn]! / calls[fn]!,
  };
  const by = figure[address.sort];
  const sign = address.descending ? -1 : 1;
  if (by === null) {
    const text =
      address.sort === 'name' ? (fn: number) => names.function(fn) : (fn: number) => names.place(fn);
    const keys = new Map(rows.map((fn) => [fn, text(fn)]));
    return rows.toSorted((a, b) => sign * compareTexts(keys.get(a)!, keys.get(b)!) || a - b);
  }
  // What was not counted comes last, whichever way.
  const value = (fn: number) => (Number.isNaN(by(fn)) ? -sign * Number.NEGATIVE_INFINITY : by(fn));
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === y ? total[b]! - total[a]! || a - b : sign * (x - y);
  });
}

/** By characters: `localeCompare` is seven times slower, and names are code. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The row that a key leads to, `undefined` if the key is none of ours. */
function rowKey(event: KeyboardEvent, row: number, count: number): number | undefined {
  if (count === 0 || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const to: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + 20,
    PageUp: row - 20,
    Home: 0,
    End: count - 1,
  };
  const wanted = to[event.key];
  return wanted === undefined ? undefined : Math.min(count - 1, Math.max(0, wanted));
}
