import type { Bytes } from '@whetstone/profile';
import { agentFiles } from './agent-files.ts';
import { agentEnvironment } from './agent-start.ts';

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
  /** The most that was allocated at any moment; of a Python before 3.9 with what our own looks took. */
  readonly peak: Bytes;
  /** What was allocated at the look nearest to the peak: the sum of `peakBytes` of the lines. */
  readonly peakSeen: Bytes;
  /** What was allocated at the last look: the sum of `endBytes` of the lines. */
  readonly last: Bytes;
  /** Most bytes first; at the end those beyond two thousand lines as one row without a file. */
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

/**
 * The environment to start a memory pass with: tracemalloc, one line for each allocation.
 *
 * @param folder a private folder that outlives the program
 * @see {@link agentEnvironment} for what it does not reach
 */
export function pythonMemoryEnvironment(folder: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return agentEnvironment(folder, environment, { part: 'memory' });
}

/** What the processes of a memory pass left in its folder, the program itself first. */
export function readPythonMemory(folder: string): PythonMemory {
  const processes: PythonMemoryProcess[] = [];
  for (const { records } of agentFiles(folder, 'memory')) {
    const [header, figures, ...lines] = records as readonly [ProcessRecord?, FiguresRecord?, ...LineRecord[]];
    if (header?.[0] !== 'process') continue;
    const [, pid, parent, implementation, version, way] = header;
    const [, peak, peakSeen, last, ended] = figures ?? ['figures', 0, 0, 0, false];
    processes.push({
      pid,
      parent,
      implementation,
      version,
      traced: way === 'tracemalloc',
      ended,
      peak,
      peakSeen,
      last,
      lines: lines.map(
        ([, file, line, peakBytes, peakBlocks, endBytes, endBlocks, name, qualname, first]) => ({
          file,
          line,
          function: name === null ? null : { name, qualname, line: first },
          peakBytes,
          peakBlocks,
          endBytes,
          endBlocks,
        }),
      ),
    });
  }
  return { processes: inOrder(processes) };
}

/** A process after the one that started it. */
function inOrder(processes: readonly PythonMemoryProcess[]): PythonMemoryProcess[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  return processes.toSorted(
    (a, b) => Number(pids.has(a.parent)) - Number(pids.has(b.parent)) || a.pid - b.pid,
  );
}

type ProcessRecord = [
  'process',
  pid: number,
  parent: number,
  implementation: string,
  version: string,
  way: 'tracemalloc' | 'none',
];
type FiguresRecord = ['figures', peak: number, peakSeen: number, last: number, ended: boolean];
type LineRecord = [
  'line',
  file: string,
  line: number,
  peakBytes: number,
  peakBlocks: number,
  endBytes: number,
  endBlocks: number,
  name: string | null,
  qualname: string | null,
  first: number,
];
