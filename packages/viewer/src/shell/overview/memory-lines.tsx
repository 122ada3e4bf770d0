import { formatBytes } from '@whetstone/profile';
import { FigureTable } from '../figure-table.tsx';
import { useSession } from '../session.ts';
import { PlaceLink } from './place-link.tsx';

/** The lines at which the memory of the program grew most, in the whole run. */
export function MemoryLines({ rows }: { readonly rows: number }) {
  const { memory } = useSession().opened.report;
  if (memory.length === 0) return null;
  const measured = memory.some(({ allocated }) => allocated !== null);
  return (
    <section>
      <h2>Memory by line, of the whole run</h2>
      <FigureTable
        rows={memory.slice(0, rows)}
        columns={[
          { kind: 'place', title: 'line', cell: (line) => <PlaceLink place={line} /> },
          {
            kind: 'wide',
            title: 'source',
            cell: ({ text }) => <code class="source-text">{(text ?? '').trim()}</code>,
          },
          {
            kind: 'number',
            title: 'grew by',
            meaning: 'By how much the resident memory of the process grew while the line ran, by samples',
            cell: ({ resident }) => resident !== null && formatBytes(resident),
          },
          measured && {
            kind: 'number',
            title: 'allocated',
            cell: ({ allocated }) => allocated !== null && formatBytes(allocated),
          },
        ]}
      />
    </section>
  );
}
