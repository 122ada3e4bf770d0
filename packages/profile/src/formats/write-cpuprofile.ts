import { Int32Column } from '../columns.ts';
import type { Profile } from '../profile.ts';
import { urlOfPath } from './file-url.ts';
import { textChunks } from './text-chunks.ts';
import { threadRuns, type ThreadRuns } from './thread-runs.ts';

/** In microseconds: V8's own interval, where the profile does not know its. */
const USUAL_INTERVAL = 1000;

/**
 * Writes one thread in V8's `.cpuprofile` format, as Chrome, VS Code and speedscope read it.
 *
 * Runs become samples that last as long as they do, and what was charged to nobody becomes `(idle)`.
 */
export function writeCpuProfile(profile: Profile, thread = 0): Iterable<Uint8Array> {
  return textChunks(cpuProfileParts(profile, thread));
}

function* cpuProfileParts(profile: Profile, thread: number): Generator<string, void, undefined> {
  const runs = threadRuns(profile, thread);
  const ids = idsOf(profile, runs);
  yield '{"nodes":[';
  yield* nodeParts(profile, thread, ids);
  const start = Math.round(runs.start);
  const samples = wholeMicroseconds(runs);
  yield `],"startTime":${Math.min(0, start)},"endTime":${start + samples.total},"samples":[`;
  for (let i = 0; i < samples.node.length; i++) {
    const row = samples.node.at(i);
    yield `${i === 0 ? '' : ','}${row < 0 ? ids.idle : ids.of[row]}`;
  }
  yield '],"timeDeltas":[';
  for (let i = 0; i < samples.node.length; i++) {
    // The delta before a sample is what the one before it cost.
    yield i === 0 ? `${Math.max(0, start)}` : `,${samples.duration.at(i - 1)}`;
  }
  yield ']}\n';
}

/** Runs in whole microseconds, rounded so that sums stay right; what rounds to nothing is left out. */
function wholeMicroseconds(runs: ThreadRuns) {
  const node = new Int32Column();
  const duration = new Int32Column();
  let exact = 0;
  let total = 0;
  for (let i = 0; i < runs.node.length; i++) {
    exact += runs.duration[i] as number;
    // A run of more than half an hour is more than one sample of 32 bits.
    for (let rest = Math.round(exact) - total; rest > 0;) {
      const length = Math.min(rest, 0x7fffffff);
      node.push(runs.node[i] as number);
      duration.push(length);
      total += length;
      rest -= length;
    }
  }
  return { node, duration, total };
}

/** The file's number of every node that the thread was in, and of their callers; 0 for the others. */
interface Ids {
  readonly of: Int32Array;
  readonly root: number;
  readonly idle: number;
  /** True where the profile has no `(idle)` of its own. */
  readonly idleIsNew: boolean;
}

function idsOf(profile: Profile, runs: ThreadRuns): Ids {
  const { parent, function: functionOf } = profile.nodes;
  const { name, file } = profile.functions;
  const of = new Int32Array(parent.length);
  for (const row of runs.node) if (row >= 0) of[row] = 1;
  let idle = 0;
  let last = 1;
  for (let row = parent.length - 1; row >= 0; row--) {
    if (of[row] === 1 && (parent[row] as number) >= 0) of[parent[row] as number] = 1;
  }
  for (let row = 0; row < of.length; row++) {
    if (of[row] === 0) continue;
    of[row] = ++last;
    const f = functionOf[row] as number;
    if (parent[row] === -1 && text(profile, name[f]) === '(idle)' && text(profile, file[f]) === '') {
      idle = of[row] as number;
    }
  }
  return { of, root: 1, idle: idle === 0 ? last + 1 : idle, idleIsNew: idle === 0 && runs.node.includes(-1) };
}

function* nodeParts(profile: Profile, thread: number, ids: Ids): Generator<string, void, undefined> {
  const { parent, function: functionOf } = profile.nodes;
  const { name, file, line, column } = profile.functions;
  const children = childrenOf(profile, ids);
  const frames = Array.from(name, (_, f) => {
    const path = text(profile, file[f]);
    // A script has one number, and every file here is one script.
    const script = path === '' ? 0 : file[f];
    return JSON.stringify({
      functionName: text(profile, name[f]),
      scriptId: String(script),
      url: urlOfPath(path),
      lineNumber: (line[f] as number) - 1,
      columnNumber: (column[f] as number) - 1,
    });
  });
  const ticks = ticksOf(profile, thread, ids);

  const roots: number[] = [];
  for (let row = 0; row < parent.length; row++) {
    if (parent[row] === -1 && (ids.of[row] as number) > 0) roots.push(ids.of[row] as number);
  }
  if (ids.idleIsNew) roots.push(ids.idle);
  yield nodePart(ids.root, specialFrame('(root)'), 0, roots, '');
  for (let row = 0; row < parent.length; row++) {
    const id = ids.of[row] as number;
    if (id === 0) continue;
    const below: number[] = [];
    for (let child = children.first[row] as number; child >= 0; child = children.next[child] as number) {
      below.push(ids.of[child] as number);
    }
    const lines: string[] = [];
    let hits = 0;
    for (let at = ticks.first[row] as number; at >= 0; at = ticks.next.at(at)) {
      hits += ticks.count.at(at);
      if (ticks.line.at(at) > 0) lines.push(`{"line":${ticks.line.at(at)},"ticks":${ticks.count.at(at)}}`);
    }
    yield ',';
    yield nodePart(id, frames[functionOf[row] as number] as string, hits, below, lines.join(','));
  }
  if (ids.idleIsNew) {
    yield ',';
    yield nodePart(ids.idle, specialFrame('(idle)'), 0, [], '');
  }
}

function nodePart(
  id: number,
  frame: string,
  hits: number,
  children: readonly number[],
  ticks: string,
): string {
  const below = children.length === 0 ? '' : `,"children":[${children.join(',')}]`;
  const lines = ticks === '' ? '' : `,"positionTicks":[${ticks}]`;
  return `{"id":${id},"callFrame":${frame},"hitCount":${hits}${below}${lines}}`;
}

function specialFrame(name: string): string {
  return `{"functionName":"${name}","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1}`;
}

function childrenOf(profile: Profile, ids: Ids) {
  const { parent } = profile.nodes;
  const first = new Int32Array(parent.length).fill(-1);
  const next = new Int32Array(parent.length).fill(-1);
  for (let row = parent.length - 1; row >= 0; row--) {
    const caller = parent[row] as number;
    if (caller < 0 || ids.of[row] === 0) continue;
    next[row] = first[caller] as number;
    first[caller] = row;
  }
  return { first, next };
}

/** Self time by line as ticks of the interval, one at least: a list for each node, linked through `next`. */
function ticksOf(profile: Profile, thread: number, ids: Ids) {
  const interval = profile.about.interval > 0 ? profile.about.interval : USUAL_INTERVAL;
  const first = new Int32Array(ids.of.length).fill(-1);
  const next = new Int32Column();
  const line = new Int32Column();
  const count = new Int32Column();
  for (const measure of profile.measures) {
    if (measure.name !== 'self' || measure.per !== 'node') continue;
    for (let i = measure.row.length - 1; i >= 0; i--) {
      const row = measure.row[i] as number;
      if (measure.thread[i] !== thread || ids.of[row] === 0 || !((measure.value[i] as number) > 0)) continue;
      next.push(first[row] as number);
      first[row] = next.length - 1;
      line.push(measure.line[i] as number);
      count.push(Math.min(0x7fffffff, Math.max(1, Math.round((measure.value[i] as number) / interval))));
    }
  }
  return { first, next, line, count };
}

function text(profile: Profile, row: number | undefined): string {
  return profile.strings[row as number] as string;
}
