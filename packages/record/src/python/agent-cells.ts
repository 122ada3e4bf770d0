import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Microseconds } from '@whetstone/profile';
import type { PythonMark } from './agent-marks.ts';

/** What IPython's `%whet` and the command that it starts agree on, in a folder that it names. */
export interface Cells {
  /** Tells that the kernel is being measured from now on. */
  ready(): void;
  /** The text of a cell, by the name that its functions have for a file; `null` for other names. */
  textOf(file: string): string | null;
  /** The name that the measured cell was compiled under; empty before it has run. */
  file(): string;
  /** The time of the cell, once for each run of it; empty before it has run. */
  runs(): CellRun[];
  /** The same as regions of the kernel's main thread. */
  marks(pid: number): PythonMark[];
}

/** One run of a cell: monotonic, with what the system told of the thread that ran it; `null` where it did not. */
export interface CellRun {
  readonly start: Microseconds;
  readonly duration: Microseconds;
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
}

/** `null` where no notebook has started this command. */
export function cellsOf(environment: NodeJS.ProcessEnv): Cells | null {
  const folder = environment['WHETSTONE_CELLS'];
  if (!folder) return null;
  const texts = (read(folder, 'sources.json') ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ready: () => writeFileSync(path.join(folder, 'ready'), ''),
    textOf(file) {
      const text = Object.hasOwn(texts, file) ? texts[file] : null;
      return typeof text === 'string' ? text : null;
    },
    file: () => toldIn(folder)?.file ?? '',
    runs: () =>
      (toldIn(folder)?.regions ?? []).map(([start, duration, cpu, queued]) => ({
        start,
        duration,
        cpu,
        queued,
      })),
    marks(pid) {
      const told = toldIn(folder);
      return (told?.regions ?? []).map(([start, duration]) => ({
        process: pid,
        tid: pid,
        kind: 'region',
        name: told?.name ?? '',
        start,
        duration,
      }));
    },
  };
}

interface RegionsFile {
  readonly name: string;
  readonly file: string;
  readonly regions: readonly (readonly [
    start: number,
    duration: number,
    cpu: number | null,
    queued: number | null,
  ])[];
}

function toldIn(folder: string): RegionsFile | null {
  return read(folder, 'regions.json') as RegionsFile | null;
}

/** Without a file lines have no text, and the report is of all that was seen. */
function read(folder: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
  } catch {
    return null;
  }
}
