import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';

// Not to wait for whoever writes into a FIFO.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Errors that mean that there is nothing there for the client. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EINVAL']);

/**
 * Opens `segments` below `root` (a real path), or `null` where there is nothing to be had: it does not exist,
 * may not be read, or lies outside, by a link too.
 *
 * What was opened is looked at, not what its name led to a moment before, where the system tells (Linux).
 */
export async function openBelow(root: string, segments: readonly string[]): Promise<FileHandle | null> {
  if (segments.some((segment) => !isName(segment))) return null;
  const file = path.join(root, ...segments);
  let handle: FileHandle;
  try {
    handle = await open(file, flags);
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  try {
    const real =
      process.platform === 'linux' ? await readlink(`/proc/self/fd/${handle.fd}`) : await realpath(file);
    if (real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return handle;
  } catch {
    // Gone meanwhile: it cannot be said where it was.
  }
  await handle.close();
  return null;
}

/** Whether a segment names something in its folder, and nothing else on any system. */
function isName(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  if (/[/\\\0]/.test(segment)) return false;
  return process.platform !== 'win32' || !/[:*?"<>|]|[. ]$/.test(segment);
}
