import { readFileSync } from 'node:fs';
import type { Bytes, Microseconds } from '@whetstone/profile';
import { now } from '../now.ts';
import { executableOf, findInterpreter, type FoundInterpreter } from './interpreter-find.ts';
import { Interpreter, type InterpreterThread } from './interpreter.ts';
import { ProcessMemory } from './process-memory.ts';
import { threadsOf } from './process-tree.ts';
import { WaitNames } from './python-waits.ts';
import type { RawPythonProcess } from './raw-python.ts';
import { ProcFile } from './sampler-files.ts';
import { type GrowingThread, TaskSampler, type TaskSurroundings } from './sampler-task.ts';
import type { SamplerTables } from './sampler-tables.ts';

/** Between two searches for an interpreter: at least, as a part of how old the program is, and at most. */
const SHORTEST_SEARCH: Microseconds = 500;
const SEARCH_PER_AGE = 1 / 8;
const LONGEST_SEARCH: Microseconds = 500_000;
/** Between two looks at a thread that runs no Python. */
const SYSTEM_LOOK: Microseconds = 4000;
/** Between two looks at the interpreter's list of threads, where one is missing in it: at first, and at most. */
const REFRESH: Microseconds = 2000;
const LONGEST_REFRESH: Microseconds = 500_000;

/** The tables that all processes of a recording write to. */
export interface RecordingTables {
  readonly tables: SamplerTables;
  readonly processes: RawPythonProcess[];
  readonly threads: GrowingThread[];
  /** In which the system counts memory. */
  readonly pageSize: Bytes;
  /** Whether a stack was deeper than is followed. */
  cut: boolean;
}

type GrowingProcess = { -readonly [Name in keyof RawPythonProcess]: RawPythonProcess[Name] };

/** Samples one process: finds its interpreter, and looks at each of its threads. */
export class ProcessSampler implements TaskSurroundings {
  readonly pid: number;
  readonly #into: RecordingTables;
  readonly #parent: ProcessSampler | null;
  #born: Microseconds = 0;
  #row!: GrowingProcess;
  #rowNumber = -1;
  #memory: ProcessMemory | null = null;
  interpreter: Interpreter | null = null;
  waits: WaitNames;
  #statm: ProcFile;
  readonly #pages = new Float64Array(2);
  /** Growth of resident memory that no thread has been charged with. */
  #grown: Bytes = 0;
  #resident: Bytes = 0;
  readonly #tasks = new Map<number, TaskSampler>();
  readonly #nextSystemLook = new Map<TaskSampler, Microseconds>();
  #threads = new Map<number, InterpreterThread>();
  #nextRefresh: Microseconds = 0;
  #refresh: Microseconds = REFRESH;
  #nextSearch: Microseconds = 0;
  #isOver = false;
  #isReplaced = false;

  constructor(pid: number, parent: ProcessSampler | null, into: RecordingTables) {
    this.pid = pid;
    this.#parent = parent;
    this.#into = into;
    this.waits = new WaitNames(pid, null);
    this.#statm = new ProcFile(`/proc/${pid}/statm`);
    this.#begin();
  }

  get tables(): SamplerTables {
    return this.#into.tables;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get threads(): Iterable<number> {
    return this.#tasks.keys();
  }

  threadOf(tid: number): InterpreterThread | undefined {
    const thread = this.#threads.get(tid);
    if (thread !== undefined || now() < this.#nextRefresh) return thread;
    this.lookAgain();
    return this.#threads.get(tid);
  }

  lookAgain(): void {
    const moment = now();
    if (moment < this.#nextRefresh || this.interpreter === null) return;
    this.#nextRefresh = moment + this.#refresh;
    this.#refresh = Math.min(this.#refresh * 2, LONGEST_REFRESH);
    const threads = this.interpreter.threads();
    if (threads !== null) {
      this.#threads = threads;
      return;
    }
    // Its memory is gone: it has ended, or another program runs in it.
    this.interpreter = null;
    this.#forgetMemory();
    this.#threads.clear();
    this.#nextSearch = 0;
    this.#isReplaced = true;
  }

  /** Looks at every thread. */
  look(): void {
    const moment = now();
    if (this.#isReplaced) {
      this.#isOver = !this.#hasMemory();
      if (this.#isOver) return;
      this.#begin();
    }
    if (this.interpreter === null && moment >= this.#nextSearch) this.#search(moment);
    let ran = -1;
    let moved = false;
    for (const [tid, task] of this.#tasks) {
      if (!task.row.python && moment < (this.#nextSystemLook.get(task) ?? 0)) continue;
      const row = task.look(this);
      moved ||= task.moved;
      if (row === null) this.#end(tid, task);
      else if (row !== -1) ran = row;
      if (!task.row.python) this.#nextSystemLook.set(task, moment + SYSTEM_LOOK * (0.5 + Math.random()));
    }
    this.#into.cut ||= this.interpreter?.frames.cut ?? false;
    if (this.#tasks.size === 0) this.findThreads();
    if (this.#tasks.size === 0) {
      this.#isOver = true;
      return;
    }
    this.#row.last = moment;
    if (moved) this.#weigh(moment, ran);
  }

  /** Finds threads that have begun. */
  findThreads(): void {
    for (const tid of threadsOf(this.pid)) {
      if (this.#tasks.has(tid)) continue;
      const number = this.#into.threads.length;
      const row: GrowingThread = {
        process: this.#rowNumber,
        tid,
        name: nameOf(this.pid, tid),
        main: tid === this.pid,
        python: false,
        first: now(),
        last: now(),
        cpu: null,
        queued: null,
        taken: 0,
        rejected: 0,
      };
      this.#into.threads.push(row);
      this.#tasks.set(tid, new TaskSampler(number, row, this.pid, ownNumberOf(this.pid, tid)));
      this.#nextRefresh = 0;
      this.#refresh = REFRESH;
    }
  }

  /** Ends looking. */
  close(): void {
    for (const task of this.#tasks.values()) task.close();
    this.#statm.close();
    this.#memory?.close();
  }

  #begin(): void {
    this.#isReplaced = false;
    this.#born = now();
    this.#rowNumber = this.#into.processes.length;
    this.#row = {
      pid: this.pid,
      parent: this.#parent?.pid ?? 0,
      command: commandOf(this.pid),
      executable: executableOf(this.pid),
      version: '',
      first: now(),
      last: now(),
      measured: false,
      reason:
        process.platform === 'linux'
          ? { code: 'not-up', message: 'Its interpreter was never seen at work' }
          : { code: 'forbidden', message: 'Only Linux lets one program read the memory of another' },
    };
    this.#into.processes.push(this.#row);
    for (const [tid, task] of this.#tasks) this.#end(tid, task);
    this.findThreads();
  }

  #end(tid: number, task: TaskSampler): void {
    task.close();
    this.#tasks.delete(tid);
    this.#nextSystemLook.delete(task);
  }

  #search(moment: Microseconds): void {
    const row = this.#row;
    const executable = executableOf(this.pid) || row.executable;
    const age = moment - this.#born;
    this.#nextSearch = moment + Math.min(Math.max(age * SEARCH_PER_AGE, SHORTEST_SEARCH), LONGEST_SEARCH);
    if (executable !== row.executable) {
      row.executable = executable;
      row.command = commandOf(this.pid);
      this.#born = moment;
    }
    try {
      this.#memory ??= new ProcessMemory(this.pid);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') return;
      row.reason = {
        code: 'forbidden',
        message: `The system forbids reading the memory of process ${this.pid}`,
      };
      return;
    }
    const forkedFrom = this.#parent?.interpreter ?? null;
    if (forkedFrom !== null && this.#attach(this.#memory, forkedFrom.found, forkedFrom)) return;
    const found = findInterpreter(this.pid, this.#memory);
    if (found === null) return this.#forgetMemory();
    row.version = found.version;
    if ('code' in found) {
      row.reason = { code: found.code, message: found.message };
      return this.#forgetMemory();
    }
    if (!this.#attach(this.#memory, found, null)) this.#forgetMemory();
  }

  /**
   * Takes an interpreter for that of this process, if it knows one of its threads.
   *
   * One that has just been forked and will begin another program shows the threads of its parent.
   */
  #attach(memory: ProcessMemory, found: FoundInterpreter, forkedFrom: Interpreter | null): boolean {
    const interpreter = new Interpreter(memory, found, (code) => this.tables.code(code), forkedFrom);
    const threads = interpreter.threads();
    if (threads === null || ![...this.#tasks.values()].some((task) => threads.has(task.ownTid))) return false;
    this.#threads = threads;
    this.interpreter = interpreter;
    this.waits = new WaitNames(this.pid, memory);
    const { version } = found;
    Object.assign(this.#row, { version, command: commandOf(this.pid), measured: true, reason: null });
    return true;
  }

  /** What is open stays the memory of the program before, where the process has begun another. */
  #forgetMemory(): void {
    this.#memory?.close();
    this.#memory = null;
  }

  /** Whether it runs a program: one that has ended has none, until its parent has asked how it ended. */
  #hasMemory(): boolean {
    if (!this.#statm.read()) return false;
    this.#statm.numbers(this.#pages);
    return this.#pages[0] !== 0;
  }

  #weigh(moment: Microseconds, ran: number): void {
    this.#isOver = !this.#hasMemory();
    if (this.#isOver) return;
    const resident = (this.#pages[1] ?? 0) * this.#into.pageSize;
    if (resident === this.#resident && this.#grown === 0) return;
    if (resident !== this.#resident) this.tables.resident(this.#rowNumber, moment, resident);
    // What a forked process has at the first look is its parent's, and what one gives back at its end is no line's.
    if (this.#resident !== 0 && resident !== 0) this.#grown += resident - this.#resident;
    this.#resident = resident;
    if (ran === -1) return;
    this.tables.grow(ran, this.#grown);
    this.#grown = 0;
  }
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function nameOf(pid: number, tid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trimEnd();
  } catch {
    return '';
  }
}

/** The number of a thread as its own process sees it: another one in a container. */
function ownNumberOf(pid: number, tid: number): number {
  try {
    const numbers = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1'))?.[1];
    return Number(numbers?.split(/\s+/).at(-1) ?? tid);
  } catch {
    return tid;
  }
}
