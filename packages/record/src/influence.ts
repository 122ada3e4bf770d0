import type { Influence } from '@whetstone/profile';
import type { RawRecording } from './recording.ts';

/** What one sample costs the program, in microseconds. */
const SAMPLE_COST = 25;
/** What the agent adds to the start of a process, in microseconds. */
const START_COST = 35_000;

/** A guess at what the measuring cost, from what was done and from calibration: labelled as estimated. */
export function estimatedInfluence(raw: RawRecording): Influence {
  let samples = 0;
  let pauses = 0;
  let longestPause = 0;
  for (const { records } of raw.threads) {
    for (const record of records) {
      if (record.type !== 'piece') continue;
      samples += record.profile.samples?.length ?? 0;
      pauses += record.pause;
      longestPause = Math.max(longestPause, record.pause);
    }
  }
  const wall = Math.max(raw.end - raw.begin, 1);
  const cost = Math.min(samples * SAMPLE_COST + pauses + (raw.threads.length > 0 ? START_COST : 0), wall * 0.9);
  const value = wall / (wall - cost);
  return { value, low: 1, high: 1 + 2 * (value - 1), kind: 'estimated', longestPause, pauses };
}
