import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Runs that are kept: enough to compare a day's work, small enough to forget about. */
export const keptProfiles = 20;

/** A saved profile on disk. */
export interface SavedProfile {
  readonly file: string;
  /** `app-3`: the program's name and the number of the run. */
  readonly name: string;
  readonly number: number;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly saved: number;
}

/** The saved profiles of a folder, the last one first; none where there is no folder. */
export function savedProfiles(folder: string): SavedProfile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const profiles: SavedProfile[] = [];
  for (const entry of names) {
    const match = /^(.+-(\d+))\.whet$/.exec(entry);
    if (!match) continue;
    const file = path.join(folder, entry);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    profiles.push({ file, name: match[1]!, number: Number(match[2]), bytes: stat.size, saved: stat.mtimeMs });
  }
  return profiles.toSorted((a, b) => b.number - a.number || b.saved - a.saved);
}

/** The file that the next profile of a program goes to; the number grows over all programs of the folder. */
export function nextProfileFile(folder: string, program: string): string {
  const number = (savedProfiles(folder)[0]?.number ?? 0) + 1;
  const name =
    path
      .basename(program)
      .replace(/\.[^.]+$/, '')
      .replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-') || 'program';
  return path.join(folder, `${name.slice(0, 60)}-${number}.whet`);
}

/**
 * Writes a profile whole or not at all, and drops what is older than the last {@link keptProfiles}.
 *
 * @throws the system's error where the folder or the disk refuses, `EEXIST` where another run has taken the name
 */
export function saveProfile(file: string, bytes: Uint8Array): void {
  const folder = path.dirname(file);
  makeFolder(folder);
  const ignore = path.join(folder, '.gitignore');
  // An empty one is what a full disk left.
  if (!statSync(ignore, { throwIfNoEntry: false })?.size) writeWhole(ignore, '*\n', renameSync);
  writeWhole(file, bytes, moveTo);
  pruneProfiles(folder, keptProfiles);
}

/** Writes beside the file first: its name appears when all is written. */
function writeWhole(
  file: string,
  content: Uint8Array | string,
  move: (partial: string, file: string) => void,
): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, content);
    move(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Not `recursive`, which calls a read-only disk a missing folder. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (existsSync(folder)) return;
    // The name is taken, and nothing is there.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error(`${path.basename(folder)} is a link to what does not exist`, { cause: error });
  }
}

/** Unlike a rename alone, it does not replace what another run has saved meanwhile. */
function moveTo(partial: string, file: string): void {
  try {
    linkSync(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // Not every file system has links.
    renameSync(partial, file);
    return;
  }
  rmSync(partial);
}

/**
 * Removes all but the last `keep` profiles; returns what went.
 *
 * @throws the system's error where the folder or the disk refuses
 */
export function pruneProfiles(folder: string, keep: number): SavedProfile[] {
  const gone = savedProfiles(folder).slice(keep);
  for (const { file } of gone) rmSync(file, { force: true });
  return gone;
}
