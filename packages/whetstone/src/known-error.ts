/** Errors that are for people: they have a stable code of ours, and a message that says what to do. */
export function isKnownError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    /^(USAGE|PROFILE_|TARGET_|RUNTIME_|PROCESS_|ATTACH_|START_|HISTORY_|VIEW_|FILE_)/.test(
      String((error as { code?: unknown }).code),
    )
  );
}
