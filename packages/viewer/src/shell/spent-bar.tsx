import { formatTime } from '@whetstone/profile';
import { stateNames, states } from '../model/states.ts';

/** Shares below this are left out of the words: they round to nothing. */
const leastShown = 0.005;

interface Input {
  /** Time in each state, a row for each thing. */
  readonly times: Float64Array;
  readonly row: number;
}

/** What the time of one thing was spent on, as a small bar with its figures in words for who cannot see it. */
export function SpentBar({ times, row }: Input) {
  const parts = spentOn(times, row);
  if (parts.length === 0) return null;
  return (
    <span
      class="spent"
      title={parts.map(({ name, time, share }) => `${name} ${formatTime(time)} (${share})`).join(', ')}
    >
      {parts.map(({ state, name, time, share }) => (
        <span key={state} class={`part state-${state}`} style={{ flexGrow: time }}>
          <span class="visually-hidden">
            {name} {share}
          </span>
        </span>
      ))}
    </span>
  );
}

/** The parts that are large enough to be told, in the order of the bars. */
export function spentOn(times: Float64Array, row: number) {
  const own = times.subarray(row * states.length, (row + 1) * states.length);
  const whole = own.reduce((sum, time) => sum + time, 0);
  return states
    .map((state, i) => ({
      state,
      name: stateNames[state],
      time: own[i] ?? 0,
      share: `${(((own[i] ?? 0) / whole) * 100).toFixed(0)} %`,
    }))
    .filter(({ time }) => time > whole * leastShown);
}
