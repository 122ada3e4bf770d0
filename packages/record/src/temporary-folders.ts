import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './is-alive.ts';
import { RecordError } from './recording.ts';

const prefix = 'whetstone-';

/** Folders of runs that ended without cleaning up, or whose programs left a daemon, are looked at after so long. */
const STALE = 10 * 60_000;

/**
 * A private folder whose path has no blanks: NODE_OPTIONS is split at them. It lies in the system's temporary
 * folder, or where else something can be written.
 *
 * @throws {@link RecordError} `START_FAILED` if nothing can be written anywhere
 */
export function makeTemporaryFolder(): string {
  let cause: unknown;
  for (const parent of temporaryFolders()) {
    removeStale(parent);
    let folder: string | undefined;
    try {
      folder = mkdtempSync(path.join(parent, prefix));
      writeFileSync(path.join(folder, 'owner'), String(process.pid));
      return folder;
    } catch (error) {
      cause ??= error;
      if (folder !== undefined) removeFolder(folder);
    }
  }
  throw new RecordError(
    'START_FAILED',
    `Nothing can be measured where nothing can be written: ${String(cause)}. Set TMPDIR to a folder of yours.`,
    { cause },
  );
}

/** Whether a path is one that {@link makeTemporaryFolder} makes. */
export function isTemporaryFolder(folder: string): boolean {
  return path.basename(folder).startsWith(prefix) && temporaryFolders().includes(path.dirname(folder));
}

/** Where temporary folders are made if they can be, the usual place first. */
function temporaryFolders(): string[] {
  const places = [os.tmpdir(), ...(process.platform === 'win32' ? [] : ['/tmp', '/var/tmp', '/dev/shm'])];
  const found = places.flatMap((place) => {
    try {
      return [realpathSync(place)];
    } catch {
      return [];
    }
  });
  return [...new Set(found)].filter((place) => process.platform === 'win32' || !/[\s"\\]/.test(place));
}

/** Removes a folder of ours, whatever still lies in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes the folder of a run, but for an empty `preload` where a process of the program lives on: a Node
 * that it starts would not find the file that it is told to load.
 */
export function leaveFolder(folder: string, preload: string): void {
  if (!isMentioned(folder)) return removeFolder(folder);
  for (const name of readdirSync(folder)) {
    if (path.join(folder, name) !== preload) removeFolder(path.join(folder, name));
  }
  writeFileSync(preload, '');
}

/** Whether the environment of any living process names the folder; where nobody can tell, it may. */
function isMentioned(folder: string): boolean {
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/environ`).includes(folder);
    } catch {
      // Another user's, or gone.
      return false;
    }
  });
}

function removeStale(parent: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(parent).filter((name) => name.startsWith(prefix));
  } catch {
    return;
  }
  for (const name of names) {
    const folder = path.join(parent, name);
    try {
      const status = statSync(folder);
      if (Date.now() - status.mtimeMs < STALE || status.uid !== process.getuid?.()) continue;
      if (!isAlive(ownerOf(folder)) && (process.platform !== 'linux' || !isMentioned(folder)))
        removeFolder(folder);
    } catch {
      // Somebody else was quicker.
    }
  }
}

function ownerOf(folder: string): number {
  try {
    return Number(readFileSync(path.join(folder, 'owner'), 'latin1'));
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}
