import { Float64Column, Int32Column } from '../columns.ts';
import { JsonBytes } from '../json-bytes.ts';
import { ProfileBuilder } from '../profile-builder.ts';
import { ProfileError, type Category, type Microseconds, type Profile } from '../profile.ts';
import { pathOfUrl } from './file-url.ts';
import { foreignAbout, foreignThread } from './foreign.ts';

/** V8's names for what is not a function. */
const special: ReadonlyMap<string, Category> = new Map([
  ['(program)', 'runtime'],
  ['(idle)', 'idle'],
  ['(garbage collector)', 'collector'],
]);

/** In place of a function: V8's `(root)`, which calls whatever nobody called. */
const ROOT = -1;

/** Places in the file are kept as 32-bit integers. */
const LARGEST = 2 ** 31 - 1;

/**
 * Reads V8's `.cpuprofile` format.
 *
 * Time from the start to the first sample is charged to nobody, and all the rest to the samples, as it
 * is: what other programs took of it is not in the file. `(root)` is left out where nothing was sampled
 * in it. Lines get their share of a node's time by its position ticks.
 *
 * @see https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile
 * @throws {@link ProfileError} `PROFILE_EMPTY`, `PROFILE_MALFORMED` or `PROFILE_TRUNCATED`
 */
export function readCpuProfile(bytes: Uint8Array): Profile {
  if (bytes.length === 0) throw new ProfileError('PROFILE_EMPTY', 'The file is empty.');
  if (bytes.length > LARGEST) {
    throw new ProfileError('PROFILE_TOO_LARGE', `Expected at most ${LARGEST} bytes, found ${bytes.length}.`);
  }
  const builder = new ProfileBuilder();
  const raw = readRaw(new JsonBytes(bytes), builder);
  const { samples, nodes } = raw;
  const duration = raw.endTime - raw.startTime;
  if (samples.length === 0 && nodes.hits === 0) {
    throw new ProfileError('PROFILE_EMPTY', 'The profile has no samples: did the program run?');
  }
  if (samples.length !== raw.timeDeltas.length) {
    throw malformed(
      raw.samplesAt,
      `as many timeDeltas as samples, ${samples.length}, found ${raw.timeDeltas.length}`,
    );
  }
  const index = idIndex(nodes);
  const parents = parentsOf(nodes, index);
  // A node's self time, by its index in the file.
  const self = new Float64Array(nodes.id.length);
  const timeline = samples.length > 0 ? timelineOf(raw, index, duration) : null;
  if (timeline === null) {
    if (!(duration > 0))
      throw malformed(0, `an endTime after the startTime, found ${duration} µs between them`);
    for (let i = 0; i < self.length; i++) self[i] = (duration * nodes.hitCount.at(i)) / nodes.hits;
  } else {
    for (let i = 0; i < timeline.node.length; i++) {
      const node = timeline.node[i] as number;
      self[node] = (self[node] as number) + (timeline.duration[i] as number);
    }
  }

  const rows = addNodes(builder, nodes, parents, self);
  const end = timeline === null ? duration : timeline.end;
  const thread = builder.addThread(foreignThread(end, samples.length));
  if (timeline !== null) {
    for (let i = 0; i < timeline.node.length; i++) {
      const row = rows[timeline.node[i] as number] as number;
      if (row >= 0)
        builder.addSample(thread, row, 0, timeline.time[i] as number, timeline.duration[i] as number);
    }
  }
  addSelf(builder, nodes, rows, self, thread);
  const runtime = raw.fromNode ? 'node' : 'other';
  return builder.build(foreignAbout(runtime, end, samples.length > 0 ? medianOf(raw.timeDeltas) : 0));
}

/** Nodes as the file has them: one row each, in the file's order. */
interface RawNodes {
  readonly id: Float64Column;
  /** Row of the function table, or {@link ROOT}. */
  readonly function: Int32Column;
  readonly hitCount: Float64Column;
  /** The byte where it begins, for messages. */
  readonly at: Float64Column;
  /** Pairs: who is whose child. */
  readonly childOf: Int32Column;
  readonly childId: Float64Column;
  /** Triples: so many ticks on a line of a node. */
  readonly tickNode: Int32Column;
  readonly tickLine: Int32Column;
  readonly ticks: Float64Column;
  /** Sum of `hitCount`. */
  hits: number;
}

interface RawProfile {
  readonly nodes: RawNodes;
  readonly samples: Float64Column;
  readonly timeDeltas: Float64Column;
  readonly samplesAt: number;
  readonly startTime: Microseconds;
  readonly endTime: Microseconds;
  readonly fromNode: boolean;
}

function readRaw(json: JsonBytes, builder: ProfileBuilder): RawProfile {
  const nodes: RawNodes = {
    id: new Float64Column(),
    function: new Int32Column(),
    hitCount: new Float64Column(),
    at: new Float64Column(),
    childOf: new Int32Column(),
    childId: new Float64Column(),
    tickNode: new Int32Column(),
    tickLine: new Int32Column(),
    ticks: new Float64Column(),
    hits: 0,
  };
  const samples = new Float64Column();
  const timeDeltas = new Float64Column();
  const frames = new Frames(builder);
  let startTime = 0;
  let endTime = 0;
  let samplesAt = 0;
  let found = false;
  for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
    if (key === 'nodes') {
      if (found) throw malformed(json.position(), 'one list of nodes');
      found = true;
      for (let more = json.firstItem(); more; more = json.nextItem()) readNode(json, nodes, frames);
    } else if (key === 'samples') {
      samplesAt = json.position();
      for (let more = json.firstItem(); more; more = json.nextItem()) samples.push(json.number());
    } else if (key === 'timeDeltas') {
      for (let more = json.firstItem(); more; more = json.nextItem()) timeDeltas.push(amount(json));
    } else if (key === 'startTime') startTime = amount(json);
    else if (key === 'endTime') endTime = amount(json);
    else json.skip();
  }
  json.end();
  if (!found) throw malformed(0, 'an object with a list of nodes');
  return { nodes, samples, timeDeltas, samplesAt, startTime, endTime, fromNode: frames.fromNode };
}

function readNode(json: JsonBytes, nodes: RawNodes, frames: Frames): void {
  const at = json.position();
  const row = nodes.id.length;
  let id: number | undefined;
  let hitCount = 0;
  let functionRow: number | undefined;
  for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
    switch (key) {
      case 'id':
        id = json.number();
        break;
      case 'callFrame':
        functionRow = frames.read(json);
        break;
      case 'hitCount':
        hitCount = amount(json, 0);
        break;
      case 'children':
        for (let more = json.firstItem(); more; more = json.nextItem()) {
          nodes.childOf.push(row);
          nodes.childId.push(json.number());
        }
        break;
      case 'positionTicks':
        for (let more = json.firstItem(); more; more = json.nextItem()) readTicks(json, nodes, row);
        break;
      default:
        json.skip();
    }
  }
  if (id === undefined) throw malformed(at, 'a node with an id');
  if (functionRow === undefined) throw malformed(at, 'a node with a callFrame');
  nodes.id.push(id);
  nodes.function.push(functionRow);
  nodes.hitCount.push(hitCount);
  nodes.at.push(at);
  nodes.hits += hitCount;
}

function readTicks(json: JsonBytes, nodes: RawNodes, row: number): void {
  let line = 0;
  let ticks = 0;
  for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
    if (key === 'line') line = json.number();
    else if (key === 'ticks') ticks = amount(json, 0);
    else json.skip();
  }
  nodes.tickNode.push(row);
  nodes.tickLine.push(line >= 1 && line <= 0x7fffffff ? line : 0);
  nodes.ticks.push(ticks);
}

/** A time or a count: whole or not, but such that sums of all in a file stay finite. */
function amount(json: JsonBytes, least = -Number.MAX_SAFE_INTEGER): number {
  const at = json.position();
  const value = json.number();
  if (value < least || value > Number.MAX_SAFE_INTEGER) {
    throw malformed(at, `a number from ${least} to ${Number.MAX_SAFE_INTEGER}, found ${value}`);
  }
  return value;
}

/** Reads call frames. */
class Frames {
  fromNode = false;
  readonly #builder: ProfileBuilder;
  readonly #files = new Map<string, { readonly path: string; readonly category: Category }>();

  constructor(builder: ProfileBuilder) {
    this.#builder = builder;
  }

  read(json: JsonBytes): number {
    let name = '';
    let url = '';
    let line = -1;
    let column = -1;
    for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
      if (key === 'functionName') name = json.string();
      else if (key === 'url') url = json.string();
      else if (key === 'lineNumber') line = json.number();
      else if (key === 'columnNumber') column = json.number();
      else json.skip();
    }
    if (name === '(root)' && url === '') return ROOT;
    const { path, category } = this.#file(url);
    const whose = url === '' ? (special.get(name) ?? category) : category;
    return this.#builder.functionRow(name, path, line + 1, column + 1, whose);
  }

  #file(url: string) {
    let file = this.#files.get(url);
    if (file === undefined) {
      if (url.startsWith('node:') || url.startsWith('file:') || url.startsWith('/')) this.fromNode = true;
      file = { path: pathOfUrl(url), category: categoryOf(url) };
      this.#files.set(url, file);
    }
    return file;
  }
}

/** V8's own functions have no address. */
function categoryOf(url: string): Category {
  if (url === '') return 'native';
  if (url.startsWith('node:')) return 'runtime';
  return /[\\/]node_modules[\\/]/.test(url) ? 'dependency' : 'own';
}

/** Finds the row of a node in the file by its id; -1 if no node has it. */
type IdIndex = (id: number) => number;

function idIndex(nodes: RawNodes): IdIndex {
  const rows = nodes.id.length;
  let dense = true;
  const limit = rows * 4 + 1024;
  for (let row = 0; row < rows && dense; row++) {
    const id = nodes.id.at(row);
    dense = Number.isInteger(id) && id >= 0 && id < limit;
  }
  const twice = (row: number) =>
    malformed(nodes.at.at(row), `a node with an id of its own, found ${nodes.id.at(row)} again`);
  if (dense) {
    const byId = new Int32Array(limit).fill(-1);
    for (let row = 0; row < rows; row++) {
      if (byId[nodes.id.at(row)] !== -1) throw twice(row);
      byId[nodes.id.at(row)] = row;
    }
    return (id) => byId[id] ?? -1;
  }
  // Sorted and searched, because numbers in a `Map` can be chosen so that they collide.
  const order = Int32Array.from({ length: rows }, (_, row) => row).toSorted(
    (a, b) => nodes.id.at(a) - nodes.id.at(b) || a - b,
  );
  for (let i = 1; i < rows; i++) {
    const row = order[i] as number;
    if (nodes.id.at(row) === nodes.id.at(order[i - 1] as number)) throw twice(row);
  }
  return (id) => {
    let first = 0;
    let end = rows;
    while (first < end) {
      const middle = (first + end) >> 1;
      if (nodes.id.at(order[middle] as number) < id) first = middle + 1;
      else end = middle;
    }
    const row = order[first] ?? -1;
    return row >= 0 && nodes.id.at(row) === id ? row : -1;
  };
}

function parentsOf(nodes: RawNodes, index: IdIndex): Int32Array {
  const parents = new Int32Array(nodes.id.length).fill(-1);
  for (let i = 0; i < nodes.childOf.length; i++) {
    const parent = nodes.childOf.at(i);
    const child = index(nodes.childId.at(i));
    if (child < 0)
      throw malformed(nodes.at.at(parent), `children that exist, found id ${nodes.childId.at(i)}`);
    if (parents[child] !== -1 && parents[child] !== parent) {
      throw malformed(
        nodes.at.at(parent),
        `children that no other node has, found id ${nodes.childId.at(i)}`,
      );
    }
    parents[child] = parent;
  }
  return parents;
}

/** Adds the nodes, callers first; returns the row in the profile of each, -1 for a `(root)` left out. */
function addNodes(
  builder: ProfileBuilder,
  nodes: RawNodes,
  parents: Int32Array,
  self: Float64Array,
): Int32Array {
  const rows = new Int32Array(parents.length).fill(-1);
  for (const row of callersFirst(nodes, parents)) {
    const parent = parents[row] as number;
    if (nodes.function.at(row) === ROOT && parent === -1 && self[row] === 0) continue;
    // What `(root)` calls is called by nobody, even where something was sampled in `(root)` itself.
    const below = parent === -1 || (nodes.function.at(parent) === ROOT && parents[parent] === -1);
    const given = nodes.function.at(row);
    const functionRow = given === ROOT ? builder.functionRow('(root)', '', 0, 0, 'runtime') : given;
    rows[row] = builder.nodeRow(below ? -1 : (rows[parent] as number), functionRow);
  }
  return rows;
}

function callersFirst(nodes: RawNodes, parents: Int32Array): Int32Array {
  const count = parents.length;
  const order = new Int32Array(count);
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);
  let filled = 0;
  for (let row = count - 1; row >= 0; row--) {
    const parent = parents[row] as number;
    if (parent === -1) continue;
    nextSibling[row] = firstChild[parent] as number;
    firstChild[parent] = row;
  }
  for (let row = 0; row < count; row++) if (parents[row] === -1) order[filled++] = row;
  for (let read = 0; read < filled; read++) {
    for (
      let child = firstChild[order[read] as number] as number;
      child >= 0;
      child = nextSibling[child] as number
    ) {
      order[filled++] = child;
    }
  }
  if (filled < count) {
    const reached = new Uint8Array(count);
    for (let i = 0; i < filled; i++) reached[order[i] as number] = 1;
    const row = reached.indexOf(0);
    throw malformed(nodes.at.at(row), `a node below a root, found a circle through id ${nodes.id.at(row)}`);
  }
  return order;
}

/** Samples in the order of time, by the rows that nodes have in the file. */
interface Timeline {
  readonly node: Int32Array;
  readonly time: Float64Array;
  readonly duration: Float64Array;
  readonly end: Microseconds;
}

function timelineOf(raw: RawProfile, index: IdIndex, duration: Microseconds): Timeline {
  const count = raw.samples.length;
  let node = new Int32Array(count);
  let time = new Float64Array(count);
  let now = 0;
  let ordered = true;
  for (let i = 0; i < count; i++) {
    const delta = raw.timeDeltas.at(i);
    now += delta;
    if (delta < 0 && i > 0) ordered = false;
    time[i] = now;
    const row = index(raw.samples.at(i));
    if (row < 0)
      throw malformed(
        raw.samplesAt,
        `samples of nodes that exist, found id ${raw.samples.at(i)} in sample ${i}`,
      );
    node[i] = row;
  }
  if (!ordered) {
    // V8 takes samples on two ways, and now and then one overtakes another.
    const given = { node, time };
    const order = Int32Array.from(time, (_, i) => i).toSorted(
      (a, b) => (given.time[a] as number) - (given.time[b] as number) || a - b,
    );
    node = Int32Array.from(order, (i) => given.node[i] as number);
    time = Float64Array.from(order, (i) => given.time[i] as number);
  }
  const end = Math.max(duration, time[count - 1] as number);
  // A delta is the time *before* its sample; what the sample cost is the delta after it.
  const durations = new Float64Array(count);
  for (let i = 0; i < count; i++) durations[i] = (time[i + 1] ?? end) - (time[i] as number);
  return { node, time, duration: durations, end };
}

/** Splits each node's self time over its lines by their ticks; ticks without a line keep their share. */
function addSelf(
  builder: ProfileBuilder,
  nodes: RawNodes,
  rows: Int32Array,
  self: Float64Array,
  thread: number,
): void {
  const measure = builder.measure('self', 'microseconds', 'sampled', 'node');
  const ticks = new Float64Array(self.length);
  for (let i = 0; i < nodes.tickNode.length; i++) {
    const node = nodes.tickNode.at(i);
    ticks[node] = (ticks[node] as number) + nodes.ticks.at(i);
  }
  const whole = (node: number) => Math.max(nodes.hitCount.at(node), ticks[node] as number);
  for (let i = 0; i < nodes.tickNode.length; i++) {
    const node = nodes.tickNode.at(i);
    if ((self[node] as number) > 0 && nodes.ticks.at(i) > 0) {
      const share = nodes.ticks.at(i) / whole(node);
      measure.add(rows[node] as number, nodes.tickLine.at(i), thread, (self[node] as number) * share);
    }
  }
  for (let node = 0; node < self.length; node++) {
    if (!((self[node] as number) > 0)) continue;
    const share = ticks[node] === 0 ? 1 : 1 - (ticks[node] as number) / whole(node);
    if (share > 0) measure.add(rows[node] as number, 0, thread, (self[node] as number) * share);
  }
}

/** Of at most so many deltas: enough to know the interval. */
const MEDIAN_OF = 10_000;

function medianOf(deltas: Float64Column): Microseconds {
  const step = Math.max(1, Math.floor(deltas.length / MEDIAN_OF));
  const some: number[] = [];
  for (let i = 0; i < deltas.length; i += step) some.push(deltas.at(i));
  some.sort((a, b) => a - b);
  return Math.max(0, some[some.length >> 1] as number);
}

function malformed(at: number, what: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `Expected ${what}, at byte ${at}.`);
}
