import { closeSync, fstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { FileError, reason } from './known-error.ts';

/**
 * Writes a file that the user named, in one piece or several.
 *
 * A disk that is full leaves nothing behind that looks like a result and is half of one; what is no regular file
 * (`/dev/stdout`, a pipe) stays.
 *
 * @throws FileError `FILE_UNWRITABLE`, with the file's name and the system's reason
 */
export function writeOutput(file: string, pieces: Iterable<string | Uint8Array>): void {
  try {
    const descriptor = openSync(file, 'w');
    try {
      for (const piece of pieces) writeFileSync(descriptor, piece);
    } catch (error) {
      if (fstatSync(descriptor).isFile()) rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new FileError('FILE_UNWRITABLE', `cannot write '${file}': ${reason(error)}.`, { cause: error });
  }
}
