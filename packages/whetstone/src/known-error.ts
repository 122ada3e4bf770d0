const exitCodes: Readonly<Record<string, number>> = {
  USAGE: 2,
  // As `env` and `timeout` do: the program never started.
  TARGET_NOT_FOUND: 127,
  RUNTIME_NOT_FOUND: 127,
  TARGET_NOT_EXECUTABLE: 126,
  RUNTIME_TOO_OLD: 125,
  START_FAILED: 125,
  PLUGIN_RECORDING_FAILED: 125,
};

/** Errors that are for people: they have a stable code of ours, and a message that says what to do. */
export function isKnownError(error: unknown): error is Error & { code: string } {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return (
    typeof code === 'string' &&
    (code in exitCodes || /^(PROFILE|PROCESS|ATTACH|FILE|VIEW|PLUGIN|SERVE|PACK)_/.test(code))
  );
}

/** What the command ends with after this error: 1, unless the program never started or the line was wrong. */
export function exitCodeOf(error: Error & { code: string }): number {
  return exitCodes[error.code] ?? 1;
}

/** A file of the user's that cannot be read or written. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: 'FILE_UNREADABLE' | 'FILE_UNWRITABLE';
  constructor(code: FileError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The system's reason in words: `no such file`, not `ENOENT: no such file or directory, open '…'`. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const words: Record<string, string> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is no folder',
    ENOSPC: 'the disk is full',
    EROFS: 'the disk is read-only',
    EDQUOT: 'the quota is used up',
    EMFILE: 'too many open files',
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}
