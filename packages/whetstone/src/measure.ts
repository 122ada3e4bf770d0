import { threadId } from 'node:worker_threads';
import type { RunReport } from '@whetstone/analyze';

/** What a measured call returned, and where its time went. */
export interface Measured<T> {
  readonly value: T;
  readonly report: RunReport;
}

/**
 * Measures a call inside this program: `const { value, report } = await measure(() => work())`.
 *
 * The report is of this thread, from the call to its end, as far as a thread can see itself: other threads and
 * processes, exact counts and named waits are not in it, and its warnings say so. Sampled every 250 µs.
 *
 * @throws what the call throws, and then nothing stays behind
 */
export async function measure<T>(work: () => T | PromiseLike<T>): Promise<Measured<Awaited<T>>> {
  // Loaded here: a program that only marks functions must not load a profiler.
  const [{ recordCall }, { reportOf }, { builtInPlugins }] = await Promise.all([
    import('@whetstone/record'),
    import('./report-of.ts'),
    import('./built-in-plugins.ts'),
  ]);
  const { value, profile } = await recordCall(work, { workingDirectory: process.cwd(), thread: threadId });
  return { value, report: await reportOf(profile, builtInPlugins()) };
}
