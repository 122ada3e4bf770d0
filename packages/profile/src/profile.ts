/** Time, as everywhere inside Whetstone. */
export type Microseconds = number;
export type Bytes = number;

/** How a figure was obtained. */
export type Kind = 'measured' | 'sampled' | 'estimated';

/** A figure with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Whose code a function is, or what takes the place of code. The order is the one in files: only append. */
export const categories = ['own', 'dependency', 'runtime', 'native', 'collector', 'waiting', 'idle'] as const;
export type Category = (typeof categories)[number];

/**
 * What was recorded of one run of a program: immutable, and the same whatever recorded it.
 *
 * Tables are structs of arrays: every column of a table has the same length, and a row is an index.
 * Text is an index into `strings`. Times count from the start of the recording.
 */
export interface Profile {
  readonly about: ProfileAbout;
  readonly strings: readonly string[];
  readonly functions: FunctionTable;
  readonly nodes: NodeTable;
  /** The main thread of the program itself comes first. */
  readonly threads: readonly Thread[];
  /** In the order of {@link threads}: `samples[t]` are those of `threads[t]`. */
  readonly samples: readonly SampleTable[];
  readonly measures: readonly Measure[];
  readonly series: readonly Series[];
  readonly waits: WaitTable;
  readonly collections: CollectionTable;
  readonly marks: MarkTable;
  readonly deoptimisations: DeoptimisationTable;
  readonly sources: readonly Source[];
}

/** Every function that was seen, once. */
export interface FunctionTable {
  /** Index into strings; an anonymous function has the empty string. */
  readonly name: Int32Array;
  /** Index into strings: an absolute path, `node:fs`, or empty where there is no file. */
  readonly file: Int32Array;
  /** From 1; 0 where there is none. */
  readonly line: Int32Array;
  /** From 1; 0 where there is none. */
  readonly column: Int32Array;
  /** Last line of the function's source, 0 where it is not known. */
  readonly lastLine: Int32Array;
  /** Index into {@link categories}. */
  readonly category: Uint8Array;
}

/**
 * Every call path of the recording, once, in one tree that all threads share.
 *
 * Parents come before their children, so one pass from the last row to the first adds every
 * child's cost to its parent.
 */
export interface NodeTable {
  /** Row of the caller, or -1 for a root. */
  readonly parent: Int32Array;
  /** Row in {@link FunctionTable}. */
  readonly function: Int32Array;
}

/** Runs of samples of one thread, in time order, run-length coded. */
export interface SampleTable {
  /** Row in {@link NodeTable}. */
  readonly node: Int32Array;
  /** Line that was running, from 1; 0 where only the function is known. */
  readonly line: Int32Array;
  /** Start of the run. */
  readonly time: Float64Array;
  /** What the run is charged with; gaps that belong to other programs are not in it. */
  readonly duration: Float64Array;
  /** What the moment was spent on, an index into strings; empty where the runtime does not tell. */
  readonly state: Int32Array;
}

/** The words of `Measure.name` that Whetstone itself writes. */
export type MeasureName = 'self' | 'calls' | 'hits' | 'allocated' | 'live' | (string & {});

/**
 * One column of figures for rows of the nodes or of the functions, or for lines in them.
 *
 * `self` is per node and line and adds up to the time sampled. `calls` and `hits` are per function,
 * because they come from another run than the nodes.
 */
export interface Measure {
  readonly name: MeasureName;
  readonly unit: 'microseconds' | 'bytes' | 'count';
  readonly kind: Kind;
  readonly per: 'node' | 'function';
  /** Row in the table that `per` names. */
  readonly row: Int32Array;
  /** From 1; 0 where the figure is for the row as a whole. */
  readonly line: Int32Array;
  /** Row in threads, or -1 for all of them together. */
  readonly thread: Int32Array;
  readonly value: Float64Array;
}

/** A figure over time: `resident`, `heap`, `delay` (of the event loop), … */
export interface Series {
  readonly name: string;
  readonly unit: 'microseconds' | 'bytes' | 'count';
  /** Row in threads, or -1 for the whole process. */
  readonly thread: number;
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** One row per wait that was seen: from asking to answer. */
export interface WaitTable {
  /** Row in threads. */
  readonly thread: Int32Array;
  /** Row in {@link NodeTable}: where the program asked, or -1. */
  readonly node: Int32Array;
  /** Line that asked, from 1, or 0. */
  readonly line: Int32Array;
  /** Index into strings: `timer`, `file`, `dns`, `socket`, `http`, `child`, `pool`, `lock`, `sleep`, … */
  readonly kind: Int32Array;
  /** Index into strings: the call as the program writes it, such as `fetch` or `fs.readFile`. */
  readonly call: Int32Array;
  /** Index into strings: a host and port, a file, a command; the empty string where there is none. */
  readonly target: Int32Array;
  readonly start: Float64Array;
  readonly duration: Float64Array;
  /** The part of the thread's sleep that this wait explains. */
  readonly charged: Float64Array;
  /** How many waits the row stands for: short ones of one place are added up. */
  readonly count: Float64Array;
  /** The longest of them. */
  readonly longest: Float64Array;
}

/** Pauses of the garbage collector. */
export interface CollectionTable {
  readonly thread: Int32Array;
  /** Index into strings: `scavenge`, `mark-sweep-compact`, `incremental`, `weak-callbacks`, … */
  readonly kind: Int32Array;
  readonly start: Float64Array;
  readonly duration: Float64Array;
}

/** Stretches that the program marked itself (`profile.region`), and functions that it marked (`profile(fn)`). */
export interface MarkTable {
  readonly thread: Int32Array;
  /** Index into strings. */
  readonly name: Int32Array;
  readonly kind: Int32Array;
  readonly start: Float64Array;
  readonly duration: Float64Array;
}

/** Optimised code that the engine threw away, added up by place and reason. */
export interface DeoptimisationTable {
  /** Row in {@link FunctionTable}, or -1. */
  readonly function: Int32Array;
  readonly line: Int32Array;
  /** Index into strings. */
  readonly reason: Int32Array;
  readonly count: Int32Array;
}

/** A source as it was when it ran. */
export interface Source {
  /** Index into strings. */
  readonly file: number;
  /** `null` with `--no-source`. */
  readonly text: string | null;
}

/** A thread of a process, with what the operating system says of it. */
export interface Thread {
  readonly process: number;
  /** The runtime's own number: 0 is the main thread. */
  readonly thread: number;
  readonly name: string;
  /** First moment. */
  readonly start: Microseconds;
  readonly wall: Microseconds;
  readonly cpu: Microseconds | null;
  /** Ready to run while others had the core; `null` where the system does not tell. */
  readonly queued: Microseconds | null;
  readonly asleep: Microseconds | null;
  /** From the start of the process to the first line of the program. */
  readonly startUp: Microseconds | null;
  /** Part of `startUp` and after: loading and compiling modules. */
  readonly loading: Microseconds | null;
  readonly majorFaults: number | null;
  readonly minorFaults: number | null;
  /** Samples that the recorder took, and those that it had to throw away. */
  readonly samples: { readonly taken: number; readonly rejected: number };
}

/** Circumstances of a recording. */
export interface ProfileAbout {
  readonly command: readonly string[];
  /** `null` where only the operating system measured. */
  readonly runtime: {
    readonly name: 'node' | 'cpython' | 'pypy' | 'other';
    readonly version: string;
    readonly path: string;
  };
  readonly machine: {
    readonly system: string;
    readonly processor: string;
    readonly cores: number;
    readonly memory: Bytes;
    /** One-minute load average before the run; `null` where the system has none. */
    readonly load: number | null;
  };
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly workingDirectory: string;
  readonly revision: string | null;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  /** Of the whole program, from its start to its end. */
  readonly wall: Microseconds;
  /** Of all its processes and threads. */
  readonly cpu: Microseconds | null;
  readonly peakMemory: Bytes | null;
  /** Swapped-out pages that had to be read back, for all processes, where the system tells. */
  readonly swaps: number | null;
  /** Between samples; the longest, where it changed. */
  readonly interval: Microseconds;
  /** Which ways of measuring ran. */
  readonly modes: {
    readonly counts: boolean;
    readonly waits: boolean;
    readonly deopts: boolean;
    readonly attached: boolean;
  };
  readonly influence: Influence;
  readonly warnings: readonly ProfileWarning[];
  /** How the saved file is called, `null` if it was not saved. */
  readonly saved: string | null;
}

/** Time with measuring ÷ time without it. */
export interface Influence extends Interval {
  readonly kind: Kind;
  /** Longest stop of the program while a piece was taken. */
  readonly longestPause: Microseconds;
  /** All such stops together. */
  readonly pauses: Microseconds;
}

export interface ProfileWarning {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
}

/** What the caller may check: a wrong or damaged file. */
export type ProfileErrorCode =
  | 'PROFILE_MALFORMED'
  | 'PROFILE_EMPTY'
  | 'PROFILE_TRUNCATED'
  | 'PROFILE_TOO_LARGE'
  | 'PROFILE_VERSION'
  | 'PROFILE_UNKNOWN_FORMAT';

/** A profile that cannot be read; the message says what was expected, and at which byte. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly code: ProfileErrorCode;
  constructor(code: ProfileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
