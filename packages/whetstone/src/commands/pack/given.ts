import { existsSync, readFileSync } from 'node:fs';
import { readPublicKey, readTrust } from '@whetstone/pack';
import { FileError, reason } from '../../known-error.ts';
import { UsageError } from '../../usage-error.ts';

/** The text of a file that the command line names. */
export function givenText(file: string): string {
  return readable(file, () => readFileSync(file, 'utf8'));
}

/** Does something with a file that the command line names; the system's refusal becomes a line for people. */
export function readable<T>(file: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { path: at = file } = error as NodeJS.ErrnoException;
    throw new FileError('FILE_UNREADABLE', `cannot read ${at}: ${reason(error)}.`, { cause: error });
  }
}

/** As {@link readable}, for what takes its time. */
export async function readableLater<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    return readable(file, () => {
      throw error;
    });
  }
}

/**
 * A public key as the command line gives it: a file, its 64 digits, or the name of a pinned one.
 *
 * @returns 64 hexadecimal digits
 */
export function givenKey(given: string): string {
  if (/^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  if (existsSync(given)) return readPublicKey(givenText(given), given);
  const pinned = readTrust().keys.find(({ name }) => name === given);
  if (pinned) return pinned.key;
  throw new UsageError(
    `--key is '${given}', which is no file, no key of 64 digits, and no name of a pinned key.`,
  );
}

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
