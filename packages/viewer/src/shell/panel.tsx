import { categories, formatCount, formatPercent, formatTime } from '@whetstone/profile';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isWaiting } from '../model/scope.ts';
import { stateMeanings } from '../model/states.ts';
import type { Neighbour, Neighbours } from '../model/neighbours.ts';
import { categoryNames } from './call-picture.tsx';
import { Code } from './code.tsx';
import { FigureTable } from './figure-table.tsx';
import { functionsBySelf } from './functions-by-self.ts';
import { Link } from './link.tsx';
import { computingTime, hasCounts, hasTimePerCall, useSession } from './session.ts';
import { Share } from './share.tsx';
import { spentOn } from './spent-bar.tsx';
import { useSource } from './use-source.ts';

/** Neighbours shown before "more". */
const fewNeighbours = 8;
/** Functions listed where none is selected. */
const hottestFunctions = 16;
/** Lines of source around the hottest one. */
const excerptBefore = 3;
const excerptLines = 10;

/** The selected function: its figures, who calls it and whom it calls, and its source. */
export function Panel() {
  const session = useSession();
  const { address, view, names, opened } = session;
  const fn = address.function;
  if (fn < 0 || fn >= opened.functions.name.length) {
    if (address.view === 'overview' || address.view === 'source') return null;
    return (
      <aside class="panel" aria-label="Selected function">
        {address.view === 'table' ? (
          <p class="muted">Select a function to see who calls it, whom it calls, and its source.</p>
        ) : (
          <Hottest />
        )}
      </aside>
    );
  }
  return (
    <aside class="panel" aria-label="Selected function">
      <div class="panel-head">
        <h2 class="name">{names.function(fn)}</h2>
        <button
          type="button"
          class="plain"
          aria-label="Select nothing"
          title="Select nothing (Esc)"
          onClick={() => session.store.show({ function: -1, node: -1 })}
        >
          ×
        </button>
      </div>
      <p class="place muted" title={names.path(names.fileOf(fn))}>
        {names.place(fn)}
      </p>
      <p class="muted">
        <span class={`swatch ${categories[names.category(fn)]!}`} />{' '}
        {categoryNames[categories[names.category(fn)]!]}
      </p>
      <Figures fn={fn} />
      {view.figures.total[fn]! + view.figures.waited[fn]! > 0 && <Around fn={fn} />}
      <Excerpt fn={fn} />
    </aside>
  );
}

/** What there is to select first. */
function Hottest() {
  const session = useSession();
  const { view } = session;
  const list = functionsBySelf(session, hottestFunctions).map((fn) => ({
    function: fn,
    time: view.figures.self[fn]!,
  }));
  return (
    <NeighbourList
      title="Functions by self time"
      level="h2"
      list={list}
      whole={view.busy[0]!}
      few={hottestFunctions}
    />
  );
}

function Figures({ fn }: { readonly fn: number }) {
  const session = useSession();
  const { view, address, selectedBox } = session;
  const { self, total, waited, calls } = view.figures;
  const computing = computingTime(session);
  const count = hasCounts(session) ? calls[fn]! : Number.NaN;
  const perCall = count > 0 && hasTimePerCall(session);
  const rests = isWaiting(session.names.category(fn));
  const onPath = selectedBox >= 0 ? view.busy[selectedBox]! : 0;
  const timed = (title: string, time: number, whole: number, meaning: string): FigureRow => ({
    title,
    meaning,
    figure: formatTime(time),
    share: whole > 0 && formatPercent(time / whole),
    perCall: formatTime(time / count),
  });
  const rows: readonly (FigureRow | false)[] = [
    !rests && timed('self', self[fn]!, computing, 'Computing in the function itself; % of all computing'),
    !rests &&
      timed('total', total[fn]!, computing, 'Computing in it and in all it called; % of all computing'),
    waited[fn]! > 0 &&
      timed('waited', waited[fn]!, view.tree.width[0]!, 'Waiting in it and in what it called; % of all time'),
    address.node >= 0 &&
      onPath > 0 &&
      onPath < total[fn]! * 0.9995 &&
      timed('on this path', onPath, computing, 'The part of the total on the selected call path'),
    ...spentOn(view.figures.states, fn).map(({ state, name, time, share }) => ({
      title: (
        <>
          <span class={`swatch state-${state}`} />
          {name}
        </>
      ),
      meaning: `${stateMeanings[state]}; % of the time in the function itself, asleep or not`,
      figure: formatTime(time),
      share,
    })),
    !Number.isNaN(count) && {
      title: 'calls',
      meaning: 'Exact number of calls in the whole run',
      figure: formatCount(count),
    },
    !rests &&
      computing > 0 &&
      total[fn]! > 0 && {
        title: 'gain at most',
        meaning: 'Part of the computing time saved if the function were not called: an upper bound',
        share: formatPercent(Math.min(1, total[fn]! / computing)),
      },
  ];
  return (
    <FigureTable
      class="panel-figures"
      rows={rows.filter((row) => row !== false)}
      attributes={({ meaning }) => ({ title: meaning })}
      columns={[
        { kind: 'head', title: '', cell: ({ title }) => title },
        { kind: 'number', title: 'time', cell: ({ figure }) => figure },
        { kind: 'number', title: '%', cell: ({ share }) => share },
        perCall && { kind: 'number', title: 'per call', cell: (row) => row.perCall },
      ]}
    />
  );
}

/** A row of the panel's figures; cells that it does not have stay empty. */
interface FigureRow {
  readonly title: ComponentChildren;
  readonly meaning: string;
  readonly figure?: string;
  readonly share?: string | false;
  readonly perCall?: string;
}

function Around({ fn }: { readonly fn: number }) {
  const { worker, view, names } = useSession();
  const [around, setAround] = useState<Neighbours | null>(null);
  useEffect(() => {
    let wanted = true;
    worker.ask({ kind: 'neighbours', function: fn }).then(
      (next) => {
        if (wanted) setAround(next);
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [fn, view]);
  if (around === null) return null;
  const { total: computed, waited } = view.figures;
  const total = isWaiting(names.category(fn)) ? waited[fn]! : computed[fn]!;
  return (
    <>
      <NeighbourList title="Called by" list={around.callers} whole={total} />
      <NeighbourList title="Calls" list={around.callees} whole={total} />
    </>
  );
}

interface ListInput {
  /** Rows before "more". */
  readonly few?: number;
  readonly title: string;
  /** Below a function's name, or the panel's only heading. */
  readonly level?: 'h2' | 'h3';
  readonly list: readonly Neighbour[];
  readonly whole: number;
}

function NeighbourList({ title, level: Heading = 'h3', list, whole, few = fewNeighbours }: ListInput) {
  const { names } = useSession();
  const [all, showAll] = useState(false);
  if (list.length === 0) return null;
  const shown = all ? list.slice(0, 500) : list.slice(0, few);
  return (
    <section>
      <Heading>{title}</Heading>
      <FigureTable
        class="neighbours"
        rows={shown}
        keyOf={({ function: fn }) => fn}
        columns={[
          {
            kind: 'wide',
            cell: ({ function: fn }) =>
              fn < 0 ? (
                <span class="muted">the program</span>
              ) : (
                <Link title={names.place(fn)} to={{ function: fn, node: -1 }}>
                  {names.label(fn)}
                </Link>
              ),
          },
          { kind: 'number', cell: ({ time }) => formatTime(time) },
          { kind: 'share', cell: ({ time }) => <Share part={whole > 0 ? time / whole : 0} /> },
        ]}
      />
      {list.length > shown.length && !all && (
        <button type="button" class="link muted" onClick={() => showAll(true)}>
          {formatCount(list.length - shown.length)} more
        </button>
      )}
    </section>
  );
}

/** The function's source around its hottest line. */
function Excerpt({ fn }: { readonly fn: number }) {
  const { names, view, opened } = useSession();
  const file = names.fileOf(fn);
  const source = useSource(file);
  if (source === null || source.lines === null) return null;
  const { lines } = view;
  const declared = opened.functions.line[fn]!;
  let hottest = declared;
  for (let i = 0; i < lines.self.length; i++) {
    if (lines.function[i] === fn && lines.self[i]! > 0) {
      hottest = lines.line[i]!;
      break;
    }
  }
  if (hottest <= 0) return null;
  const from = Math.max(1, hottest - excerptBefore);
  const to = Math.min(source.lines.length, from + excerptLines - 1);
  return (
    <section>
      <h3>Source</h3>
      {source.note !== '' && <p class="muted">{source.note}</p>}
      <Code file={file} lines={source.lines} from={from} to={to} figures="time" />
      <Link to={{ view: 'source', file, line: hottest }}>{names.place(fn, hottest)}</Link>
    </section>
  );
}
