import { categories, formatCount, formatPercent, formatTime } from '@whetstone/profile';
import { useEffect, useState } from 'preact/hooks';
import { isWaiting } from '../model/scope.ts';
import { stateMeanings } from '../model/states.ts';
import type { Neighbour, Neighbours } from '../model/neighbours.ts';
import { categoryNames } from './call-picture.tsx';
import { Code } from './code.tsx';
import { computingTime, Share } from './overview.tsx';
import { hasCounts, hasTimePerCall, selectFunction, useSession } from './session.ts';
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
  const { view, names, found } = useSession();
  const { self } = view.figures;
  const list = Array.from(self, (time, fn) => ({ function: fn, time }))
    .filter(
      ({ function: fn, time }) =>
        time > 0 && !isWaiting(names.category(fn)) && (found === null || found.functions[fn] === 1),
    )
    .toSorted((a, b) => b.time - a.time)
    .slice(0, hottestFunctions);
  return (
    <NeighbourList title="Functions by self time" list={list} whole={view.busy[0]!} few={hottestFunctions} />
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
  const row = (title: string, time: number, whole: number | null, meaning: string) => (
    <tr title={meaning}>
      <th scope="row">{title}</th>
      <td class="number">{formatTime(time)}</td>
      <td class="number">{whole !== null && whole > 0 ? formatPercent(time / whole) : ''}</td>
      {perCall && <td class="number">{formatTime(time / count)}</td>}
    </tr>
  );
  const onPath = selectedBox >= 0 ? view.busy[selectedBox]! : 0;
  return (
    <table class="figures panel-figures">
      <thead>
        <tr>
          <th scope="col" />
          <th scope="col" class="number">
            time
          </th>
          <th scope="col" class="number">
            %
          </th>
          {perCall && (
            <th scope="col" class="number">
              per call
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {!rests && row('self', self[fn]!, computing, 'Computing in the function itself; % of all computing')}
        {!rests &&
          row('total', total[fn]!, computing, 'Computing in it and in all it called; % of all computing')}
        {waited[fn]! > 0 &&
          row(
            'waited',
            waited[fn]!,
            view.tree.width[0]!,
            'Waiting in it and in what it called; % of all time',
          )}
        {address.node >= 0 &&
          onPath > 0 &&
          onPath < total[fn]! * 0.9995 &&
          row('on this path', onPath, computing, 'The part of the total on the selected call path')}
        {spentOn(view.figures.states, fn).map(({ state, name, time, share }) => (
          <tr
            key={state}
            title={`${stateMeanings[state]}; % of the time in the function itself, asleep or not`}
          >
            <th scope="row">
              <span class={`swatch state-${state}`} />
              {name}
            </th>
            <td class="number">{formatTime(time)}</td>
            <td class="number">{share}</td>
          </tr>
        ))}
        {!Number.isNaN(count) && (
          <tr title="Exact number of calls in the whole run">
            <th scope="row">calls</th>
            <td class="number">{formatCount(count)}</td>
          </tr>
        )}
        {!rests && computing > 0 && total[fn]! > 0 && (
          <tr title="Part of the computing time saved if the function were not called: an upper bound">
            <th scope="row">gain at most</th>
            <td />
            <td class="number">{formatPercent(Math.min(1, total[fn]! / computing))}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
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
  readonly list: readonly Neighbour[];
  readonly whole: number;
}

function NeighbourList({ title, list, whole, few = fewNeighbours }: ListInput) {
  const session = useSession();
  const [all, showAll] = useState(false);
  if (list.length === 0) return null;
  const shown = all ? list.slice(0, 500) : list.slice(0, few);
  return (
    <section>
      <h3>{title}</h3>
      <table class="figures neighbours">
        <tbody>
          {shown.map((neighbour) => (
            <tr key={neighbour.function}>
              <td class="wide">
                {neighbour.function < 0 ? (
                  <span class="muted">the program</span>
                ) : (
                  <button
                    type="button"
                    class="link"
                    title={session.names.place(neighbour.function)}
                    onClick={() => selectFunction(session, neighbour.function)}
                  >
                    {session.names.label(neighbour.function)}
                  </button>
                )}
              </td>
              <td class="number">{formatTime(neighbour.time)}</td>
              <td class="number share">
                <Share part={whole > 0 ? neighbour.time / whole : 0} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
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
  const session = useSession();
  const { names, view, opened, store } = session;
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
      <Code file={file} lines={source.lines} from={from} to={to} figures="time" />
      <button type="button" class="link" onClick={() => store.show({ view: 'source', file, line: hottest })}>
        {names.place(fn, hottest)}
      </button>
    </section>
  );
}
