import { InterpreterCode, type CodeText } from './interpreter-code.ts';
import type { FoundInterpreter } from './interpreter-find.ts';
import { FrameList, FrameWalker, type Walked } from './interpreter-frames.ts';
import { LOCK_SIZE } from './interpreter-offsets.ts';
import { opcodeClass } from './opcode-classes.ts';
import { Block, isObjectAddress, type ProcessMemory } from './process-memory.ts';

/** A thread as the interpreter knows it. */
export interface InterpreterThread {
  readonly address: number;
  readonly interpreter: number;
  /** Address of the struct of the lock that it must hold to run Python. */
  readonly lock: number;
}

/** More threads or interpreters than that are garbage. */
const MOST_THREADS = 20_000;
const MOST_INTERPRETERS = 1000;

/** A running interpreter, read from outside. */
export class Interpreter {
  readonly found: FoundInterpreter;
  readonly code: InterpreterCode;
  readonly frames = new FrameList();
  readonly #callsC: readonly boolean[];
  readonly #memory: ProcessMemory;
  readonly #walker: FrameWalker;
  readonly #thread: Block;
  readonly #word = new Block(16);

  constructor(
    memory: ProcessMemory,
    found: FoundInterpreter,
    rowOf: (code: CodeText) => number,
    forkedFrom: Interpreter | null,
  ) {
    this.found = found;
    this.#memory = memory;
    this.#walker = new FrameWalker(memory, found.offsets);
    this.#thread = new Block(found.offsets.thread.size);
    this.code = new InterpreterCode(memory, found, rowOf, forkedFrom?.code ?? null);
    this.#callsC = Array.from({ length: 256 }, (_, opcode) =>
      isCallOfC(opcodeClass(found.version, opcode)?.name ?? ''),
    );
  }

  /** All threads by the system's number of them; `null` where the memory is gone. */
  threads(): Map<number, InterpreterThread> | null {
    const { runtime, interpreter: at, thread, lock } = this.found.offsets;
    const threads = new Map<number, InterpreterThread>();
    let interpreter = this.#pointerAt(this.found.runtime + runtime.interpretersHead);
    if (interpreter === null) return null;
    for (let count = 0; isObjectAddress(interpreter) && count < MOST_INTERPRETERS; count++) {
      const lockAddress: number | null =
        at.lock === null ? this.found.runtime + lock.start : this.#pointerAt(interpreter + at.lock);
      let address: number = this.#pointerAt(interpreter + at.threadsHead) ?? 0;
      for (let seen = 0; isObjectAddress(address) && seen < MOST_THREADS; seen++) {
        if (!this.#memory.read(address, thread.size, this.#thread)) break;
        // One that is only beginning has the number of the thread that made it, and stands before that.
        threads.set(this.#thread.pointer(thread.nativeId), { address, interpreter, lock: lockAddress ?? 0 });
        address = this.#thread.pointer(thread.next);
      }
      interpreter = this.#pointerAt(interpreter + at.next) ?? 0;
    }
    return threads;
  }

  /**
   * Reads the stack of a thread into {@link frames}; `gone` where it is no longer that thread.
   */
  walk(thread: InterpreterThread, nativeId: number): Walked {
    const { size, nativeId: at } = this.found.offsets.thread;
    if (!this.#memory.read(thread.address, size, this.#thread)) return 'gone';
    if (this.#thread.pointer(at) !== nativeId) return 'gone';
    return this.#walker.walk(this.#thread, thread.address, this.frames);
  }

  /** Whether a thread holds the lock at this moment. */
  holdsLock(thread: InterpreterThread): boolean {
    const { lock } = this.found.offsets;
    const start = Math.min(lock.holder, lock.locked);
    if (!this.#memory.read(thread.lock - lock.start + start, 16, this.#word)) return false;
    return (
      this.#word.int(lock.locked - start) === 1 && this.#word.pointer(lock.holder - start) === thread.address
    );
  }

  /** Whether an address lies in a thread's lock: who waits there waits for the lock. */
  isInLock(thread: InterpreterThread, address: number): boolean {
    return address >= thread.lock && address < thread.lock + LOCK_SIZE;
  }

  /** Whether the collector runs. */
  isCollecting(thread: InterpreterThread): boolean {
    const address = thread.interpreter + this.found.offsets.interpreter.collecting;
    return this.#memory.read(address, 4, this.#word) && this.#word.int(0) === 1;
  }

  /** Whether an opcode is a call of C code. */
  callsC(opcode: number): boolean {
    return this.#callsC[opcode] ?? false;
  }

  #pointerAt(address: number): number | null {
    return this.#memory.read(address, 8, this.#word) ? this.#word.pointer(0) : null;
  }
}

/**
 * Whether at an opcode C code runs that was called from Python, rather than the interpreter itself.
 *
 * Calls of Python functions are the interpreter's own, and so are `len`, `isinstance` and their like,
 * which it does without a call.
 */
function isCallOfC(name: string): boolean {
  return (
    /^(INSTRUMENTED_)?CALL(_KW|_FUNCTION_EX|_ADAPTIVE)?$/.test(name) ||
    /^(PRE)?CALL_.*(BUILTIN|METHOD_DESCRIPTOR|NON_PY|STR_1|TUPLE_1)/.test(name)
  );
}
