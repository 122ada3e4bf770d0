import type { Microseconds, ProfileBuilder } from '@whetstone/profile';
import type { CallTree } from './call-tree.ts';
import { BLOCKING, chargeSamples, IDLE, RUNNING, SLEEPING, type GapTable } from './clamp-samples.ts';
import type { InlinedLines, LineTrust } from './inlined-lines.ts';
import type { Frame, MergedPiece } from './merge-piece.ts';
import type { RawPiece } from './raw.ts';
import type { ThreadScripts } from './scripts.ts';
import type { SleepingCalls } from './sleeping-calls.ts';

/** What the operating system says of a thread, cut to the time in which it was sampled. */
export interface ThreadTime {
  readonly cpu: Microseconds | null;
  readonly queued: Microseconds | null;
  /** When the thread began and ended. */
  readonly began: Microseconds;
  readonly ended: Microseconds;
}

/** Rows of the functions that stand for time without code. */
export interface StateRows {
  readonly idle: number;
  readonly program: number;
  readonly waiting: number;
  readonly measuring: number;
  readonly startUp: number;
  readonly exit: number;
  /** The end of a thread that was cut off before it wrote its last samples. */
  readonly lost: number;
}

/** Everything that {@link addSamples} needs of a thread. */
export interface SampledThread {
  /** Row in the profile's threads. */
  readonly row: number;
  readonly pieces: readonly MergedPiece[];
  readonly scripts: ThreadScripts;
  readonly trust: LineTrust;
  readonly time: ThreadTime;
  /** Whether it wrote its last samples. */
  readonly complete: boolean;
  /** Calls that slept and let nothing else run meanwhile, in time order. */
  readonly sleeps: readonly Sleep[];
  /** Hears of calls that slept, which nobody named. */
  readonly calls: SleepingCalls;
}

/** A call such as `Atomics.wait` or `execSync`, in which the thread slept. */
export interface Sleep {
  readonly start: Microseconds;
  readonly end: Microseconds;
  /** The engine's line of the call, 0 where it is not known. */
  readonly line: number;
}

/**
 * Adds a thread's samples to the profile, in time order, each with its line and the time it is charged with.
 *
 * The engine gives lines as counts for each node of a piece, and times for each sample. A node's samples
 * are dealt out to its lines in the proportion of the counts, evenly over the piece, so that rows in time
 * order and the totals of lines are the same figures.
 *
 * @param begin moment that profile times count from
 * @returns CPU time that no sample shows
 */
export function addSamples(
  thread: SampledThread,
  begin: Microseconds,
  builder: ProfileBuilder,
  tree: CallTree,
  lines: InlinedLines,
  states: StateRows,
): Microseconds {
  // A piece may begin before the one before it has ended: that time is the pause of taking it.
  let covered = -Infinity;
  const gaps = thread.pieces.map((merged) => {
    const gap = gapsOf(merged, thread.sleeps, covered);
    covered = merged.profile.endTime;
    return gap;
  });
  const { cpuOf, sleep, uncovered } = expectedTime(thread, gaps);
  const at = (node: number, line: number, time: number, duration: number) => {
    if (duration > 0) builder.addSample(thread.row, node, line, Math.max(time - begin, 0), duration);
  };
  let missing = 0;
  const first = gaps[0]?.times[0] ?? thread.time.ended;
  const end = thread.pieces.at(-1)?.profile.endTime ?? thread.time.ended;
  const pauses = thread.pieces.slice(0, -1).map(({ piece }) => piece.pause);
  const stretches = [first - thread.time.began, ...pauses, thread.time.ended - end];
  const outside = stretches.reduce((sum, length) => sum + Math.max(length, 0), 0);
  // What was computed while nobody sampled is spread over that time: a thread that waits for its core waits everywhere.
  const share = outside === 0 ? 0 : Math.min(1, uncovered.cpu / outside);
  const uncoveredRow = (caller: number, functionRow: number, from: Microseconds, to: Microseconds) =>
    at(tree.child(caller, functionRow), 0, from, Math.max(to - from, 0) * share);

  uncoveredRow(-1, states.startUp, thread.time.began, first);
  for (const [index, merged] of thread.pieces.entries()) {
    const gap = gaps[index] as Gaps;
    const charges = chargeSamples(gap, cpuOf(index), sleep);
    missing += charges.missing;
    /** What ran last: the next pause interrupts it. */
    let last = -1;
    const deal = new Dealer(merged, thread, lines, gap.slept);
    for (let i = 0; i < gap.times.length; i++) {
      const index = gap.rows[i] as number;
      const time = gap.times[i] as number;
      const computing = charges.computing[i] as number;
      const sleeping = charges.sleeping[i] as number;
      if (gap.kind[i] === IDLE) {
        const idle = merged.self[index] as number;
        last = -1;
        at(idle, 0, time, sleeping);
        if (computing > 0) at(tree.child(-1, states.program), 0, time + sleeping, computing);
        continue;
      }
      if (gap.kind[i] === SLEEPING) {
        // What wraps the call is no place to sleep.
        const isOurs = frameOf(merged, index).row < 0;
        const node = (isOurs ? merged.parent[index] : merged.self[index]) as number;
        at(tree.child(node, states.waiting), 0, time, sleeping);
        continue;
      }
      const slot = deal.next(index);
      if (slot < 0) continue;
      const node = deal.node(slot);
      last = frameOf(merged, index).row < 0 ? (merged.parent[index] as number) : node;
      at(node, deal.line(slot), time, computing);
      if (sleeping > 0) {
        at(tree.child(node, states.waiting), 0, time + computing, sleeping);
        thread.calls.add(merged, index, time, gap.gap[i] as number, sleeping);
      }
    }
    const { endTime } = merged.profile;
    if (index === thread.pieces.length - 1)
      uncoveredRow(-1, thread.complete ? states.exit : states.lost, endTime, thread.time.ended);
    else uncoveredRow(last, states.measuring, endTime, endTime + merged.piece.pause);
  }
  return missing + uncovered.cpu - share * outside;
}

interface Gaps extends GapTable {
  /** Node of each sample. */
  readonly rows: Int32Array;
  readonly times: Float64Array;
  /** Samples of each node that were asleep, by the engine's line: its ticks hold them too. */
  readonly slept: ReadonlyMap<number, Map<number, number>>;
}

/** @param covered moment up to which the piece before it shows what was done */
function gapsOf(merged: MergedPiece, sleeps: readonly Sleep[], covered: Microseconds): Gaps {
  const { sample, delta, startTime, endTime } = merged.profile;
  const { interval } = merged.piece;
  const count = sample.length - merged.rejected;
  const [rows, times, gap, kind] = [
    new Int32Array(count),
    new Float64Array(count),
    new Float64Array(count),
    new Uint8Array(count),
  ];
  let time = startTime;
  let filled = 0;
  const slept = new Map<number, Map<number, number>>();
  let nextSleep = 0;
  for (let i = 0; i < sample.length; i++) {
    time += delta[i] as number;
    const index = sample[i] as number;
    if (index < 0 || time < covered) continue;
    rows[filled] = index;
    times[filled] = time;
    // A delta is the time before its sample; what the sample cost is the delta after it.
    gap[filled] = Math.max(0, i + 1 < sample.length ? (delta[i + 1] as number) : endTime - time);
    kind[filled] = kindOf(merged, index);
    while (nextSleep < sleeps.length && (sleeps[nextSleep] as Sleep).end <= time) nextSleep++;
    const sleep = sleeps[nextSleep];
    if (sleep !== undefined && sleep.start <= time && kind[filled] !== IDLE) {
      kind[filled] = SLEEPING;
      let lines = slept.get(index);
      if (lines === undefined) slept.set(index, (lines = new Map()));
      lines.set(sleep.line, (lines.get(sleep.line) ?? 0) + 1);
    }
    filled++;
  }
  return {
    rows: rows.subarray(0, filled),
    times: times.subarray(0, filled),
    gap: gap.subarray(0, filled),
    kind: kind.subarray(0, filled),
    interval,
    slept,
  };
}

function kindOf(merged: MergedPiece, index: number): number {
  if (frameOf(merged, index).kind === 'idle') return IDLE;
  return merged.blocking[index] === 1 ? BLOCKING : RUNNING;
}

function frameOf({ frames, profile }: MergedPiece, node: number): Frame {
  return frames[profile.frame[node] as number] as Frame;
}

interface ExpectedTime {
  /** CPU time of a piece, `null` where it is not known. */
  readonly cpuOf: (piece: number) => Microseconds | null;
  /** Share of native code that was asleep, at most. */
  readonly sleep: number;
  /** What ran while nobody sampled. */
  readonly uncovered: { readonly cpu: Microseconds };
}

/** Puts the figures of the operating system beside what was sampled. */
function expectedTime({ pieces, time }: SampledThread, gaps: readonly Gaps[]): ExpectedTime {
  const wall = Math.max(time.ended - time.began, 0);
  const asleep =
    time.cpu === null || time.queued === null ? null : Math.max(wall - time.cpu - time.queued, 0);
  let [idle, blocking] = [0, 0];
  for (const { kind, gap } of gaps) {
    for (let i = 0; i < kind.length; i++) {
      if (kind[i] === IDLE || kind[i] === SLEEPING) idle += gap[i] as number;
      else if (kind[i] === BLOCKING) blocking += gap[i] as number;
    }
  }
  const covered = gaps.reduce((sum, { gap }) => sum + gap.reduce((a, b) => a + b, 0), 0);
  const outside = Math.max(wall - covered, 0);
  // Asleep while sampled, but not idle: then it slept inside calls. Without a figure for the queue all that
  // is too much may be that.
  const asleepInCalls = (cpuOutside: number) =>
    asleep === null
      ? 1
      : blocking === 0
        ? 0
        : Math.min(1, Math.max(asleep - idle - Math.max(outside - cpuOutside, 0), 0) / blocking);

  if (pieces.length > 0 && pieces.every(({ piece }) => piece.cpu !== null)) {
    const sampled = pieces.reduce((sum, { piece }) => sum + (piece.cpu as number), 0);
    const cpu = time.cpu === null ? 0 : Math.max(time.cpu - sampled, 0);
    return {
      cpuOf: (index) => (pieces[index] as MergedPiece).piece.cpu,
      sleep: asleepInCalls(cpu),
      uncovered: { cpu },
    };
  }
  if (time.cpu === null) return { cpuOf: () => null, sleep: 0, uncovered: { cpu: 0 } };

  // Only the whole is known. What ran before, between and after the pieces cannot be told from what they
  // show: the samples are right within it, and are changed only as far as they leave it.
  const running = time.queued === null ? 1 : time.cpu / Math.max(time.cpu + time.queued, 1);
  const shown = gaps.map((gap) => chargeSamples(gap, null, 0).computing.reduce((a, b) => a + b, 0));
  const total = shown.reduce((a, b) => a + b, 0);
  const target = Math.min(time.cpu, Math.max(total, time.cpu - outside * running));
  const cpuOf =
    total === 0
      ? () => target / Math.max(pieces.length, 1)
      : (index: number) => ((shown[index] as number) / total) * target;
  return { cpuOf, sleep: asleepInCalls(time.cpu - target), uncovered: { cpu: time.cpu - target } };
}

/** Deals the samples of each node out to its lines. */
class Dealer {
  readonly #merged: MergedPiece;
  readonly #thread: SampledThread;
  readonly #lines: InlinedLines;
  readonly #slept: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** For each of V8's nodes: first of its slots, how many, and the one that comes next; 0 slots is "not looked at". */
  readonly #first: Int32Array;
  readonly #count: Int32Array;
  readonly #step: Int32Array;
  readonly #next: Int32Array;
  #nodes = new Int32Array(1024);
  #lineOf = new Int32Array(1024);
  #length = 0;

  constructor(merged: MergedPiece, thread: SampledThread, lines: InlinedLines, slept: Gaps['slept']) {
    this.#slept = slept;
    this.#merged = merged;
    this.#thread = thread;
    this.#lines = lines;
    const nodes = merged.self.length;
    this.#first = new Int32Array(nodes);
    this.#count = new Int32Array(nodes);
    this.#step = new Int32Array(nodes);
    this.#next = new Int32Array(nodes);
  }

  node(slot: number): number {
    return this.#nodes[slot] as number;
  }

  line(slot: number): number {
    return this.#lineOf[slot] as number;
  }

  /** Slot for the next sample of one of V8's nodes, -1 where it has no call path. */
  next(index: number): number {
    if (this.#count[index] === 0) this.#open(index);
    const count = this.#count[index] as number;
    if (count <= 1) return count === 0 ? -1 : (this.#first[index] as number);
    const at = this.#next[index] as number;
    this.#next[index] = (at + (this.#step[index] as number)) % count;
    return (this.#first[index] as number) + at;
  }

  #open(index: number): void {
    const { self, parent, ours, profile } = this.#merged;
    const node = self[index] as number;
    if (node < 0) return;
    const frame = frameOf(this.#merged, index);
    this.#first[index] = this.#length;
    if (frame.kind === 'code' && ours[index] === 0) {
      const { scripts, trust } = this.#thread;
      const slept = this.#slept.get(index);
      const left = slept === undefined ? undefined : new Map(slept);
      const last = profile.firstTick[index + 1] as number;
      for (let tick = profile.firstTick[index] as number; tick < last; tick++) {
        const line = profile.tickLine[tick] as number;
        let times = profile.tickCount[tick] as number;
        if (left !== undefined) {
          // Newer engines have several rows for a line.
          const asleep = Math.min(left.get(line) ?? 0, times);
          left.set(line, (left.get(line) ?? 0) - asleep);
          times -= asleep;
        }
        if (times === 0) continue;
        const slot = this.#lines.slot(
          node,
          parent[index] as number,
          frame.user,
          frame.url,
          line,
          scripts,
          trust,
        );
        for (let i = 0; i < times; i++) this.#push(slot.node, slot.line);
      }
    }
    if (this.#length === this.#first[index]) this.#push(node, 0);
    const count = this.#length - (this.#first[index] as number);
    this.#count[index] = count;
    // Steps of the golden section visit every slot once and leave no line out for long.
    let step = Math.max(1, Math.round(count * 0.618));
    while (commonDivisor(step, count) !== 1) step++;
    this.#step[index] = step;
  }

  #push(node: number, line: number): void {
    if (this.#length === this.#nodes.length) {
      this.#nodes = doubled(this.#nodes);
      this.#lineOf = doubled(this.#lineOf);
    }
    this.#nodes[this.#length] = node;
    this.#lineOf[this.#length++] = line;
  }
}

function doubled(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2);
  larger.set(column);
  return larger;
}

function commonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Samples that a thread's pieces hold. */
export function samplesTaken(pieces: readonly RawPiece[]): number {
  return pieces.reduce(
    (sum, piece) => sum + (piece.compact?.sample.length ?? piece.profile.samples?.length ?? 0),
    0,
  );
}
