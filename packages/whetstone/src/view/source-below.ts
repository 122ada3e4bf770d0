import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SourceFolder } from './view-server.ts';

/** Larger files are no sources. */
const largest = 16 * 2 ** 20;

/**
 * A source that the profile names, if it lies below the root when every link on the way is followed;
 * `null` for everything else.
 */
export async function sourceBelow(folder: SourceFolder | undefined, file: string): Promise<Uint8Array | null> {
  if (folder === undefined || !path.isAbsolute(file) || !folder.files.includes(file)) return null;
  try {
    const root = await realpath(folder.root);
    const real = await realpath(file);
    if (!real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return null;
    // A link that is put there between the check and the opening is not followed either.
    const handle = await open(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.size > largest) return null;
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch {
    // Gone, or not readable: for the page that is the same as not there.
    return null;
  }
}
