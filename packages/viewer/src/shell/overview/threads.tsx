import { formatTime } from '@whetstone/profile';
import { stateMeanings, stateNames, states } from '../../model/states.ts';
import { FigureTable, type Column } from '../figure-table.tsx';
import { Link } from '../link.tsx';
import { useSession } from '../session.ts';

/** Processes and threads, the main thread and then by what they computed; a name chooses one for all views. */
export function Threads({ rows }: { readonly rows: number }) {
  const { opened, address } = useSession();
  const { threads } = opened.report;
  if (threads.length < 2) return null;
  const processes = new Set(threads.map(({ process }) => process)).size > 1;
  const told = states.filter((state) => threads.some((thread) => (thread.states[state] ?? 0) > 0));
  const split = told.length > 0;
  const order = threads
    .map((thread, i) => ({ ...thread, i }))
    .toSorted((a, b) => (a.i === 0 ? -1 : b.i === 0 ? 1 : (b.cpu ?? 0) - (a.cpu ?? 0)))
    .slice(0, rows);
  return (
    <section>
      <h2>{processes ? 'Processes and threads' : 'Threads'}</h2>
      <FigureTable
        rows={order}
        keyOf={({ i }) => i}
        attributes={({ i }) => ({ 'aria-current': i === address.thread ? 'true' : undefined })}
        columns={[
          {
            kind: 'wide',
            title: 'thread',
            cell: ({ name, thread, i }) => (
              <Link to={{ thread: i, zoom: -1, range: null }}>{name || `thread ${thread}`}</Link>
            ),
          },
          processes && { kind: 'number', title: 'process', cell: ({ process }) => process },
          { kind: 'number', title: 'computing', cell: ({ cpu }) => formatTime(cpu) },
          ...told.map((state): Column<(typeof order)[number]> => ({
            kind: 'number',
            title: state === 'lock' ? 'lock' : stateNames[state],
            meaning: stateMeanings[state],
            cell: ({ states: times }) => Object.keys(times).length > 0 && formatTime(times[state] ?? 0),
          })),
          !split && { kind: 'number', title: 'queueing', cell: ({ queued }) => formatTime(queued) },
          !split && { kind: 'number', title: 'asleep', cell: ({ asleep }) => formatTime(asleep) },
        ]}
      />
    </section>
  );
}
