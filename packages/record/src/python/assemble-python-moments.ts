import type { MeasureColumn, Microseconds, ProfileAbout, ProfileBuilder } from '@whetstone/profile';
import { opcodeClass } from './opcode-classes.ts';
import type { PythonStacks } from './python-stacks.ts';
import type { PythonThread } from './python-threads.ts';
import { PythonWaitSums } from './python-wait-sums.ts';
import { pythonStates, type PythonState, type RawPython } from './raw-python.ts';
import { isBusy, type SampledTimes } from './sampled-times.ts';
import { stateScales } from './state-scales.ts';

/** Adds what each moment of each thread was spent on: samples, measures by line, waits and collections. */
export class PythonMoments {
  readonly #python: RawPython;
  readonly #stacks: PythonStacks;
  readonly #begin: Microseconds;
  readonly #waits: boolean;
  readonly #builder: ProfileBuilder;
  readonly #rows: Readonly<
    Record<'program' | 'startUp' | 'exit' | 'idle' | 'waiting' | 'gil' | 'queued' | 'collector', number>
  >;
  readonly #states: readonly MeasureColumn[];
  readonly #work = new Map<string, MeasureColumn>();
  readonly #resident: MeasureColumn;

  /**
   * @param begin moment that profile times count from
   * @param modes whether waits are named; who attached late sees neither the start nor the end
   */
  constructor(
    python: RawPython,
    stacks: PythonStacks,
    begin: Microseconds,
    modes: Pick<ProfileAbout['modes'], 'waits' | 'attached'>,
    builder: ProfileBuilder,
  ) {
    this.#python = python;
    this.#stacks = stacks;
    this.#begin = begin;
    this.#waits = modes.waits;
    this.#builder = builder;
    const special = (name: string, category: Parameters<ProfileBuilder['functionRow']>[4]) =>
      builder.functionRow(name, '', 0, 0, category);
    const program = special('(program)', 'native');
    this.#rows = {
      program,
      startUp: modes.attached ? program : special('(start-up)', 'runtime'),
      exit: modes.attached ? program : special('(exit)', 'runtime'),
      idle: special('(idle)', 'idle'),
      waiting: special('(waiting)', 'waiting'),
      gil: special('(waiting for the GIL)', 'waiting'),
      queued: special('(waiting for a core)', 'waiting'),
      collector: special('(garbage collector)', 'collector'),
    };
    this.#states = pythonStates.map((state) =>
      builder.measure(`state:${state}`, 'microseconds', 'sampled', 'node'),
    );
    this.#resident = builder.measure('resident', 'bytes', 'sampled', 'node');
  }

  /**
   * Adds the moments of a thread, whose samples are `samples` in time order.
   *
   * @param row in the profile's threads
   * @returns CPU time that no sample shows
   */
  add(row: number, samples: readonly number[], thread: PythonThread, times: SampledTimes): Microseconds {
    const { samples: table, threads, processes } = this.#python;
    const scales = stateScales(thread, times);
    const asleep = Math.max(thread.ended - thread.began - (thread.cpu ?? 0) - (thread.queued ?? 0), 0);
    const charge = thread.cpu === null || times.asleep <= asleep ? 1 : asleep / times.asleep;
    const missing = this.#addEnds(row, thread, times);
    const waits = new PythonWaitSums(row, this.#python.waits, charge, this.#builder);
    let collection: Collection | null = null;
    for (const sample of samples) {
      const state = table.state[sample] as number;
      const time = table.time[sample] as number;
      const whole = table.duration[sample] as number;
      const line = table.line[sample] as number;
      const stack = table.stack[sample] as number;
      const word = pythonStates[state] as PythonState;
      const scale = isBusy[state] ? scales.busy : word === 'queued' || word === 'lock' ? scales[word] : 1;
      const duration = whole * scale;
      const above = stack < 0 ? -1 : (this.#stacks.node[stack] as number);
      const node = this.#nodeOf(word, above, time, times);
      if (duration > 0) {
        const shownLine = node === above ? line : 0;
        this.#builder.addSample(row, node, shownLine, Math.max(time - this.#begin, 0), duration, word);
      }
      const place = above < 0 ? node : above;
      if (duration > 0) this.#states[state]?.add(place, line, row, duration);
      const grown = table.grown[sample] as number;
      if (grown !== 0) this.#resident.add(place, line, row, grown);
      // What C code did in a call is its own state, and says nothing of the call.
      if (word === 'bytecode') {
        const version = processes[threads[table.thread[sample] as number]?.process ?? -1]?.version ?? '';
        this.#addWork(version, table.opcode[sample] as number, place, line, row, duration);
      }
      const next = nextCollection(collection, word, time, whole);
      if (next !== null && next.start !== collection?.start) this.#addCollection(row, collection);
      collection = next;
      // Threads that Python does not know may sleep all the time: nobody waits for them.
      if (this.#waits && (stack >= 0 || thread.number === 0) && (word === 'waiting' || word === 'lock')) {
        const asked = this.#askerOf(stack, place, line);
        const start = Math.max(time - this.#begin, 0);
        waits.add({ state: word, wait: table.wait[sample] as number, ...asked, start, duration });
      }
    }
    this.#addCollection(row, collection);
    waits.end();
    return missing;
  }

  /** The time before the first sample and after the last, with the CPU time that must have been spent there. */
  #addEnds(row: number, thread: PythonThread, times: SampledTimes): Microseconds {
    const missing = thread.cpu === null ? 0 : Math.max(thread.cpu - times.busy, 0);
    const before = Math.max(times.first - thread.began, 0);
    const after = Math.max(thread.ended - times.last, 0);
    const share = before + after === 0 ? 0 : Math.min(1, missing / (before + after));
    const at = (functionRow: number, time: number, duration: number) => {
      if (duration <= 0) return;
      const node = this.#builder.nodeRow(-1, functionRow);
      this.#builder.addSample(row, node, 0, Math.max(time - this.#begin, 0), duration, 'native');
    };
    const { startUp, exit, program } = this.#rows;
    at(thread.number === 0 ? startUp : program, thread.began, before * share);
    at(thread.number === 0 ? exit : program, times.last, after * share);
    return missing - share * (before + after);
  }

  /** The place of the program's own that asked for a wait, where it waited in the standard library. */
  #askerOf(stack: number, node: number, line: number): { readonly node: number; readonly line: number } {
    const asker = stack < 0 ? -1 : (this.#stacks.asker[stack] as number);
    if (asker < 0 || asker === stack) return { node, line };
    return { node: this.#stacks.node[asker] as number, line: this.#stacks.askerLine[stack] as number };
  }

  /** The call path that a moment is shown at: what does not compute stands below what asked for it. */
  #nodeOf(state: PythonState, above: number, time: Microseconds, times: SampledTimes): number {
    const rows = this.#rows;
    switch (state) {
      case 'collector':
        return this.#builder.nodeRow(above, rows.collector);
      case 'lock':
        return this.#builder.nodeRow(above, rows.gil);
      case 'queued':
        return this.#builder.nodeRow(above, rows.queued);
      case 'waiting': {
        if (above >= 0) return this.#builder.nodeRow(above, rows.waiting);
        const early = times.begun !== null && time < times.begun;
        return this.#builder.nodeRow(-1, early ? rows.waiting : rows.idle);
      }
      default: {
        if (above >= 0) return above;
        if (times.begun !== null && time < times.begun) return this.#builder.nodeRow(-1, rows.startUp);
        const isOver = times.lastPython !== null && time >= times.lastPython;
        return this.#builder.nodeRow(-1, isOver ? rows.exit : rows.program);
      }
    }
  }

  #addWork(
    version: string,
    opcode: number,
    node: number,
    line: number,
    thread: number,
    duration: Microseconds,
  ): void {
    const known = opcode < 0 ? undefined : opcodeClass(version, opcode);
    if (known === undefined || duration <= 0) return;
    for (const name of [known.work, ...(known.form === 'neither' ? [] : [known.form])]) {
      let column = this.#work.get(name);
      if (column === undefined) {
        column = this.#builder.measure(`work:${name}`, 'microseconds', 'sampled', 'node');
        this.#work.set(name, column);
      }
      column.add(node, line, thread, duration);
    }
  }

  #addCollection(row: number, collection: Collection | null): void {
    if (collection === null) return;
    const { start, end } = collection;
    this.#builder.addCollection(row, 'cycles', Math.max(start - this.#begin, 0), end - start);
  }
}

/** A pause of the collector, in the sampler's time. */
interface Collection {
  readonly start: Microseconds;
  readonly end: Microseconds;
  /** Up to where it may still go on: a thread may have to wait for a core in the middle of it. */
  readonly reach: Microseconds;
}

/** Microseconds within which a stretch goes on in the next row. */
const SAME_MOMENT = 1;

/** The last collection after one more stretch of its thread: longer, another one, or the same as before. */
function nextCollection(
  last: Collection | null,
  state: PythonState,
  time: Microseconds,
  duration: Microseconds,
): Collection | null {
  const reach = time + duration;
  const goesOn = last !== null && time - last.reach <= SAME_MOMENT;
  if (state === 'collector') return { start: goesOn ? last.start : time, end: reach, reach };
  return state === 'queued' && goesOn ? { ...last, reach } : last;
}
