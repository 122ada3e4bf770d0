import type { ThreadFigures } from './recording.ts';

/** Only what the threads used since an earlier look. */
export function figuresSince(
  before: readonly ThreadFigures[],
  after: readonly ThreadFigures[],
): ThreadFigures[] {
  const earlier = new Map(before.map((figures) => [`${figures.process}/${figures.tid}`, figures]));
  const less = (a: number | null, b: number | null | undefined) => (a === null ? null : a - (b ?? 0));
  return after.map((figures) => {
    const then = earlier.get(`${figures.process}/${figures.tid}`);
    return {
      ...figures,
      cpu: less(figures.cpu, then?.cpu),
      queued: less(figures.queued, then?.queued),
      majorFaults: less(figures.majorFaults, then?.majorFaults),
      minorFaults: less(figures.minorFaults, then?.minorFaults),
    };
  });
}
