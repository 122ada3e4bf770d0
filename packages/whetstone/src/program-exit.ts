/**
 * Ends this process as the measured program ended: with its code, or by the same signal, so that a shell
 * or a script that started us sees no difference.
 */
export async function endAs(exit: {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}): Promise<number> {
  if (exit.signal === null) return exit.code ?? 1;
  process.removeAllListeners(exit.signal);
  process.kill(process.pid, exit.signal);
  // The signal arrives within a turn of the loop; one that is ignored here falls back on the shell's convention.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { constants } = await import('node:os');
  return 128 + constants.signals[exit.signal];
}
