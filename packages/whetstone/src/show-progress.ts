import type { Progress } from '@whetstone/record';
import { progressLine } from './terminal/progress.ts';
import { terminalOf } from './terminal/terminal.ts';

/** Progress on stderr while `work` runs, gone when it ends, however it ends. */
export async function showProgress<T>(
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const shared = process.stdout.isTTY || process.stdin.isTTY;
  const line = progressLine(process.stderr, {
    unicode: terminalOf(process.stderr).unicode,
    shared,
    term: process.env['TERM'],
  });
  try {
    return await work(line.show);
  } finally {
    line.end();
  }
}
