/**
 * The JSON documents that the command writes with `--json FILE` (`-` is stdout): the contract for
 * scripts, continuous integration and our own tests. `run` refuses `-`: stdout is the program's.
 * UTF-8, one object, every time in microseconds (seconds in {@link BenchReport} alone), memory in
 * bytes, ratios as plain numbers (1.04 is 4 % more). Fields are only ever added;
 * a change that breaks a reader raises `format`.
 *
 * `null` means "not measured in this run", never zero. Paths are relative to the working directory
 * where they lie below it, else absolute; Node's own modules are `node:fs`, Python's frozen ones
 * `<frozen importlib._bootstrap>`. Lines and columns count from 1 and name the source the user wrote.
 */
import type { Bytes, Category, Interval, Kind, Microseconds } from '@whetstone/profile';

/** A place in source. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

/** `whetstone run`, `attach` and `explain`. */
export interface RunReport {
  readonly format: 1;
  readonly about: About;
  readonly time: TimeSplit;
  /** By self time, most first. The whole list, not only what the terminal shows. */
  readonly functions: readonly FunctionRow[];
  /** By self time, most first; where states are known, with those that only waited. */
  readonly lines: readonly LineRow[];
  /** By time, most first. */
  readonly waits: readonly WaitRow[];
  /** One row per process and thread, the first is the main thread of the program itself. */
  readonly threads: readonly ThreadRow[];
  /** Stretches that the program marked itself; where there are any, functions and lines are theirs alone. */
  readonly regions: readonly RegionRow[];
  /** Functions that the program marked itself, line by line. */
  readonly marked: readonly FunctionLines[];
  readonly collections: readonly CollectionRow[];
  readonly findings: readonly Finding[];
  readonly warnings: readonly Warning[];
}

export interface About {
  /** The program's command line, as it was started. */
  readonly command: readonly string[];
  /** `other`: neither Node nor Python; wall, CPU and memory are all that is known. */
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
  };
  /** Start, ISO 8601 in UTC. */
  readonly started: string;
  readonly revision: string | null;
  /** One of both is set; neither where the program was not seen to end, as by `attach` and `measure()`. */
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly samples: { readonly taken: number; readonly rejected: number; readonly interval: Microseconds };
  /** Time with measuring ÷ time without it; `kind` is `measured` only after `--check-influence`. */
  readonly influence: Interval & {
    readonly kind: Kind;
    /** Longest stop of the program while samples were taken away, and all such stops together. */
    readonly longestPause: Microseconds;
    readonly pauses: Microseconds;
  };
  /** Of the whole program, from its start to its end. */
  readonly wall: Microseconds;
  /** Of all its processes and threads. */
  readonly cpu: Microseconds | null;
  /** Inside `cpu`, by samples: what the shares of functions and lines are parts of. */
  readonly sampled: Microseconds;
  readonly peakMemory: Bytes | null;
  /** Pages that had to be read back from swap. */
  readonly swaps: number | null;
  readonly modes: {
    readonly counts: boolean;
    readonly waits: boolean;
    readonly deopts: boolean;
    readonly attached: boolean;
  };
  /** Where the profile was saved, `null` with `--no-save`. */
  readonly profile: string | null;
}

/**
 * Of the main thread of the program: `wall = cpu + queued + asleep`, from the operating system.
 * Where it does not tell how long a thread queued, `queued` is `null` and the time is inside `asleep`.
 * `waiting + unexplained = asleep`: what named waits explain, and what they do not.
 */
export interface TimeSplit {
  readonly wall: Microseconds;
  readonly cpu: Microseconds;
  /** Ready to run, but others had the cores: other programs, or the program's own threads and processes. */
  readonly queued: Microseconds | null;
  readonly asleep: Microseconds;
  readonly waiting: Microseconds | null;
  readonly unexplained: Microseconds | null;
  /**
   * Garbage collection. Of Node the pauses, inside `wall`: where the machine is busy they hold waiting for a core.
   * Of CPython, and where only samples tell, inside `cpu`.
   */
  readonly collector: Microseconds | null;
  /** Page faults that had to read from disk or swap. */
  readonly majorFaults: number | null;
  /** Inside `wall`: from the start of the process to the first line of the program. */
  readonly startUp: Microseconds | null;
  /**
   * What `cpu` was spent on, where the runtime tells: for CPython `bytecode`, `c-code`, `native` and
   * `collector`. By samples, in proportion, so that they add up to `cpu`; `null` elsewhere.
   */
  readonly computing: States | null;
  /** Inside `asleep`: waiting for the interpreter's lock, by samples; `null` where there is none. */
  readonly lock: Microseconds | null;
  /**
   * Inside `waiting`: waits for locks, pipes and children while other threads or processes of the program
   * worked, by samples; `null` where what they did is not known.
   */
  readonly joined: Microseconds | null;
  /** Inside `wall`: finding, reading and compiling modules; by samples where the recorder did not time it. */
  readonly loading: Microseconds | null;
  /** `sampled` where the operating system's figures are missing, as in an imported file. */
  readonly kind: Kind;
}

export interface FunctionRow extends Place {
  readonly category: Category;
  readonly self: Microseconds;
  readonly total: Microseconds;
  /** Exact, `null` without `--counts`. */
  readonly calls: number | null;
  /**
   * Part of the run's CPU time saved if the function cost nothing: an upper bound, 0 to 1. It is the
   * function's total (with what it calls, recursion counted once) as a part of what was sampled.
   */
  readonly gainAtMost: number;
  readonly allocated: Bytes | null;
  /** Of the function itself, asleep or not: more than `self` where it waited. */
  readonly states: States;
}

/**
 * Wall time by what it was spent on, by samples, where the runtime tells: for CPython `bytecode`, `c-code`
 * (C code that holds the interpreter's lock), `native` (code that runs without it), `collector`, `lock`
 * (waiting for it), `waiting`, `queued`. What did not occur is left out; empty for Node.
 */
export type States = Readonly<Record<string, Microseconds>>;

export interface LineRow extends Place {
  readonly self: Microseconds;
  /** Exact, `null` without `--counts`. */
  readonly hits: number | null;
  /** The line itself, `null` where the source is not to be had. */
  readonly text: string | null;
  readonly allocated: Bytes | null;
  /** By how much the resident memory of the process grew while the line ran, by samples; `null` where it is not known. */
  readonly resident: Bytes | null;
  /** Asleep or not: more than `self` where it waited. */
  readonly states: States;
}

export interface WaitRow extends Place {
  /** `timer`, `file`, `dns`, `socket`, `http`, `child`, `pool` (work in libuv's threads), `lock`, `gil`, `sleep`, … */
  readonly kind: string;
  /** The call as the program writes it: `fetch`, `fs.readFile`. */
  readonly call: string;
  /** What was waited for: a host and port, a file, a command. */
  readonly target: string | null;
  readonly count: number;
  /** Time between asking and answer, added up; may exceed `asleep` where waits overlap. */
  readonly time: Microseconds;
  /** The part of `asleep` that this wait is charged with; adds up to `waiting`. */
  readonly charged: Microseconds;
  /** The longest single one. */
  readonly longest: Microseconds;
}

/** A stretch that the program marked with `profile.region(name)`, added up by name. */
export interface RegionRow {
  readonly name: string;
  readonly count: number;
  readonly time: Microseconds;
}

/** Pauses of the collector in the main thread, added up by kind. */
export interface CollectionRow {
  readonly kind: string;
  readonly count: number;
  readonly time: Microseconds;
  readonly longest: Microseconds;
}

/** One function line by line, with the lines that took no time. */
export interface FunctionLines extends Place {
  readonly lastLine: number;
  /** Of the lines below, functions inside this one included. */
  readonly self: Microseconds;
  readonly total: Microseconds;
  readonly calls: number | null;
  readonly lines: readonly {
    readonly line: number;
    readonly text: string | null;
    readonly hits: number | null;
    readonly self: Microseconds;
    /** Part of the function's `self`, 0 to 1. */
    readonly share: number;
    readonly allocated: Bytes | null;
    readonly resident: Bytes | null;
    readonly states: States;
  }[];
}

export interface ThreadRow {
  readonly process: number;
  readonly thread: number;
  readonly name: string;
  /** `null` where the operating system did not tell. */
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
  readonly asleep: Microseconds | null;
  readonly states: States;
}

/** A claim with what it rests on. */
export interface Finding {
  /** Stable, kebab-case: `waiting-dominates`, `one-hot-line`, `busy-machine`, … */
  readonly id: string;
  readonly title: string;
  /** Markdown with the evidence filled in. */
  readonly text: string;
  readonly confidence: 'certain' | 'likely' | 'possible';
  /** Part of the wall time saved if the cause were gone: an upper bound, 0 to 1. */
  readonly gainAtMost: number | null;
  readonly where: Place | null;
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly suggestions: readonly string[];
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/**
 * `whetstone bench`. `results` has hyperfine's export fields by their names and in seconds, so that
 * what reads hyperfine's JSON reads ours; `interval` is the 95 % interval of the median, in seconds.
 */
export interface BenchReport {
  readonly format: 1;
  readonly results: readonly {
    readonly command: string;
    readonly mean: number;
    readonly stddev: number | null;
    readonly median: number;
    readonly user: number;
    readonly system: number;
    readonly min: number;
    readonly max: number;
    readonly times: readonly number[];
    readonly exit_codes: readonly (number | null)[];
    readonly interval: { readonly low: number; readonly high: number };
    readonly peakMemory: Bytes | null;
    readonly precisionReached: boolean;
  }[];
  readonly warnings: readonly Warning[];
}

/** `whetstone compare`. Every candidate against the first. */
export interface CompareReport {
  readonly format: 1;
  readonly baseline: string;
  readonly candidates: readonly {
    readonly name: string;
    /** Candidate ÷ baseline; below 1 is faster. `null` with `--counts` or between saved profiles. */
    readonly ratio: Interval | null;
    readonly verdict: 'faster' | 'slower' | 'no-difference' | 'wrong-result' | 'crashed';
    /** The sentence that the terminal shows. */
    readonly sentence: string;
    readonly pairs: number;
    readonly check: 'same' | 'different' | 'not-checked';
    /** Per function: what changed, the largest change first; `null` where only whole runs are compared. */
    readonly functions:
      | readonly (Place & {
          readonly self: readonly [Microseconds, Microseconds] | null;
          readonly calls: readonly [number, number] | null;
        })[]
      | null;
    readonly lines:
      | readonly (Place & {
          readonly self: readonly [Microseconds, Microseconds] | null;
          readonly hits: readonly [number, number] | null;
        })[]
      | null;
    /** With `--counts`: what counted differently in two runs of the same version, so is not gated. */
    readonly uncountable: readonly Place[];
  }[];
  /** The `--fail-if` conditions that hold: exit code 3 where there is one. */
  readonly failed: readonly string[];
  readonly warnings: readonly Warning[];
}

/** `whetstone grow`: cost = c · n^exponent. */
export interface GrowReport {
  readonly format: 1;
  readonly sizes: readonly number[];
  readonly times: readonly Microseconds[];
  readonly exponent: Interval;
  /** By exact counts, the steepest first. */
  readonly functions: readonly Growth[];
  /** `null` where the runtime gives no line counts. */
  readonly lines: readonly Growth[] | null;
  readonly warnings: readonly Warning[];
}

export interface Growth extends Place {
  readonly exponent: Interval;
  /** One for each size. */
  readonly counts: readonly number[];
}

/** `whetstone score`: 1 is the reference machine with the reference runtime, 2 twice as fast. */
export interface ScoreReport {
  readonly format: 1;
  readonly runtime: { readonly name: string; readonly version: string };
  readonly score: Interval;
  readonly kernels: readonly { readonly name: string; readonly score: Interval }[];
  readonly warnings: readonly Warning[];
}

/** `whetstone leak`. */
export interface LeakReport {
  readonly format: 1;
  readonly leaks: boolean;
  readonly bytesPerCall: Interval;
  readonly calls: number;
  /** What stays, the most first: where it was allocated and of which type. */
  readonly sites: readonly (Place & { readonly type: string; readonly bytesPerCall: number })[];
  /** From the root to a leaked object, one step each. */
  readonly held: readonly string[];
  readonly warnings: readonly Warning[];
}
