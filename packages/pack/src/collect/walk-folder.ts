import { lstatSync, readdirSync, type Stats } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';

/** A file, link or empty folder that a walk met. */
export interface Met {
  /** Absolute. */
  readonly file: string;
  readonly stats: Stats;
}

/**
 * All that is below a folder, or the file itself, sorted; links are met and not followed.
 *
 * @param skip is asked for each folder and file; what it refuses is not entered
 * @throws {@link PackError} `PACK_FILE_REFUSED` for a name that is not UTF-8
 */
export function* walkFolder(top: string, skip: (file: string, stats: Stats) => boolean): Generator<Met> {
  const stats = lstatSync(top);
  if (skip(top, stats)) return;
  if (!stats.isDirectory()) {
    yield { file: top, stats };
    return;
  }
  const names = readdirSync(top, { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b));
  if (names.length === 0) yield { file: top, stats };
  for (const bytes of names) {
    const name = bytes.toString();
    if (!Buffer.from(name).equals(bytes))
      throw new PackError('PACK_FILE_REFUSED', `A file in ${top} has a name that is not UTF-8: rename it.`);
    yield* walkFolder(path.join(top, name), skip);
  }
}
