import type { Bytes } from '@whetstone/profile';

/** What tracemalloc saw, all processes one after the other. */
export interface PythonMemory {
  readonly processes: readonly PythonMemoryProcess[];
}

/** Allocations of one process. */
export interface PythonMemoryProcess {
  readonly pid: number;
  readonly parent: number;
  readonly implementation: string;
  readonly version: string;
  /** False where there is no tracemalloc (PyPy); then all figures are 0. */
  readonly traced: boolean;
  /** Whether the last look was taken at the process's end; else some time before it. */
  readonly ended: boolean;
  /** The most that was allocated at any moment: exact. */
  readonly peak: Bytes;
  /** What was allocated at the look nearest to the peak: the sum of `peakBytes` of the lines. */
  readonly peakSeen: Bytes;
  /** What was allocated at the last look: the sum of `endBytes` of the lines. */
  readonly last: Bytes;
  readonly lines: readonly PythonLineAllocations[];
}

/** What one line had allocated that was not yet freed. */
export interface PythonLineAllocations {
  readonly file: string;
  readonly line: number;
  /** The function around the line, where it could be told. */
  readonly function: {
    readonly name: string;
    readonly qualname: string | null;
    readonly line: number;
  } | null;
  readonly peakBytes: Bytes;
  readonly peakBlocks: number;
  readonly endBytes: Bytes;
  readonly endBlocks: number;
}
