import { formatCount, formatTime } from '@whetstone/profile';
import { FigureTable } from '../figure-table.tsx';
import { functionsBySelf } from '../functions-by-self.ts';
import { known } from '../known.ts';
import { Link } from '../link.tsx';
import { PlaceText } from '../place-text.tsx';
import { computingTime, hasCounts, useSession } from '../session.ts';
import { Share } from '../share.tsx';
import { SpentBar } from '../spent-bar.tsx';

/** The functions of the view that took most time themselves. */
export function HottestFunctions({ rows }: { readonly rows: number }) {
  const session = useSession();
  const { view, names, opened } = session;
  const { self, total, calls, states } = view.figures;
  const computing = computingTime(session);
  const counted = hasCounts(session);
  const split = opened.states;
  const order = functionsBySelf(session, rows);
  if (order.length === 0) return null;
  return (
    <section>
      <h2>Functions</h2>
      <FigureTable
        rows={order}
        keyOf={(fn) => fn}
        columns={[
          {
            kind: 'wide',
            title: 'function',
            cell: (fn) => <Link to={{ function: fn, node: -1 }}>{names.function(fn)}</Link>,
          },
          counted && { kind: 'number', title: 'calls', cell: (fn) => known(calls[fn]!, formatCount) },
          { kind: 'number', title: 'self', cell: (fn) => formatTime(self[fn]!) },
          { kind: 'share', title: '%', cell: (fn) => <Share part={self[fn]! / computing} /> },
          { kind: 'number', title: 'total', cell: (fn) => formatTime(total[fn]!) },
          split && { kind: 'bar', title: 'spent on', cell: (fn) => <SpentBar times={states} row={fn} /> },
          {
            kind: 'place',
            title: 'place',
            cell: (fn) => (
              <span class="place muted" title={names.path(names.fileOf(fn))}>
                <PlaceText text={names.place(fn)} />
              </span>
            ),
          },
        ]}
      />
      <p>
        <Link to={{ view: 'table' }}>All functions</Link>
      </p>
    </section>
  );
}
