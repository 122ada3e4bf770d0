import type { ProfileWarning } from '@whetstone/profile';
import type { ProcFigures } from './proc-figures.ts';
import type { RawRecording } from './recording.ts';

/** How a program is started, but for its command and its streams. */
export interface ProgramStart {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** What measures one run of a program, beside the operating system's figures. */
export interface Instrument {
  /** What it needs in the program's arguments and environment. */
  prepare(start: ProgramStart): ProgramStart;
  /** The program was started, and has this number. */
  watch(pid: number): void;
  /** How many samples it has taken so far. */
  samples(): number;
  /** Where its agents tell which signals their processes heard; `null` where it has none. */
  readonly folder: string | null;
  /** What it saw; called once, when the program has ended and its children had time for their last words. */
  result(pid: number, figures: ProcFigures): Promise<Seen>;
  /** Leaves nothing behind, whatever happened before. */
  leave(): void;
}

/** What an instrument saw of a run. */
export interface Seen extends Partial<Parts> {
  /** Why it saw nothing, for a sentence's beginning; `null` if it saw something. */
  readonly missed: string | null;
  readonly runtime: RawRecording['runtime'] | null;
  /** Whether the program itself told at its end what it had used. */
  readonly told: boolean;
  readonly peakMemory: number | null;
  readonly warnings: readonly ProfileWarning[];
}

type Parts = Pick<
  RawRecording,
  'threads' | 'python' | 'pythonCounts' | 'pythonMemory' | 'pythonMarks' | 'deopts'
>;
