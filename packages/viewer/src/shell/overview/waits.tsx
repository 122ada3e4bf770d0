import { formatCount, formatTime } from '@whetstone/profile';
import { FigureTable } from '../figure-table.tsx';
import { useSession } from '../session.ts';
import { PlaceLink } from './place-link.tsx';

/** What was waited for, and where, in the whole run. */
export function Waits({ rows }: { readonly rows: number }) {
  const { waits } = useSession().opened.report;
  if (waits.length === 0) return null;
  return (
    <section>
      <h2>Waits of the whole run</h2>
      <FigureTable
        rows={waits.slice(0, rows)}
        columns={[
          {
            kind: 'wide',
            title: 'what',
            cell: ({ call, kind, target }) => (
              <>
                {call || kind}
                {target !== null && target !== '' && <span class="muted"> {target}</span>}
              </>
            ),
          },
          { kind: 'number', title: 'count', cell: ({ count }) => formatCount(count) },
          {
            kind: 'number',
            title: 'time',
            meaning: 'Between asking and answer, added up; waits may overlap',
            cell: ({ time }) => formatTime(time),
          },
          {
            kind: 'number',
            title: 'of the sleep',
            meaning: "The part of the thread's sleep that this wait explains",
            cell: ({ charged }) => formatTime(charged),
          },
          { kind: 'place', title: 'place', cell: (wait) => <PlaceLink place={wait} /> },
        ]}
      />
    </section>
  );
}
