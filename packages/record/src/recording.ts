import type { Microseconds, Profile } from '@whetstone/profile';
import type { RawRecord, RawStart } from './node/raw.ts';
import type { PythonMark } from './python/agent-marks.ts';
import type { PythonCounts } from './python/counts.ts';
import type { PythonMemory } from './python/memory.ts';
import type { RawPython } from './python/raw-python.ts';

/** What to start, as `resolveTarget` found it. */
export interface Target {
  /** As the user gave it. */
  readonly given: readonly string[];
  readonly kind: 'node' | 'script' | 'command' | 'python';
  /** The executable, and all of its arguments. */
  readonly command: string;
  readonly args: readonly string[];
  /** The program's own file where one is known (`kind` node or python), absolute. */
  readonly entry: string | null;
  /** The Node that `node` is to mean for a script or a command, where one was asked for. */
  readonly runtime?: string;
}

export interface RecordOptions {
  readonly workingDirectory: string;
  /** Between samples; `null`: 250 µs for the first second at most, then 1 ms. */
  readonly interval: Microseconds | null;
  /** Run a second time and count. */
  readonly counts: boolean;
  /** In Python, count lines too: those of the functions that took most time, and of these; `null`: calls alone. */
  readonly countLines: readonly string[] | null;
  /** Run once more and see what each line of Python allocates. */
  readonly memory: boolean;
  /** End the measuring, not the program, after so many milliseconds. */
  readonly for: number | null;
  /** Name or path of another runtime. */
  readonly runtime: string | null;
  readonly waits: boolean;
  readonly deopts: boolean;
  /** Run the program again without us, in turn, and compare. */
  readonly checkInfluence: boolean;
  /** Keep the sources' text in the profile. */
  readonly sources: boolean;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  readonly elapsed: Microseconds;
  readonly samples: number;
  /** What is being done: `measuring`, `counting`, `tracing memory`, `tracing deoptimisations`, `comparing with the plain program`, `assembling`. */
  readonly stage: string;
}

/** A run of its own beside that for time; its times are thrown away. */
export type FurtherPass = 'counts' | 'memory' | 'deopts';

/** What the further runs left behind; what was not run, or gave nothing, is missing. */
export type FurtherRuns = { readonly [P in FurtherPass]?: RawRecording };

/** What comes back: the profile, and how the program ended, so that the command can end the same way. */
export interface Recording {
  readonly profile: Profile;
  readonly exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
}

/** Everything that one run left behind, before it is made into a profile. */
export interface RawRecording {
  /** What the agents inside Node wrote. */
  readonly threads: readonly RawThread[];
  /** What was seen of Python from outside; `null` where nobody looked. */
  readonly python: RawPython | null;
  readonly figures: readonly ThreadFigures[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  /** ISO 8601, UTC. */
  readonly started: string;
  /** Monotonic microseconds at which the program was started and at which it had ended. */
  readonly begin: Microseconds;
  readonly end: Microseconds;
  /** Process number of the program itself. */
  readonly process: number;
  readonly peakMemory: number | null;
  readonly load: number | null;
  readonly runtime: {
    readonly name: 'node' | 'cpython' | 'pypy' | 'other';
    readonly version: string;
    readonly path: string;
  };
  /** What a run that counts or traces memory saw inside Python. */
  readonly pythonCounts?: PythonCounts | null;
  readonly pythonMemory?: PythonMemory | null;
  readonly pythonMarks?: readonly PythonMark[] | null;
  /** V8's traces of deoptimisations, with `--deopts`. */
  readonly deopts: string | null;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Why nothing but the operating system saw anything, for a sentence's beginning; `null` or missing if something did. */
  readonly missed?: string | null;
}

/** One file of the agent's. */
export interface RawThread {
  readonly start: RawStart;
  readonly records: readonly RawRecord[];
  /** False if the file ends without an `end` record. */
  readonly ended: boolean;
}

/** What the operating system says of a thread, read from outside until its end. */
export interface ThreadFigures {
  readonly process: number;
  readonly parent: number;
  /** The kernel's number; equal to `process` for the main thread. */
  readonly tid: number;
  readonly name: string;
  /** Monotonic microseconds: first and last moment at which it was seen. */
  readonly first: Microseconds;
  readonly last: Microseconds;
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
  readonly majorFaults: number | null;
  readonly minorFaults: number | null;
  /** Children that ended had been waited for when it was last looked at. */
  readonly hadChildren?: boolean;
}

/** What the caller may handle; `exitCode` is that of `env` and `timeout`. */
export type RecordErrorCode =
  | 'TARGET_NOT_FOUND'
  | 'TARGET_NOT_EXECUTABLE'
  | 'RUNTIME_NOT_FOUND'
  | 'RUNTIME_TOO_OLD'
  | 'PROCESS_NOT_FOUND'
  | 'PROCESS_NOT_NODE'
  | 'ATTACH_FAILED'
  | 'START_FAILED';

/** The program could not be started or reached; the message says what to do. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: RecordErrorCode;
  constructor(code: RecordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
