import type { CompactProfile } from './compact-profile.ts';

/**
 * What the agent inside a Node program writes, one JSON object a line, one file for each thread:
 * `<folder>/<pid>-<threadId>.jsonl`. A file may end in the middle of a line (SIGKILL): readers take the
 * whole lines. All times are microseconds of the system's monotonic clock (`process.hrtime`), which
 * V8's profiler shares; all processes of one machine count from the same moment.
 *
 * The agent is plain CommonJS and imports nothing of ours; this file is the contract between it and
 * the parent (`raw-folder.ts` checks it when reading).
 */
export type RawRecord =
  | RawStart
  | RawScript
  | RawPiece
  | RawCounts
  | RawWaits
  | RawSites
  | RawCollections
  | RawSeries
  | RawMark
  | RawNote
  | RawEnd;

/** First line of every file. */
export interface RawStart {
  readonly type: 'start';
  readonly pid: number;
  readonly ppid: number;
  /** 0 for the main thread. */
  readonly threadId: number;
  /** The kernel's number of the thread, if it can be told. */
  readonly tid: number | null;
  /** What the thread runs: the entry file, a worker's file, or a name. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly execPath: string;
  readonly version: string;
  readonly workingDirectory: string;
  /** Epoch milliseconds at `now`. */
  readonly epoch: number;
  /** Monotonic microseconds when this line was written. */
  readonly now: number;
  /** When the process (or the worker) began. */
  readonly began: number;
  /** Pass: 1 measures time, 2 counts. */
  readonly pass: 'time' | 'counts';
}

/**
 * A file as it was compiled, if we loaded it. On engines that charge inlined lines to the wrong file every
 * file has lines of its own: the engine's line L (from 1) is line `L - base` of the text that ran.
 */
export interface RawScript {
  readonly type: 'script';
  /** As the profile names it: a path (CommonJS) or a `file:` URL (ESM). */
  readonly url: string;
  /** What the user wrote. */
  readonly file: string;
  /** Added to every line, 0 for none. */
  readonly base: number;
  /** Lines of the text that ran. */
  readonly lines: number;
  /** Characters that were put before the text (padding of ESM); counts' offsets include them. */
  readonly padding: number;
  /**
   * Specifiers of imports that were replaced by what they mean: offset in the text from which on, and by how
   * many characters more, what ran is longer. By offset; absent where nothing was replaced.
   */
  readonly inserted?: readonly (readonly [offset: number, characters: number])[];
  /** The text that ran, where it is not the file itself: path of the cached result. */
  readonly ran: string | null;
  /** Positions in the text that ran are positions in the source (types stripped), or are mapped by `map`. */
  readonly map: 'none' | 'same-positions' | 'source-map';
}

/** One `Profiler.stop` result. */
export interface RawPiece {
  readonly type: 'piece';
  /** When it was taken, if the agent took it. */
  readonly taken?: number;
  /** The interval in force. */
  readonly interval: number;
  /** How long the program stood still for taking it. */
  readonly pause: number;
  /** CPU time of the thread at start and end of the piece, where the agent can tell, else null. */
  readonly cpu: number | null;
  /**
   * V8's `Profiler.Profile`, as the protocol gives it. From Node 26 on the agent writes `serialized` in its place,
   * V8's own text (`serialized-profile.ts`); the reader makes this of it.
   */
  readonly profile: V8Profile;
  /** The same in columns, if the reader made it so: `profile` then has no nodes and no samples. */
  readonly compact?: CompactProfile;
}

export interface V8Profile {
  readonly nodes: readonly V8Node[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}
export interface V8Node {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
    /** From 0. */
    readonly columnNumber: number;
  };
  readonly hitCount?: number;
  readonly children?: readonly number[];
  readonly deoptReason?: string;
  /** Lines from 1. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** One `Profiler.takePreciseCoverage`, counters already made unsigned; the parent adds them up. */
export interface RawCounts {
  readonly type: 'counts';
  readonly scripts: readonly {
    readonly url: string;
    readonly scriptId: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly {
        readonly startOffset: number;
        readonly endOffset: number;
        readonly count: number;
      }[];
    }[];
  }[];
}

/** Places in the program that began waits; `id` is what {@link RawWaits} refers to. */
export interface RawSites {
  readonly type: 'sites';
  readonly sites: readonly {
    readonly id: number;
    /** As the engine names it, line with base. `null` where no frame is the user's. */
    readonly url: string | null;
    readonly line: number;
    readonly column: number;
    readonly function: string;
    /** The API that was called: `fetch`, `fs.promises.readFile`, `setTimeout`. */
    readonly call: string;
    readonly kind: string;
  }[];
}

/**
 * Waits that have ended since the last line, and what has passed of those that have not; columns of one table.
 *
 * A long wait comes in pieces, each starting where the last one ended; only the first has a `count`, the others
 * have 0, so that times and counts add up whenever the program ends. `duration` is the sum where a row stands for
 * several waits; `start` is then that of the first.
 */
export interface RawWaits {
  readonly type: 'waits';
  readonly site: readonly number[];
  /** Index into `targets`, -1 for none. */
  readonly target: readonly number[];
  readonly targets: readonly string[];
  readonly start: readonly number[];
  readonly duration: readonly number[];
  /**
   * Asleep time charged to it, as far as the agent can tell: the idle stretch that its end ended. Of a wait in pieces
   * the last may have sleep from before it: only the end says whose it was.
   */
  readonly charged: readonly number[];
  /** How many waits the row stands for (short ones of one site are added up), and the longest, in pieces or not. */
  readonly count: readonly number[];
  readonly longest: readonly number[];
}

export interface RawCollections {
  readonly type: 'collections';
  readonly kind: readonly string[];
  readonly start: readonly number[];
  readonly duration: readonly number[];
}

export interface RawSeries {
  readonly type: 'series';
  readonly name: string;
  readonly unit: 'microseconds' | 'bytes' | 'count';
  readonly time: readonly number[];
  readonly value: readonly number[];
}

/** `profile(fn)`, `@profile` (kind `function`: where the function is) and `profile.region` (kind `region`). */
export interface RawMark {
  readonly type: 'mark';
  readonly kind: 'function' | 'region';
  readonly name: string;
  readonly start: number;
  readonly duration: number;
  /** Of a function, as the profile's nodes name it: script, line and column from 0. */
  readonly scriptId?: string;
  readonly line?: number;
  readonly column?: number;
}

/** Something the report should say, or a moment: `first-line` (the program's own code begins), `fork`, … */
export interface RawNote {
  readonly type: 'note';
  readonly code: string;
  readonly message: string;
  readonly time: number;
}

/** Last line, if the thread came to its end; CPU as the runtime tells. */
export interface RawEnd {
  readonly type: 'end';
  /** `exit`, `signal`, `uncaught`, `execve`, `terminated`, `rescued`, … */
  readonly reason: string;
  readonly now: number;
  /** Event loop: time asleep in the poll phase (`performance.eventLoopUtilization().idle`). */
  readonly idle: number | null;
  /** The kernel's number, CPU time and run-queue time of every thread of the process that still lived. */
  readonly threads?: readonly (readonly [tid: number, cpu: number, queued: number])[];
  /** Of the process, as `process.resourceUsage()` tells; `peak` in bytes. */
  readonly usage?: {
    readonly peak: number;
    readonly majorFaults: number;
    readonly minorFaults: number;
    readonly cpu: number;
  };
}
