import type { Influence, ProfileAbout, ProfileWarning } from '@whetstone/profile';
import { cpus, release, totalmem, type } from 'node:os';
import type { RawRecording } from '../recording.ts';
import { maskSecrets } from './mask-secrets.ts';

/** What only the whole run tells: everything but the tables. */
export function aboutOf(
  raw: RawRecording,
  modes: ProfileAbout['modes'],
  influence: Influence,
  revision: string | null,
  warnings: readonly ProfileWarning[],
): ProfileAbout {
  const pieces = raw.threads.flatMap((thread) => thread.records.filter((record) => record.type === 'piece'));
  const processor = cpus()[0]?.model.trim() ?? '';
  return {
    command: maskSecrets(raw.command),
    runtime: raw.runtime,
    machine: {
      system: `${type()} ${release()}`,
      processor,
      cores: cpus().length,
      memory: totalmem(),
      load: raw.load,
    },
    started: raw.started,
    workingDirectory: raw.workingDirectory,
    revision,
    exit: raw.exit,
    wall: Math.max(raw.end - raw.begin, 0),
    cpu: sumOf(raw.figures.map((figures) => figures.cpu)),
    peakMemory: raw.peakMemory,
    // Linux counts them for the whole machine; a process's major faults are files read for the first time, too.
    swaps: null,
    // Of Node the longest: the first second's is shorter, and later ones follow what samples cost.
    interval:
      pieces.length > 0
        ? pieces.reduce((longest, piece) => Math.max(longest, piece.interval), 0)
        : (raw.python?.interval.asked ?? 0),
    modes,
    influence: {
      ...influence,
      longestPause: pieces.reduce((longest, piece) => Math.max(longest, piece.pause), influence.longestPause),
      pauses: influence.pauses > 0 ? influence.pauses : pieces.reduce((sum, piece) => sum + piece.pause, 0),
    },
    warnings,
    saved: null,
  };
}

/** `null` if nothing is known, else the sum of what is. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
