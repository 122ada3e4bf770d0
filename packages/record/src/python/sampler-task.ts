import type { Microseconds } from '@whetstone/profile';
import { now } from '../now.ts';
import type { KnownCode } from './interpreter-code.ts';
import type { Walked } from './interpreter-frames.ts';
import type { Interpreter, InterpreterThread } from './interpreter.ts';
import { parseSyscall, type Syscall, unknownSyscall, type WaitNames } from './python-waits.ts';
import { pythonStates, type PythonState, type RawPythonThread } from './raw-python.ts';
import { ProcFile } from './sampler-files.ts';
import type { SamplerTables } from './sampler-tables.ts';

/** How often a stack that moves is read again until the look is given up. */
const ATTEMPTS = 8;
/** Time between two looks that is shared: the sampler itself waited for a core, or has much to look at. */
const LONG_GAP: Microseconds = 5000;
/** How long a code of an outer function is believed to be the same: so long a wrong name can stand. */
const BELIEF: Microseconds = 20_000;

const stateNumbers = Object.fromEntries(pythonStates.map((state, index) => [state, index])) as Record<
  PythonState,
  number
>;

/** What the threads of one process share. */
export interface TaskSurroundings {
  readonly pid: number;
  readonly tables: SamplerTables;
  readonly waits: WaitNames;
  readonly interpreter: Interpreter | null;
  /** The interpreter's view of a thread, by the number that the process itself uses. */
  threadOf(tid: number): InterpreterThread | undefined;
  /** Says that what the interpreter knew of a thread holds no more. */
  lookAgain(): void;
}

/** A row of {@link RawPythonThread} that is being written. */
export type GrowingThread = { -readonly [Name in keyof RawPythonThread]: RawPythonThread[Name] };

/** The place at which a thread was found. */
interface Place {
  stack: number;
  line: number;
  opcode: number;
}

/** Time since the last look. */
interface Spent {
  readonly cpu: Microseconds;
  readonly queued: Microseconds;
}

/** Samples one thread of a process: most of what is done per look is done here. */
export class TaskSampler {
  readonly row: GrowingThread;
  /** Whether it may have run since the look before the last. */
  moved = true;
  readonly #number: number;
  /** Its number as the process itself sees it. */
  readonly ownTid: number;
  readonly #scheduled: ProcFile;
  readonly #syscall: ProcFile;
  readonly #statFile: string;
  #stat: ProcFile | null = null;
  /** Time on a core and time in the queue in nanoseconds, and how often it got a core. */
  readonly #figures = new Float64Array(3);
  #cpu = 0;
  #queued = 0;
  #turns = -1;
  #cpuAtFirst = 0;
  #queuedAtFirst = 0;
  /** Until when its time is accounted for. */
  #time: Microseconds;
  /** What it did at the last look; `woken` where it had slept at the one before. */
  #was: 'asleep' | 'woken' | 'running' = 'running';
  /** What the last look stands for. */
  #window: Microseconds = 0;
  /** The last row written, and those before it in which it seemed to run without a break. */
  #last = -1;
  #running: number[] = [];
  readonly #place: Place = { stack: -1, line: 0, opcode: -1 };
  readonly #path = new StackMemo();

  /** `number` is its row in the threads. */
  constructor(number: number, row: GrowingThread, pid: number, ownTid: number) {
    this.#number = number;
    this.row = row;
    this.ownTid = ownTid;
    this.#time = row.first;
    this.#scheduled = new ProcFile(`/proc/${pid}/task/${row.tid}/schedstat`);
    this.#syscall = new ProcFile(`/proc/${pid}/task/${row.tid}/syscall`);
    this.#statFile = `/proc/${pid}/task/${row.tid}/stat`;
  }

  /**
   * Looks at the thread, and writes what it did since the look before.
   *
   * Gives the row of samples of what it ran, -1 where it did not run, `null` where it is gone.
   */
  look(around: TaskSurroundings): number | null {
    if (!this.#scheduled.read()) return null;
    this.#scheduled.numbers(this.#figures);
    const [cpu = 0, queued = 0, turns = 0] = this.#figures;
    const isFirst = this.#turns === -1;
    const hasRun = turns !== this.#turns || cpu !== this.#cpu;
    const since = {
      cpu: isFirst ? 0 : (cpu - this.#cpu) / 1e3,
      queued: isFirst ? 0 : (queued - this.#queued) / 1e3,
    };
    if (isFirst) {
      this.#cpuAtFirst = cpu;
      this.#queuedAtFirst = queued;
    }
    this.#cpu = cpu;
    this.#queued = queued;
    this.#turns = turns;
    this.moved = this.#was !== 'asleep' || hasRun;
    if (this.moved) return this.#see(around, since);
    const moment = now();
    this.#window = moment - this.#time;
    around.tables.lengthen(this.#last, this.#window);
    this.#advance(moment);
    return -1;
  }

  /** Ends looking. */
  close(): void {
    this.#scheduled.close();
    this.#syscall.close();
    this.#stat?.close();
  }

  #see(around: TaskSurroundings, since: Spent): number {
    const { interpreter, tables } = around;
    const thread = interpreter === null ? undefined : around.threadOf(this.ownTid);
    if (thread !== undefined) this.row.python = true;
    let syscall = this.#readSyscall();
    const inQueue = this.#inQueue(tables, since, syscall !== null);
    if (inQueue > 0) {
      this.#write(tables, this.#time + inQueue, 'queued', -1);
      this.#running = [];
    }
    let located = this.#locate(around, thread);
    if (located && syscall !== null && this.#hasRunSince()) {
      // It was woken while its stack was read: what was read is of two moments.
      syscall = this.#readSyscall();
      located = this.#locate(around, thread);
    }
    if (!located) {
      // Its time goes to the next look.
      this.#was = 'running';
      return -1;
    }

    const moment = Math.max(now(), this.#time);
    if (syscall === null) {
      this.#shareGap(tables, moment);
      const state =
        interpreter === null || thread === undefined ? 'native' : this.#stateOf(interpreter, thread);
      const row = this.#write(tables, moment, state, -1);
      this.#was = this.#was === 'asleep' ? 'woken' : 'running';
      this.#running.push(row);
      return row;
    }
    this.#window = moment - this.#time;
    const named = around.waits.name(syscall, this.#path.frames);
    // In a call without arguments, such as pause, what stands for the first is a rest of earlier ones.
    const isLock =
      named.kind === 'lock' &&
      thread !== undefined &&
      interpreter?.isInLock(thread, syscall.arguments[0] ?? 0) === true;
    const wait = isLock ? { kind: 'lock', call: 'GIL', target: '' } : named;
    this.#write(tables, moment, isLock ? 'lock' : 'waiting', tables.wait(wait));
    // One whose stack could not be found is looked at again, however long it sleeps.
    this.#was = this.row.python && this.#place.stack === -1 ? 'running' : 'asleep';
    this.#running = [];
    return -1;
  }

  /**
   * Gives half of a long time without a look to the place where it was met before: both places are as
   * likely, and one look would otherwise stand for all of it.
   */
  #shareGap(tables: SamplerTables, moment: Microseconds): void {
    const half = (moment - this.#time) / 2;
    if (half < LONG_GAP / 2 || this.#running.at(-1) !== this.#last) return;
    tables.lengthen(this.#last, half);
    this.#time += half;
  }

  /** The system call in which it sleeps, `null` where it runs. */
  #readSyscall(): Syscall | null {
    if (this.#syscall.read()) return parseSyscall(this.#syscall.toString());
    // Without leave to read it one can still tell who sleeps, though not in what.
    this.#stat ??= new ProcFile(this.#statFile);
    const state = this.#stat.read()
      ? this.#stat.text[this.#stat.text.lastIndexOf(41, this.#stat.length) + 2]
      : 0;
    return state === 82 ? null : unknownSyscall;
  }

  #hasRunSince(): boolean {
    if (!this.#scheduled.read()) return false;
    this.#scheduled.numbers(this.#figures);
    return this.#figures[2] !== this.#turns;
  }

  #stateOf(interpreter: Interpreter, thread: InterpreterThread): PythonState {
    if (!interpreter.holdsLock(thread)) return 'native';
    if (interpreter.isCollecting(thread)) return 'collector';
    return interpreter.callsC(this.#place.opcode) ? 'c-code' : 'bytecode';
  }

  /**
   * How much of the time since the last look the thread stood in the queue for a core.
   *
   * The system tells of it only when it is over, and until then a thread in the queue looks as if it
   * ran, or slept on: what was said of earlier moments is set right.
   */
  #inQueue(tables: SamplerTables, { cpu, queued }: Spent, sleepsNow: boolean): Microseconds {
    const window = now() - this.#time;
    let before = queued - window;
    if (before <= 0) {
      if (this.#was === 'running' || (this.#was === 'woken' && !sleepsNow)) return queued;
      // It was met once between two sleeps: on a core or in the queue, as likely as it was long in either.
      const wasQueued = this.#was === 'woken' && Math.random() * (queued + cpu) < queued;
      if (wasQueued) tables.setState(this.#last, stateNumbers.queued);
      return 0;
    }
    if (this.#was === 'asleep') {
      // The look before met it in the queue: a look stands for its whole stretch.
      const back = Math.min(Math.max(before, this.#window), tables.durationOf(this.#last));
      tables.lengthen(this.#last, -back);
      this.#time -= back;
      return window + back;
    }
    let later = -1;
    for (let row = this.#running.pop(); row !== undefined && before > 0; row = this.#running.pop()) {
      const duration = tables.durationOf(row);
      if (duration <= before || this.#was === 'woken') {
        tables.setState(row, stateNumbers.queued);
        before -= duration;
        later = row;
        continue;
      }
      tables.lengthen(row, -before);
      if (later === -1) this.#time -= before;
      else tables.lengthen(later, before, true);
      before = 0;
    }
    // What lies before it is not to be set right a second time.
    this.#running = [];
    return Math.max(0, now() - this.#time);
  }

  #write(tables: SamplerTables, until: Microseconds, state: PythonState, wait: number): number {
    const row = tables.sample({
      thread: this.#number,
      time: this.#time,
      duration: until - this.#time,
      ...this.#place,
      state: stateNumbers[state],
      wait,
    });
    this.#last = row;
    this.#advance(until);
    return row;
  }

  #advance(moment: Microseconds): void {
    this.#time = moment;
    this.row.taken++;
    this.row.last = moment;
    this.row.cpu = (this.#cpu - this.#cpuAtFirst) / 1e3;
    this.row.queued = (this.#queued - this.#queuedAtFirst) / 1e3;
  }

  /** Reads the stack into the place, nowhere for a thread without Python; false where it never held still. */
  #locate(around: TaskSurroundings, thread: InterpreterThread | undefined): boolean {
    const { interpreter, tables } = around;
    const walked =
      interpreter === null || thread === undefined ? 'gone' : this.#walk(interpreter, thread, tables);
    if (walked !== 'gone') return walked === 'whole';
    around.lookAgain();
    this.#path.forget();
    Object.assign(this.#place, { stack: -1, line: 0, opcode: -1 });
    return true;
  }

  #walk(interpreter: Interpreter, thread: InterpreterThread, tables: SamplerTables): Walked {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const walked = interpreter.walk(thread, this.ownTid);
      if (walked === 'gone') return 'gone';
      if (walked === 'whole' && this.#path.resolve(interpreter, tables, this.#place)) return 'whole';
      this.row.rejected++;
    }
    return 'moving';
  }
}

/** The stack of a thread as it was found last: its outer part is mostly the same at the next look. */
class StackMemo {
  #code: number[] = [];
  #instruction: number[] = [];
  #stack: number[] = [];
  #line: number[] = [];
  #known: KnownCode[] = [];
  #generation = -1;
  #checked: Microseconds = 0;

  /** The codes, innermost first. */
  get frames(): readonly KnownCode[] {
    return this.#known.toReversed();
  }

  /** Finds rows and lines of the frames that were read; false where they are not a stack. */
  resolve(interpreter: Interpreter, tables: SamplerTables, into: Place): boolean {
    const { frames, code: codes } = interpreter;
    const moment = now();
    const isCheck = moment - this.#checked > BELIEF;
    if (isCheck) this.#checked = moment;
    let isSame = !isCheck && this.#generation === codes.generation;
    let stack = -1;
    let line = 0;
    into.opcode = -1;
    for (let index = frames.depth - 1, level = 0; index >= 0; index--, level++) {
      const address = frames.code[index] ?? 0;
      const instruction = frames.instruction[index] ?? 0;
      const isInnermost = index === 0;
      isSame &&= !isInnermost && this.#code[level] === address && this.#instruction[level] === instruction;
      if (isSame) {
        stack = this.#stack[level] ?? -1;
        line = this.#line[level] ?? 0;
        continue;
      }
      let code: KnownCode | null;
      if (isInnermost) {
        const found = interpreter.code.innermost(address, instruction, moment);
        code = found?.code ?? null;
        into.opcode = found?.opcode ?? -1;
      } else {
        code = interpreter.code.at(address, moment, moment - BELIEF);
      }
      if (code === null) {
        this.forget(level);
        return false;
      }
      stack = tables.stack(stack, line, code);
      line = lineAt(code, instruction);
      this.#code[level] = address;
      this.#instruction[level] = instruction;
      this.#stack[level] = stack;
      this.#line[level] = line;
      this.#known[level] = code;
    }
    this.forget(frames.depth);
    this.#generation = codes.generation;
    into.stack = stack;
    into.line = line;
    return true;
  }

  /** Forgets the frames from a level inwards. */
  forget(level = 0): void {
    this.#code.length = level;
    this.#known.length = level;
  }
}

function lineAt(code: KnownCode, instruction: number): number {
  const unit = (instruction - code.instructions) >> 1;
  // Before the first instruction the function is only being entered.
  return unit < 0 ? code.firstLine : (code.lines[unit] ?? 0);
}
