import type { Microseconds } from '@whetstone/profile';

/**
 * How many intervals a sample of running code may stand for at most. A longer gap means that the
 * thread or the sampler had no core: who ran at its start need not have run all through. Two leaves
 * room for the jitter of timers (up to 1.6 intervals on an idle machine).
 */
const LONGEST_GAP = 2;

/** What a sample was taken in. */
export const RUNNING = 0;
/** The thread had nothing to do. */
export const IDLE = 1;
/** In native code that may sleep: a system call, a lock. */
export const BLOCKING = 2;
/** In a call that is known to have slept. */
export const SLEEPING = 3;

/** Samples of one piece in time order, with what each could be charged with. */
export interface GapTable {
  /** {@link RUNNING}, {@link IDLE}, {@link BLOCKING} or {@link SLEEPING}. */
  readonly kind: Uint8Array;
  /** From each sample to the next. */
  readonly gap: Float64Array;
  readonly interval: Microseconds;
}

/** What the samples of a piece are charged with. */
export interface Charges {
  /** CPU time, for each sample. */
  readonly computing: Float64Array;
  /** Time asleep, for each sample: idle, or blocked in native code. */
  readonly sleeping: Float64Array;
  /** CPU time that no sample shows. */
  readonly missing: Microseconds;
}

/**
 * Charges samples so that running code adds up to the CPU time that the operating system tells.
 *
 * Gaps that other programs caused are cut to two intervals. If that is more than the CPU time, native
 * code that may have slept gives first (as much as `sleep` says), then all in proportion. If it is
 * less, the long gaps get back what was cut; and what is still missing was spent in the event loop
 * between polls, which V8 calls idle: each stretch of it gets the same.
 *
 * @param cpu `null` where it is not known: gaps are cut and no more.
 * @param sleep share of native code that was asleep, at most: from 0 to 1.
 */
export function chargeSamples(
  { kind, gap, interval }: GapTable,
  cpu: Microseconds | null,
  sleep: number,
): Charges {
  const rows = kind.length;
  const computing = new Float64Array(rows);
  const sleeping = new Float64Array(rows);
  const most = LONGEST_GAP * interval;
  let clamped = 0;
  let whole = 0;
  let blocking = 0;
  for (let i = 0; i < rows; i++) {
    const length = gap[i] as number;
    if (kind[i] === IDLE || kind[i] === SLEEPING) {
      sleeping[i] = length;
      continue;
    }
    const charged = Math.min(length, most);
    computing[i] = charged;
    clamped += charged;
    whole += length;
    if (kind[i] === BLOCKING) blocking += length;
  }
  if (cpu === null) return { computing, sleeping, missing: 0 };

  const over = clamped - cpu;
  if (over > 0) {
    // A blocked call sleeps through all of its gap, also the part that was cut.
    const asleep = blocking === 0 ? 0 : Math.min(sleep, over / blocking, 1);
    let left = 0;
    for (let i = 0; i < rows; i++) {
      if (kind[i] === BLOCKING && asleep > 0) {
        const length = gap[i] as number;
        sleeping[i] = length * asleep;
        computing[i] = Math.min(computing[i] as number, length - (sleeping[i] as number));
      }
      left += computing[i] as number;
    }
    scale(computing, left > cpu ? cpu / left : 1);
    return { computing, sleeping, missing: Math.max(cpu - left, 0) };
  }

  const cut = whole - clamped;
  const back = cut === 0 ? 0 : Math.min(1, -over / cut);
  if (back > 0) {
    for (let i = 0; i < rows; i++) {
      if (kind[i] === RUNNING || kind[i] === BLOCKING)
        computing[i] = (computing[i] as number) + back * ((gap[i] as number) - (computing[i] as number));
    }
  }
  const missing = Math.max(-over - cut, 0);
  return { computing, sleeping, missing: missing - pollingTime(kind, computing, sleeping, missing) };
}

/** Charges idle stretches with CPU time, the same for each, as long as it is; returns how much there was room for. */
function pollingTime(
  kind: Uint8Array,
  computing: Float64Array,
  sleeping: Float64Array,
  wanted: number,
): number {
  if (wanted <= 0) return 0;
  const stretches: { readonly first: number; readonly length: number }[] = [];
  for (let i = 0; i < kind.length; i++) {
    if (kind[i] !== IDLE) continue;
    const first = i;
    let length = sleeping[i] as number;
    while (i + 1 < kind.length && kind[i + 1] === IDLE) length += sleeping[++i] as number;
    stretches.push({ first, length });
  }
  stretches.sort((a, b) => a.length - b.length);
  let left = wanted;
  for (const [index, { first, length }] of stretches.entries()) {
    let share = Math.min(length, left / (stretches.length - index));
    left -= share;
    for (let i = first; share > 0; i++) {
      const taken = Math.min(share, sleeping[i] as number);
      computing[i] = taken;
      sleeping[i] = (sleeping[i] as number) - taken;
      share -= taken;
      if (kind[i + 1] !== IDLE) break;
    }
  }
  return wanted - left;
}

function scale(values: Float64Array, factor: number): void {
  if (factor === 1) return;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
}
