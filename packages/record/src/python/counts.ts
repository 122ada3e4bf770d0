/** A function whose lines are to be counted. All that is given has to agree. */
export interface CountedFunction {
  /** As the code object says it (see {@link PythonFunctionCalls.file}), or `null` for any file. */
  readonly file: string | null;
  /** Its name or its qualified name. */
  readonly name: string;
  /** First line as the code object says it, or `null`. */
  readonly line: number | null;
}

/** What a counting pass counted, all processes added up. */
export interface PythonCounts {
  readonly processes: readonly PythonCountingProcess[];
  readonly calls: readonly PythonFunctionCalls[];
  readonly hits: readonly PythonLineHits[];
}

/** A process that was counted in. */
export interface PythonCountingProcess {
  readonly pid: number;
  readonly parent: number;
  /** `cpython` or `pypy`. */
  readonly implementation: string;
  readonly version: string;
  /**
   * `monitoring`: every call of every thread, written down as it happens, so no ending loses one.
   *
   * `profile`: written down several times a second and at the end. What ends the process without asking
   * Python (SIGKILL, SIGTERM without a handler, a crash) loses the last moments, and threads that were
   * not started by `threading` are not counted.
   */
  readonly way: 'monitoring' | 'profile';
  /** Whether the process told of its end. */
  readonly ended: boolean;
  /** The program used the interpreter's hook itself (`sys.setprofile`, `sys.settrace`), so counts are missing. */
  readonly disturbed: boolean;
}

/** Exact calls of one function. */
export interface PythonFunctionCalls {
  /** `co_filename`: absolute for imported modules, as typed for the program, `<string>`, `<frozen …>`. */
  readonly file: string;
  readonly name: string;
  /** `null` before 3.11, which does not keep it. */
  readonly qualname: string | null;
  /** `co_firstlineno`: of the first decorator where there is one. */
  readonly line: number;
  readonly calls: number;
  /** A generator or coroutine, whose resumptions are among the calls (before 3.12). */
  readonly resumed: boolean;
}

/** How often one line of one function was reached. */
export interface PythonLineHits {
  readonly file: string;
  readonly name: string;
  readonly qualname: string | null;
  /** First line of the function. */
  readonly function: number;
  readonly line: number;
  readonly hits: number;
}

export interface PythonCountsOptions {
  /** Functions whose lines are counted too; empty for calls alone. */
  readonly lines: readonly CountedFunction[];
}
