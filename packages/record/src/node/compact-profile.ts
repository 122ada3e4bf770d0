import type { V8Node, V8Profile } from './raw.ts';

type CallFrame = V8Node['callFrame'];
type Ticks = NonNullable<V8Node['positionTicks']>;

/**
 * V8's profile in columns: a tenth of the memory, and none of it for the collector to walk through.
 *
 * Nodes are rows in V8's order, callers before callees.
 */
export interface CompactProfile {
  readonly startTime: number;
  readonly endTime: number;
  /** Every call frame once. */
  readonly frames: readonly CallFrame[];
  /** Row in {@link frames} of every node. */
  readonly frame: Int32Array;
  /** Row of the caller of every node, -1 for the root. */
  readonly caller: Int32Array;
  /** Row of the first tick of every node, and one behind the last. */
  readonly firstTick: Int32Array;
  readonly tickLine: Int32Array;
  readonly tickCount: Int32Array;
  /** Row of the node of every sample, -1 where there is none. */
  readonly sample: Int32Array;
  /** Microseconds before every sample. */
  readonly delta: Float64Array;
}

/** Puts V8's profile into columns. */
export function compactProfile(profile: V8Profile): CompactProfile {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  let largest = 0;
  let ticks = 0;
  for (const node of nodes) {
    if (node.id > largest) largest = node.id;
    if (node.positionTicks !== undefined) ticks += node.positionTicks.length;
  }
  const rowOf = new Int32Array(largest + 1).fill(-1);
  for (let row = 0; row < nodes.length; row++) rowOf[(nodes[row] as V8Node).id] = row;
  const frames = new FrameRows();
  const frame = new Int32Array(nodes.length);
  const caller = new Int32Array(nodes.length).fill(-1);
  const firstTick = new Int32Array(nodes.length + 1);
  const [tickLine, tickCount] = [new Int32Array(ticks), new Int32Array(ticks)];
  let tick = 0;
  for (let row = 0; row < nodes.length; row++) {
    const node = nodes[row] as V8Node;
    frame[row] = frames.row(node.callFrame);
    if (node.children !== undefined) {
      for (const id of node.children) {
        const child = rowOf[id];
        // V8 writes callers first; what does not follow that is no tree.
        if (child !== undefined && child > row) caller[child] = row;
      }
    }
    for (const { line, ticks: count } of (node.positionTicks ?? []) as Ticks) {
      tickLine[tick] = line;
      tickCount[tick++] = count;
    }
    firstTick[row + 1] = tick;
  }
  const sample = new Int32Array(samples.length);
  const delta = new Float64Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    sample[i] = rowOf[samples[i] as number] ?? -1;
    delta[i] = timeDeltas[i] ?? 0;
  }
  return {
    startTime: profile.startTime,
    endTime: profile.endTime,
    frames: frames.frames,
    frame,
    caller,
    firstTick,
    tickLine,
    tickCount,
    sample,
    delta,
  };
}

/** Finds the row of a call frame by its place; few places have two functions. */
class FrameRows {
  readonly frames: CallFrame[] = [];
  readonly #byPlace = new Map<string, Map<number, number[]>>();

  row(frame: CallFrame): number {
    let places = this.#byPlace.get(frame.url);
    if (places === undefined) this.#byPlace.set(frame.url, (places = new Map()));
    // Columns of a line of a megabyte may collide with another line's: the frame itself is compared.
    const place = frame.lineNumber * 0x10000 + frame.columnNumber;
    let rows = places.get(place);
    if (rows === undefined) places.set(place, (rows = []));
    for (const row of rows) {
      const known = this.frames[row] as CallFrame;
      if (
        known.functionName === frame.functionName &&
        known.lineNumber === frame.lineNumber &&
        known.columnNumber === frame.columnNumber
      ) {
        return row;
      }
    }
    const row = this.frames.push(frame) - 1;
    rows.push(row);
    return row;
  }
}
