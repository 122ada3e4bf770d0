import type { Microseconds } from '@whetstone/profile';

/** What a moment of a thread was spent on. {@link RawPythonSamples.state} is an index into this list. */
export const pythonStates = [
  /** The interpreter runs Python. */
  'bytecode',
  /** C code that was called from Python and holds the interpreter's lock. */
  'c-code',
  /** Native code that runs without the lock; also all that threads without Python do. */
  'native',
  /** Waits for the interpreter's lock. */
  'lock',
  /** The garbage collector runs. */
  'collector',
  /** Asleep in a wait: {@link RawPythonSamples.wait} names it. */
  'waiting',
  /** Ready to run, while others had the core. */
  'queued',
] as const;

/** One of {@link pythonStates}. */
export type PythonState = (typeof pythonStates)[number];

/**
 * What the sampler saw of a Python program and its descendants, from outside.
 *
 * Plain data that survives being sent between threads. All moments are monotonic microseconds, the
 * clock of `now()`. Text is an index into {@link strings}.
 */
export interface RawPython {
  /** In the order of their discovery: the first one is the program itself. */
  readonly processes: readonly RawPythonProcess[];
  /** In the order of their discovery. */
  readonly threads: readonly RawPythonThread[];
  readonly strings: readonly string[];
  readonly codes: RawPythonCodes;
  readonly stacks: RawPythonStacks;
  readonly samples: RawPythonSamples;
  readonly waits: readonly RawPythonWait[];
  readonly resident: RawPythonResident;
  /** Moment at which the sampler began and ended to look. */
  readonly start: Microseconds;
  readonly end: Microseconds;
  /** Mean time between two looks: as asked for, and as it was, the rate being adapted to its cost. */
  readonly interval: { readonly asked: Microseconds; readonly actual: Microseconds };
  /** Looks taken at all processes together. */
  readonly looks: number;
  /** CPU time that the sampler's thread took. */
  readonly samplerCpu: Microseconds;
  /** In plain words, with a stable code in kebab-case. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** Why a process could not be measured from outside. */
export type PythonRefusal =
  /** Another program than Python. */
  | 'not-python'
  /** PyPy keeps its frames otherwise. */
  | 'pypy'
  /** CPython, but a version or a build whose memory this sampler cannot read. */
  | 'version'
  /** The system forbids reading its memory. */
  | 'forbidden'
  /** It ended before the interpreter was up, or the interpreter never was. */
  | 'not-up';

/** One process; a program that replaces itself (`exec`) gets a further row with the same number. */
export interface RawPythonProcess {
  readonly pid: number;
  /** The process that started it, 0 where it is not known. */
  readonly parent: number;
  /** As in `/proc/PID/cmdline` when it was found last. */
  readonly command: readonly string[];
  readonly executable: string;
  /** Such as `3.11.7`; empty where it is not known. */
  readonly version: string;
  readonly first: Microseconds;
  readonly last: Microseconds;
  /** Whether its stacks were read; `reason` is set where they were not. */
  readonly measured: boolean;
  readonly reason: { readonly code: PythonRefusal; readonly message: string } | null;
}

/** One thread of a process. */
export interface RawPythonThread {
  /** Row in {@link RawPython.processes}. */
  readonly process: number;
  /** As the measuring system numbers it. */
  readonly tid: number;
  /** As the system tells it. */
  readonly name: string;
  readonly main: boolean;
  /** Whether the interpreter knows it; others are told by the system alone and have no stacks. */
  readonly python: boolean;
  readonly first: Microseconds;
  readonly last: Microseconds;
  /** Since it was found, as the system told last; `null` where it does not. */
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
  /** Looks that gave a stack or a wait. */
  readonly taken: number;
  /** Stacks thrown away because the thread had gone on while they were read; they are read once more at once. */
  readonly rejected: number;
}

/** Every code object that was seen, once. */
export interface RawPythonCodes {
  /** Indices into strings. */
  readonly name: Int32Array;
  readonly qualname: Int32Array;
  /** As the code says it: absolute for imported modules, as typed for the program, `<string>`, `<frozen …>`. */
  readonly file: Int32Array;
  readonly firstLine: Int32Array;
  /** Last line that any instruction stands on, 0 where it is not known. */
  readonly lastLine: Int32Array;
}

/** Every call path that was seen, once; parents come before their children. */
export interface RawPythonStacks {
  /** Row of the caller, -1 for a root. */
  readonly parent: Int32Array;
  /** Row in {@link RawPythonCodes}. */
  readonly code: Int32Array;
  /** Line in the caller from which it was called, 0 where there is none. */
  readonly callLine: Int32Array;
}

/**
 * Stretches of time of one thread, in the order in which they were seen: for each thread in time
 * order, without overlaps.
 *
 * A stretch in which a thread stayed asleep in one wait is one row. A stretch in which it ran is one
 * row per look: it stands for the time since the look before, or where that was long ago for half of
 * the time to either look.
 */
export interface RawPythonSamples {
  /** Row in {@link RawPython.threads}. */
  readonly thread: Int32Array;
  readonly time: Float64Array;
  readonly duration: Float64Array;
  /** Row in {@link RawPythonStacks}, or -1 where no Python stands on the stack. */
  readonly stack: Int32Array;
  /** Line that ran in the innermost function, 0 where it is not known. */
  readonly line: Int32Array;
  /** Index into {@link pythonStates}. */
  readonly state: Uint8Array;
  /** Number of the instruction at which the innermost function stood, or -1: `opcodeClass` says what it is. */
  readonly opcode: Int16Array;
  /** Row in {@link RawPython.waits}, or -1. */
  readonly wait: Int32Array;
  /** By how much the resident memory of its process changed in the stretch; on the thread that ran. */
  readonly grown: Float64Array;
}

/** A wait as it can be named from outside: interned, so that equal ones are one row. */
export interface RawPythonWait {
  /** `socket`, `pipe`, `file`, `terminal`, `sleep`, `lock`, `child`, `poll`, `signal`, `memory`, `other`. */
  readonly kind: string;
  /** `recv`, `fsync`, `sleep`, `Queue.get`, …; `GIL` for the interpreter's own lock. */
  readonly call: string;
  /** A host and port, a file; the empty string where there is none. */
  readonly target: string;
}

/** Resident memory of the processes, a row where it changed. */
export interface RawPythonResident {
  /** Row in {@link RawPython.processes}. */
  readonly process: Int32Array;
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** What the sampler is asked to do. */
export interface PythonSamplerOptions {
  /** Mean time between two looks; the sampler takes longer where it would cost too much. */
  readonly interval: Microseconds;
  /** Monotonic moment at which measuring ends by itself; `Infinity` for none. */
  readonly until: Microseconds;
  /** Whether the process is a Python. Where nobody knows, looking begins when it or a descendant runs one. */
  readonly isPython: boolean;
}

/** A sampler in a thread of its own. */
export interface PythonSampler {
  /**
   * Names the process to measure: at once, even before it has become Python.
   *
   * Call it once, right after the program was started.
   */
  watch(pid: number): void;
  /** How far it is: for those who wait for the first sample, and for a line of progress. */
  progress(): PythonSamplerProgress;
  /** Ends measuring, wherever the processes are, and gives what was seen. Further calls give the same. */
  stop(): Promise<RawPython>;
}

/** Figures of a sampler at work. */
export interface PythonSamplerProgress {
  readonly looks: number;
  /** Rows of samples. */
  readonly samples: number;
  /** Whether the sampler has nothing more to look at: all processes have ended. */
  readonly over: boolean;
}
