import { formatCount, formatTime } from '@whetstone/profile';
import { FigureTable } from '../figure-table.tsx';
import { known } from '../known.ts';
import { Link } from '../link.tsx';
import { PlaceText } from '../place-text.tsx';
import { computingTime, hasCounts, useSession } from '../session.ts';
import { Share } from '../share.tsx';
import { SpentBar } from '../spent-bar.tsx';

/** The lines of the view that took most time themselves. */
export function HottestLines({ rows: wanted }: { readonly rows: number }) {
  const session = useSession();
  const { view, found, opened } = session;
  const { lines, lineTexts } = view;
  const computing = computingTime(session);
  const counted = hasCounts(session);
  const split = opened.states;
  const rows: number[] = [];
  for (let i = 0; i < lines.self.length && rows.length < wanted && lines.self[i]! > 0; i++) {
    if (found === null || found.functions[lines.function[i]!] === 1) rows.push(i);
  }
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>Hottest lines</h2>
      <FigureTable
        rows={rows}
        keyOf={(i) => i}
        columns={[
          {
            kind: 'place',
            title: 'line',
            cell: (i) => <LineLink fn={lines.function[i]!} line={lines.line[i]!} />,
          },
          {
            kind: 'wide',
            title: 'source',
            cell: (i) => <code class="source-text">{(lineTexts[i] ?? '').trim()}</code>,
          },
          { kind: 'number', title: 'self', cell: (i) => formatTime(lines.self[i]!) },
          { kind: 'share', title: '%', cell: (i) => <Share part={lines.self[i]! / computing} /> },
          split && { kind: 'bar', title: 'spent on', cell: (i) => <SpentBar times={lines.states} row={i} /> },
          counted && { kind: 'number', title: 'hits', cell: (i) => known(lines.hits[i]!, formatCount) },
        ]}
      />
    </section>
  );
}

/** A line of a function as a link into the source view, where both are then selected. */
function LineLink({ fn, line }: { readonly fn: number; readonly line: number }) {
  const { names } = useSession();
  const file = names.fileOf(fn);
  return (
    <Link
      class="place"
      title={`${names.path(file)}:${line}`}
      to={{ view: 'source', function: fn, node: -1, file, line }}
    >
      <PlaceText text={names.place(fn, line)} />
    </Link>
  );
}
