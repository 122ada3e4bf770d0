import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** How many samples the agents of a run have written so far, as they say themselves. */
export function samplesIn(folder: string): number {
  let samples = 0;
  try {
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.count')) samples += Number(readFileSync(path.join(folder, name), 'latin1'));
    }
  } catch {
    // The folder is just being removed.
  }
  return samples;
}
