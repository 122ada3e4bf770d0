import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { agentFiles } from './agent-files.ts';
import { agentEnvironment } from './agent-start.ts';

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
   * `monitoring` (CPython from 3.12 on): every call of every thread, written down as it happens.
   *
   * `hook` (PyPy): the same for the main thread and those that `threading` starts.
   *
   * `profile` (older CPython): the same threads, but written down several times a second and at every end
   * that Python knows of. SIGKILL, a signal without a handler and a crash lose the last moments.
   */
  readonly way: 'monitoring' | 'hook' | 'profile';
  /** Whether the process told of its end; where `way` is `profile`, the counts are then whole. */
  readonly ended: boolean;
  /** The program used the interpreter's hook itself (`sys.setprofile`, `sys.settrace`), so counts are missing; PyPy cannot tell. */
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

/**
 * The environment to start a counting pass with: exact calls, and hits of the lines of some functions.
 *
 * @param folder a private folder that outlives the program
 * @see {@link agentEnvironment} for what it does not reach
 */
export function pythonCountsEnvironment(
  folder: string,
  environment: NodeJS.ProcessEnv,
  options: PythonCountsOptions,
): NodeJS.ProcessEnv {
  return agentEnvironment(folder, environment, { part: 'counts', lines: options.lines });
}

/** What the processes of a counting pass left in its folder. */
export function readPythonCounts(folder: string): PythonCounts {
  const processes: PythonCountingProcess[] = [];
  const calls = new Map<string, PythonFunctionCalls>();
  const hits = new Map<string, PythonLineHits>();
  for (const { file, records } of agentFiles(folder, 'counts')) {
    const slots = slotsOf(`${file}.slots`);
    const header = records[0] as ProcessRecord | undefined;
    if (header?.[0] !== 'process' || slots === null) continue;
    const [, pid, parent, implementation, version, way] = header;
    const has = (word: string) => records.some(([kind]) => kind === word);
    const ended = has('end');
    processes.push({ pid, parent, implementation, version, way, ended, disturbed: has('disturbed') });
    for (const record of records as readonly CountsRecord[]) {
      if (record[0] === 'function') {
        const [, slot, ...place] = record;
        const [file, name, qualname, line, resumed] = place;
        const key = JSON.stringify(place);
        const before = calls.get(key)?.calls ?? 0;
        const count = before + slots(slot);
        // Monitoring counts the start of a generator alone.
        const plain = !resumed || way === 'monitoring';
        if (count > 0) calls.set(key, { file, name, qualname, line, calls: count, resumed: !plain });
      } else if (record[0] === 'lines') {
        const [, slot, file, name, qualname, first, from, to] = record;
        for (let line = from; line <= to; line++) {
          const key = JSON.stringify([file, name, qualname, first, line]);
          const count = (hits.get(key)?.hits ?? 0) + slots(slot + line - from);
          if (count > 0) hits.set(key, { file, name, qualname, function: first, line, hits: count });
        }
      }
    }
  }
  return { processes, calls: [...calls.values()], hits: [...hits.values()] };
}

type ProcessRecord = [
  'process',
  pid: number,
  parent: number,
  implementation: string,
  version: string,
  way: PythonCountingProcess['way'],
];
type CountsRecord =
  | [
      'function',
      slot: number,
      file: string,
      name: string,
      qualname: string | null,
      line: number,
      resumed: boolean,
    ]
  | [
      'lines',
      slot: number,
      file: string,
      name: string,
      qualname: string | null,
      first: number,
      from: number,
      to: number,
    ]
  | ['end']
  | ['disturbed'];

/** Reads counters: 64-bit numbers in the machine's own order, which is that of the machine that counted. */
function slotsOf(file: string): ((slot: number) => number) | null {
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  const read = endianness() === 'LE' ? 'readBigUInt64LE' : 'readBigUInt64BE';
  return (slot) => ((slot + 1) * 8 <= bytes.length ? Number(bytes[read](slot * 8)) : 0);
}
