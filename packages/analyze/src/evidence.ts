import type { Finding, Place } from './report.ts';

/** Every cause that `explain` can find; the text of each is a file of this name. */
export const findingIds = [
  'swapping',
  'busy-machine',
  'waiting-dominates',
  'waiting-unexplained',
  'waiting-for-gil',
  'sequential-awaits',
  'event-loop-blocked',
  'collector',
  'start-up',
  'module-loading',
  'import-time',
  'one-hot-line',
  'one-hot-function',
  'run-time-code',
  'one-hot-builtin',
  'calls-too-many',
  'deoptimised',
  'interpreter',
  'python-calls',
  'python-attributes',
  'python-globals',
  'python-arithmetic',
  'python-iteration',
  'python-containers',
  'generic-instructions',
  'c-code',
  'one-core-only',
  'evenly-spread',
] as const;
export type FindingId = (typeof findingIds)[number];

/**
 * A finding without its words: what was found, and the figures it rests on.
 *
 * Times in `evidence` are microseconds, shares 0 to 1, memory bytes; the text says how each is shown.
 */
export interface Evidence {
  readonly id: FindingId;
  readonly confidence: Finding['confidence'];
  /** Part of the wall time saved if the cause were gone: an upper bound, 0 to 1; `null` where none can be given. */
  readonly gainAtMost: number | null;
  readonly where: Place | null;
  readonly evidence: Readonly<Record<string, number | string>>;
}

/** `src/db.ts:42`, or only the file, or the function where there is no file. */
export function placeText({ file, line, function: name }: Place): string {
  if (file === '') return name;
  return line > 0 ? `${file}:${line}` : file;
}
