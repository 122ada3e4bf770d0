import type { TimeSplit } from '@whetstone/analyze';
import { formatPercent, formatTime } from '@whetstone/profile';
import { useSession } from './session.ts';

interface Part {
  readonly key: string;
  readonly name: string;
  readonly time: number;
  readonly meaning: string;
}

/** The wall time as one bar: computing, queueing, waiting, unexplained. */
export function SplitBar() {
  const { report } = useSession().opened;
  const parts = partsOf(report.time);
  const sum = parts.reduce((all, { time }) => all + time, 0);
  if (sum <= 0) return <p class="muted">The operating system gave no times for this run.</p>;
  return (
    <div class="split">
      <div class="split-bar" aria-hidden="true">
        {parts.map(({ key, time }) => (
          <span key={key} class={`part ${key}`} style={{ flexGrow: time / sum }} />
        ))}
      </div>
      <ul class="split-legend">
        {parts.map(({ key, name, time, meaning }) => (
          <li key={key} title={meaning}>
            <span class={`swatch ${key}`} />
            {name} <b>{formatTime(time)}</b> <span class="muted">{formatPercent(time / sum)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function partsOf({ cpu, queued, asleep, waiting, unexplained }: TimeSplit): Part[] {
  const rest =
    waiting === null
      ? part('unexplained', 'asleep', asleep, 'Asleep; what for was not measured')
      : part('unexplained', 'unexplained', unexplained, 'Asleep, and no wait of the program explains it');
  return [
    part('computing', 'computing', cpu, 'The main thread had a core'),
    part('queueing', 'queueing', queued, 'Ready to run, but another program had the core'),
    part('waiting', 'waiting', waiting, 'Asleep, explained by waits of the program'),
    rest,
  ].filter(({ time }) => time > 0);
}

/** What was not measured has no time, and is not shown. */
function part(key: string, name: string, time: number | null, meaning: string): Part {
  return { key, name, time: time ?? 0, meaning };
}
