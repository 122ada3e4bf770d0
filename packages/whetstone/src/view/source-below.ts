import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SourceFolder } from './view-server.ts';

/** Larger files are no sources. */
const largest = 16 * 2 ** 20;

/** The files that {@link sourceBelow} would read. */
export async function sourcesBelow(folder: SourceFolder | undefined): Promise<string[]> {
  const files = folder?.files.filter((file) => path.isAbsolute(file)) ?? [];
  const real = await Promise.all(files.map((file) => realBelow(folder!.root, file)));
  return files.filter((_, i) => real[i] !== null);
}

/**
 * A source that the profile names, if it lies below the root when every link on the way is followed;
 * `null` for everything else.
 */
export async function sourceBelow(
  folder: SourceFolder | undefined,
  file: string,
): Promise<Uint8Array | null> {
  if (folder === undefined || !path.isAbsolute(file) || !folder.files.includes(file)) return null;
  const real = await realBelow(folder.root, file);
  if (real === null) return null;
  try {
    // A link that is put there between the check and the opening is not followed either.
    const handle = await open(
      real,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
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

/** Where a file really is, if that is below the root. */
async function realBelow(root: string, file: string): Promise<string | null> {
  try {
    const [folder, real] = await Promise.all([realpath(root), realpath(file)]);
    return real.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep) ? real : null;
  } catch {
    return null;
  }
}
