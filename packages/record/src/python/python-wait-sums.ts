import type { Microseconds, ProfileBuilder } from '@whetstone/profile';
import type { PythonState, RawPythonWait } from './raw-python.ts';

/** Waits that are shorter are added up by their place: a program may have millions. */
const SHORT_WAIT: Microseconds = 10_000;

/** A stretch in which a thread waited at one place. */
export interface PlacedWait {
  /** `waiting`, or `lock` for the interpreter's own. */
  readonly state: PythonState;
  /** Row in the recording's waits, or -1. */
  readonly wait: number;
  /** Row of the call path that asked, and its line. */
  readonly node: number;
  readonly line: number;
  /** Counted from the start of the profile. */
  readonly start: Microseconds;
  readonly duration: Microseconds;
}

type Sum = { -readonly [K in keyof PlacedWait]: PlacedWait[K] } & { count: number; longest: Microseconds };

/** The waits of one thread: long ones each for itself, short ones of one place added up. */
export class PythonWaitSums {
  readonly #thread: number;
  readonly #names: readonly RawPythonWait[];
  readonly #charge: number;
  readonly #builder: ProfileBuilder;
  readonly #short = new Map<string, Sum>();

  /**
   * @param thread row in the profile's threads
   * @param names what the recording calls its waits
   * @param charge part of the time waited that is charged: a thread sleeps for no longer than the system says
   */
  constructor(thread: number, names: readonly RawPythonWait[], charge: number, builder: ProfileBuilder) {
    this.#thread = thread;
    this.#names = names;
    this.#charge = charge;
    this.#builder = builder;
  }

  add(placed: PlacedWait): void {
    const { state, wait, node, line, duration } = placed;
    if (duration >= SHORT_WAIT) return this.#tell({ ...placed, count: 1, longest: duration });
    const key = `${node}/${line}/${wait}/${state}`;
    const sum = this.#short.get(key);
    if (sum === undefined) {
      this.#short.set(key, { ...placed, count: 1, longest: duration });
    } else {
      sum.duration += duration;
      sum.longest = Math.max(sum.longest, duration);
      sum.count++;
    }
  }

  /** Tells the sums, once all waits of the thread are there. */
  end(): void {
    for (const sum of this.#short.values()) this.#tell(sum);
  }

  #tell({ state, wait, node, line, start, duration, count, longest }: Sum): void {
    const unnamed = state === 'lock' ? { kind: 'lock', call: 'GIL' } : { kind: 'other', call: '' };
    const { kind, call, target } = this.#names[wait] ?? { ...unnamed, target: '' };
    const charged = duration * this.#charge;
    const thread = this.#thread;
    this.#builder.addWait({
      thread,
      node,
      line,
      kind,
      call,
      target,
      start,
      duration,
      charged,
      count,
      longest,
    });
  }
}
