import type { TimeSplit } from '@whetstone/analyze';
import { formatPercent, formatTime } from '@whetstone/profile';
import { stateMeanings, stateNames, states } from '../model/states.ts';
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

function partsOf(time: TimeSplit): Part[] {
  const { cpu, queued, asleep, waiting } = time;
  // The lock is one of the waits, as far as they name it.
  const lock = time.lock ?? 0;
  const named = waiting === null ? null : Math.max(0, waiting - lock);
  const left = asleep - lock - (named ?? 0);
  const rest =
    waiting === null
      ? part('unexplained', 'asleep', left, 'Asleep; what for was not measured')
      : part('unexplained', 'unexplained', left, 'Asleep, and no wait of the program explains it');
  return [
    ...computingParts(time, cpu),
    part('queueing', 'queueing', queued, 'Ready to run, but another program had the core'),
    part('state-lock', stateNames.lock, lock, stateMeanings.lock),
    part('waiting', 'waiting', named, 'Asleep, explained by waits of the program'),
    rest,
    // What is left of a difference that is none is no part.
  ].filter(({ time: part }) => part > time.wall * 1e-9);
}

/** Computing, in the states that it consists of where the runtime tells. */
function computingParts({ computing }: TimeSplit, cpu: number): Part[] {
  if (computing === null) return [part('computing', 'computing', cpu, 'The main thread had a core')];
  return states.map((state) =>
    part(`state-${state}`, stateNames[state], computing[state] ?? 0, stateMeanings[state]),
  );
}

/** What was not measured has no time, and is not shown. */
function part(key: string, name: string, time: number | null, meaning: string): Part {
  return { key, name, time: time ?? 0, meaning };
}
