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

const prefix = 'whetstone-';

/** Folders of runs that ended without cleaning up, or whose programs left a daemon, are looked at after so long. */
const STALE = 10 * 60_000;

/** A private folder whose path has no blanks: NODE_OPTIONS is split at them. */
export function makeTemporaryFolder(): string {
  const parent = temporaryFolder();
  removeStale(parent);
  const folder = mkdtempSync(path.join(parent, prefix));
  writeFileSync(path.join(folder, 'owner'), String(process.pid));
  return folder;
}

/** Where temporary folders are made. */
export function temporaryFolder(): string {
  const usual = realpathSync(os.tmpdir());
  return /[\s"\\]/.test(usual) && process.platform !== 'win32' ? '/tmp' : usual;
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
