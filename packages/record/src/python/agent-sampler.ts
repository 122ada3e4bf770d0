import type { Microseconds } from '@whetstone/profile';
import { agentFiles } from './agent-files.ts';
import { agentEnvironment } from './agent-start.ts';
import {
  pythonStates,
  type PythonState,
  type RawPython,
  type RawPythonProcess,
  type RawPythonThread,
  type RawPythonWait,
} from './raw-python.ts';

export interface PythonAgentOptions {
  /** Mean time between two looks: PyPy should not be looked at more often than every 5 ms. */
  readonly interval: Microseconds;
  /** Monotonic moment at which measuring ends, `null` for the program's end. */
  readonly until: Microseconds | null;
}

/**
 * The environment to start a program with that cannot be looked at from outside: a thread inside samples its
 * functions.
 *
 * @param folder a private folder that outlives the program
 * @see {@link agentEnvironment} for what it does not reach
 */
export function pythonAgentEnvironment(
  folder: string,
  environment: NodeJS.ProcessEnv,
  options: PythonAgentOptions,
): NodeJS.ProcessEnv {
  return agentEnvironment(folder, environment, { part: 'sampler', ...options });
}

/**
 * What the samplers inside left in the folder, as if it had been seen from outside.
 *
 * States are `bytecode` (for all that takes CPU time), `queued` and `waiting`, with the function that waited as
 * the call. Of running functions no line is known, of callers and of waiting functions it is; there are no
 * opcodes and no memory.
 */
export function readPythonAgent(folder: string, options: PythonAgentOptions): RawPython {
  const tables = new Tables();
  for (const { records } of agentFiles(folder, 'samples')) tables.addProcess(records as readonly Line[]);
  return tables.result(options);
}

type Line =
  | [
      'process',
      pid: number,
      parent: number,
      implementation: string,
      version: string,
      way: string,
      executable: string,
      now: number,
    ]
  | ['thread', number: number, tid: number, name: string, main: boolean]
  | ['code', number: number, file: string, name: string, qualname: string | null, firstLine: number]
  | ['stack', number: number, parent: number, code: number, callLine: number]
  | [
      'sample',
      thread: number,
      time: number,
      duration: number,
      stack: number,
      line: number,
      cpu: number | null,
      queued: number | null,
    ]
  | ['end', now: number];

/** What the loop below knows of a thread while it reads. */
type OpenThread = { -readonly [K in keyof RawPythonThread]: RawPythonThread[K] };

/** Tables of all processes together. */
class Tables {
  readonly #processes: RawPythonProcess[] = [];
  readonly #threads: OpenThread[] = [];
  readonly #strings = new Interned<string>((text) => text);
  readonly #codes = new Interned<readonly [file: string, name: string, qualname: string, firstLine: number]>(
    JSON.stringify,
  );
  readonly #stacks = new Interned<readonly [parent: number, code: number, callLine: number]>(String);
  readonly #waits = new Interned<RawPythonWait>(({ call }) => call);
  readonly #samples: (readonly [
    thread: number,
    time: number,
    duration: number,
    stack: number,
    line: number,
    state: PythonState,
    wait: number,
  ])[] = [];
  #looks = 0;

  addProcess(lines: readonly Line[]): void {
    const header = lines[0];
    if (header?.[0] !== 'process') return;
    const [, pid, parent, , version, , executable, first] = header;
    const threads = new Map<number, number>();
    const codes = new Map<number, number>();
    const stacks = new Map([[-1, -1]]);
    const nameOfStack = new Map<number, string>();
    const names = new Map<number, string>();
    let last = first;
    for (const line of lines) {
      if (line[0] === 'thread') {
        const [, number, tid, name, main] = line;
        threads.set(number, this.#threads.length);
        this.#threads.push({
          process: this.#processes.length,
          tid,
          name,
          main,
          python: true,
          first: last,
          last,
          cpu: null,
          queued: null,
          taken: 0,
          rejected: 0,
        });
      } else if (line[0] === 'code') {
        const [, number, file, name, qualname, firstLine] = line;
        codes.set(number, this.#codes.row([file, name, qualname ?? name, firstLine]));
        names.set(number, name);
      } else if (line[0] === 'stack') {
        const [, number, above, code, callLine] = line;
        stacks.set(number, this.#stacks.row([stacks.get(above) ?? -1, codes.get(code) ?? 0, callLine]));
        nameOfStack.set(number, names.get(code) ?? '');
      } else if (line[0] === 'sample') {
        const row = threads.get(line[1]);
        if (row === undefined) continue;
        last = Math.max(last, line[2] + line[3]);
        this.#addSample(row, line, stacks.get(line[4]) ?? -1, nameOfStack.get(line[4]) ?? '');
      } else if (line[0] === 'end') last = Math.max(last, line[1]);
    }
    this.#processes.push({
      pid,
      parent,
      command: [],
      executable,
      version,
      first,
      last,
      measured: true,
      reason: null,
    });
  }

  #addSample(
    row: number,
    line: Extract<Line, readonly ['sample', ...unknown[]]>,
    stack: number,
    name: string,
  ): void {
    const [, , time, duration, , leafLine, cpu, queued] = line;
    const thread = this.#threads[row] as OpenThread;
    if (thread.taken === 0) thread.first = time;
    thread.taken++;
    thread.last = time + duration;
    if (cpu !== null) thread.cpu = (thread.cpu ?? 0) + cpu;
    if (queued !== null) thread.queued = (thread.queued ?? 0) + queued;
    this.#looks++;
    // Where the system does not tell, all of the time may have been spent running.
    const ran = Math.min(cpu ?? duration, duration);
    const stood = Math.min(queued ?? 0, duration - ran);
    const waited = duration - ran - stood;
    if (ran > 0) this.#samples.push([row, time, ran, stack, 0, 'bytecode', -1]);
    if (stood > 0) this.#samples.push([row, time + ran, stood, stack, 0, 'queued', -1]);
    if (waited > 0) {
      const wait = this.#waits.row({ kind: 'other', call: name, target: '' });
      this.#samples.push([row, time + ran + stood, waited, stack, leafLine, 'waiting', wait]);
    }
  }

  result({ interval }: PythonAgentOptions): RawPython {
    const [codes, stacks, samples] = [this.#codes.values, this.#stacks.values, this.#samples];
    const start = Math.min(...this.#processes.map(({ first }) => first));
    const end = Math.max(...this.#processes.map(({ last }) => last));
    const mains = this.#threads.filter(({ main }) => main);
    const seen = mains.reduce((sum, { first, last }) => sum + last - first, 0);
    const taken = mains.reduce((sum, thread) => sum + thread.taken, 0);
    return {
      processes: this.#processes,
      threads: this.#threads,
      codes: {
        name: Int32Array.from(codes, ([, name]) => this.#strings.row(name)),
        qualname: Int32Array.from(codes, ([, , qualname]) => this.#strings.row(qualname)),
        file: Int32Array.from(codes, ([file]) => this.#strings.row(file)),
        firstLine: Int32Array.from(codes, ([, , , firstLine]) => firstLine),
        lastLine: new Int32Array(codes.length),
      },
      stacks: {
        parent: Int32Array.from(stacks, ([parent]) => parent),
        code: Int32Array.from(stacks, ([, code]) => code),
        callLine: Int32Array.from(stacks, ([, , callLine]) => callLine),
      },
      samples: {
        thread: Int32Array.from(samples, ([thread]) => thread),
        time: Float64Array.from(samples, ([, time]) => time),
        duration: Float64Array.from(samples, ([, , duration]) => duration),
        stack: Int32Array.from(samples, ([, , , stack]) => stack),
        line: Int32Array.from(samples, ([, , , , line]) => line),
        state: Uint8Array.from(samples, ([, , , , , state]) => pythonStates.indexOf(state)),
        opcode: new Int16Array(samples.length).fill(-1),
        wait: Int32Array.from(samples, ([, , , , , , wait]) => wait),
        grown: new Float64Array(samples.length),
      },
      waits: this.#waits.values,
      strings: this.#strings.values,
      resident: { process: new Int32Array(0), time: new Float64Array(0), value: new Float64Array(0) },
      start: Number.isFinite(start) ? start : 0,
      end: Number.isFinite(end) ? end : 0,
      interval: { asked: interval, actual: taken === 0 ? interval : seen / taken },
      looks: this.#looks,
      samplerCpu: 0,
      warnings:
        this.#processes.length === 0
          ? []
          : [
              {
                code: 'python-from-inside',
                message:
                  'This Python was sampled from inside, where lines cannot be told: functions are right, lines are of callers only.',
              },
            ],
    };
  }
}

/** Values that are equal by their key have one row. */
class Interned<T> {
  readonly values: T[] = [];
  readonly #rows = new Map<string, number>();
  readonly #keyOf: (value: T) => string;

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  row(value: T): number {
    const key = this.#keyOf(value);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.values.length;
      this.values.push(value);
      this.#rows.set(key, row);
    }
    return row;
  }
}
