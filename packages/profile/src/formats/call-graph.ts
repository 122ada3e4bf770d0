import { Float64Column, Int32Column } from '../columns.ts';
import { ProfileBuilder } from '../profile-builder.ts';
import type { Microseconds, Profile, ProfileWarning } from '../profile.ts';
import { foreignAbout, foreignThread } from './foreign.ts';
import { pythonCategory } from '../python-category.ts';
import { waitingBuiltin } from './waiting-builtin.ts';

/** Functions with who called whom, but without call paths: what `cProfile` and its kin record. */
export interface CallGraph {
  readonly functions: readonly GraphFunction[];
  readonly arcs: readonly GraphArc[];
}

/** Figures of a function, or of a function when called by one other. */
export interface GraphFigures {
  /** All calls, and those of them that were not made while the function was running already. */
  readonly calls: number;
  readonly primitive: number;
  /** Without and with what it calls; recursion is counted once in the total. */
  readonly self: Microseconds;
  readonly total: Microseconds;
}

export interface GraphFunction extends GraphFigures {
  readonly name: string;
  /** Empty for a function written in C. */
  readonly file: string;
  readonly line: number;
}

export interface GraphArc extends GraphFigures {
  /** Indices into {@link CallGraph.functions}. */
  readonly caller: number;
  readonly callee: number;
}

/** What is to be said of every profiler that is called at each call. */
export const everyCallMeasured: ProfileWarning = {
  code: 'every-call-measured',
  message: 'The profiler stopped at every call: functions that are called often look slower than they are.',
};

/** Call paths beyond one for each arc: enough for any picture, and a bound where paths multiply. */
const MOST_PATHS = 200_000;

/** Part of all time that a further path must have: thinner than a pixel, and not worth a row. */
const THINNEST_PATH = 1e-5;

/** Steps of the search for paths: half a second, and a bound where a file is made to have too many. */
const MOST_STEPS = 20_000_000;

/** Functions in a path. */
const DEEPEST_PATH = 256;

/**
 * The profile of a call graph.
 *
 * Functions written in C that do nothing but wait are waits, and no computing.
 *
 * Exact, as the file has them: `calls`, `primitive` and `total` of every function, and the sum of its
 * `self`. How these are shared out over call paths is estimated: a function is taken to spend its time
 * alike, whoever called it. `path-calls` are the calls by path, so that those of each caller are exact.
 */
export function profileOfCallGraph(
  graph: CallGraph,
  wall: Microseconds,
  warnings: readonly ProfileWarning[],
): Profile {
  const builder = new ProfileBuilder();
  const thread = builder.addThread(foreignThread(wall, 0));
  const waits = graph.functions.map(({ name, file }) => (file === '' ? waitingBuiltin(name) : null));
  const rows = graph.functions.map(({ name, file, line }, f) =>
    builder.functionRow(name, file, line, 0, waits[f] ? 'waiting' : pythonCategory(file)),
  );
  const self = builder.measure('self', 'microseconds', 'estimated', 'node');
  const pathCalls = builder.measure('path-calls', 'count', 'estimated', 'node');
  const paths = callPaths(graph);
  const figures = figuresOfPaths(graph, paths);
  const nodes: number[] = [];
  for (let path = 0; path < paths.parent.length; path++) {
    const parent = paths.parent.at(path);
    const node = builder.nodeRow(
      parent < 0 ? -1 : (nodes[parent] as number),
      rows[paths.function.at(path)] as number,
    );
    nodes.push(node);
    self.add(node, 0, thread, figures.self[path] as number);
    pathCalls.add(node, 0, thread, figures.calls[path] as number);
    const wait = waits[paths.function.at(path)];
    const duration = figures.self[path] as number;
    const count = Math.round(figures.calls[path] as number);
    if (!wait || duration <= 0 || count < 1) continue;
    builder.addWait({
      thread,
      node: parent < 0 ? node : (nodes[parent] as number),
      line: 0,
      ...wait,
      target: '',
      start: 0,
      duration,
      charged: duration,
      count,
      // Of several waits only the sum is known.
      longest: count === 1 ? duration : 0,
    });
  }
  const calls = builder.measure('calls', 'count', 'measured', 'function');
  const primitive = builder.measure('primitive', 'count', 'measured', 'function');
  const total = builder.measure('total', 'microseconds', 'measured', 'function');
  for (const [f, figure] of graph.functions.entries()) {
    const row = rows[f] as number;
    calls.add(row, 0, -1, figure.calls);
    primitive.add(row, 0, -1, figure.primitive);
    total.add(row, 0, -1, figure.total);
  }
  // What is a function in PyPy is a method of a module in CPython.
  const pypy = graph.functions.some(({ name }) => name.startsWith('<built-in function '));
  const about = foreignAbout(pypy ? 'pypy' : 'cpython', wall, 0);
  return builder.build({
    ...about,
    modes: { ...about.modes, counts: true, waits: true },
    warnings: [...about.warnings, ...warnings],
  });
}

/** One row for each call path, callers first. */
interface Paths {
  readonly parent: Int32Column;
  readonly function: Int32Column;
  /** The arc that the path ends with, -1 for a root. */
  readonly arc: Int32Column;
  /** The part of its caller's time that the caller spends in this path. */
  readonly share: Float64Column;
}

function callPaths({ functions, arcs }: CallGraph): Paths {
  const paths: Paths = {
    parent: new Int32Column(),
    function: new Int32Column(),
    arc: new Int32Column(),
    share: new Float64Column(),
  };
  const time = new Float64Column();
  const depth = new Int32Column();
  const add = (parent: number, f: number, arc: number, share: number, spent: number) => {
    paths.parent.push(parent);
    paths.function.push(f);
    paths.arc.push(arc);
    paths.share.push(share);
    time.push(spent);
    depth.push(parent < 0 ? 1 : depth.at(parent) + 1);
    return time.length - 1;
  };

  const outgoing = arcsByCaller(functions.length, arcs);
  const { fromOutside, thinnest } = rootTimes(functions, arcs);
  for (const [f, spent] of fromOutside.entries()) if (spent >= 0) add(-1, f, -1, 1, spent);
  const seen = new Uint8Array(arcs.length);
  const expanded = new Uint8Array(functions.length);
  // The path whose functions are marked, by function.
  const marked = new Int32Array(functions.length).fill(-1);
  let steps = 0;
  for (let path = 0; path < time.length; path++) {
    const f = paths.function.at(path);
    const arc = paths.arc.at(path);
    const recursive = arc >= 0 && stands(paths, paths.parent.at(path), f);
    if (recursive || depth.at(path) >= DEEPEST_PATH) continue;
    const full = time.length > MOST_PATHS || steps > MOST_STEPS;
    if (expanded[f] === 1 && (full || time.at(path) < thinnest)) continue;
    expanded[f] = 1;
    steps += (outgoing.start[f + 1] as number) - (outgoing.start[f] as number);
    for (let above = path; above >= 0; above = paths.parent.at(above))
      marked[paths.function.at(above)] = path;
    const whole = (functions[f] as GraphFunction).total;
    const share = whole > 0 ? Math.min(1, time.at(path) / whole) : 1;
    for (let i = outgoing.start[f] as number; i < (outgoing.start[f + 1] as number); i++) {
      const next = outgoing.arc[i] as number;
      const { callee, total } = arcs[next] as GraphArc;
      const spent = marked[callee] === path ? 0 : share * total;
      if (seen[next] === 1 && (full || spent < thinnest)) continue;
      seen[next] = 1;
      add(path, callee, next, share, spent);
    }
  }
  // Callers that nothing leads to: a circle that was entered before the recording.
  for (const [arc, { caller, callee }] of arcs.entries()) {
    if (seen[arc] === 0) add(add(-1, caller, -1, 0, 0), callee, arc, 1, 0);
  }
  return paths;
}

/** Whether a function stands on a path. */
function stands(paths: Paths, path: number, f: number): boolean {
  for (let above = path; above >= 0; above = paths.parent.at(above)) {
    if (paths.function.at(above) === f) return true;
  }
  return false;
}

/** Arcs in rows of their callers: those of `f` stand from `start[f]` to `start[f + 1]`. */
function arcsByCaller(functions: number, arcs: readonly GraphArc[]) {
  const start = new Int32Array(functions + 1);
  for (const { caller } of arcs) start[caller + 1] = (start[caller + 1] as number) + 1;
  for (let f = 0; f < functions; f++) start[f + 1] = (start[f + 1] as number) + (start[f] as number);
  const next = start.slice();
  const arc = new Int32Array(arcs.length);
  for (const [row, { caller }] of arcs.entries()) {
    arc[next[caller] as number] = row;
    next[caller] = (next[caller] as number) + 1;
  }
  return { start, arc };
}

/** By function, the time when nobody that was recorded called it; -1 where somebody always did. */
function rootTimes(functions: readonly GraphFunction[], arcs: readonly GraphArc[]) {
  const fromOutside = Float64Array.from(functions, ({ total }) => total);
  const calls = Float64Array.from(functions, (figures) => figures.calls);
  const called = new Uint8Array(functions.length);
  for (const arc of arcs) {
    calls[arc.callee] = (calls[arc.callee] as number) - arc.calls;
    if (arc.caller === arc.callee) continue;
    called[arc.callee] = 1;
    fromOutside[arc.callee] = (fromOutside[arc.callee] as number) - arc.total;
  }
  let whole = 0;
  for (let f = 0; f < functions.length; f++) {
    const root = called[f] === 0 || (calls[f] as number) > 0;
    fromOutside[f] = root ? Math.max(0, fromOutside[f] as number) : -1;
    whole += Math.max(0, fromOutside[f] as number);
  }
  return { fromOutside, thinnest: whole * THINNEST_PATH };
}

/** Shares out the figures of every arc over its paths, and what is left of a function to its root. */
function figuresOfPaths({ functions, arcs }: CallGraph, paths: Paths) {
  const count = paths.parent.length;
  const weight = new Float64Array(arcs.length);
  const many = new Float64Array(arcs.length);
  const roots = new Int32Array(functions.length).fill(-1);
  for (let path = 0; path < count; path++) {
    const arc = paths.arc.at(path);
    if (arc < 0) {
      roots[paths.function.at(path)] = path;
    } else {
      weight[arc] = (weight[arc] as number) + paths.share.at(path);
      many[arc] = (many[arc] as number) + 1;
    }
  }
  const inArcs = new Float64Array(functions.length);
  const callsInArcs = new Float64Array(functions.length);
  const arcsInto = new Int32Array(functions.length);
  for (const arc of arcs) {
    arcsInto[arc.callee] = (arcsInto[arc.callee] as number) + 1;
    inArcs[arc.callee] = (inArcs[arc.callee] as number) + arc.self;
    callsInArcs[arc.callee] = (callsInArcs[arc.callee] as number) + arc.calls;
  }
  const self = new Float64Array(count);
  const calls = new Float64Array(count);
  for (let path = 0; path < count; path++) {
    const f = paths.function.at(path);
    const figures = functions[f] as GraphFunction;
    const arc = paths.arc.at(path);
    if (arc < 0) {
      if (roots[f] !== path) continue;
      self[path] = Math.max(0, figures.self - (inArcs[f] as number));
      calls[path] = Math.max(0, figures.calls - (callsInArcs[f] as number));
      continue;
    }
    const part =
      (weight[arc] as number) > 0
        ? paths.share.at(path) / (weight[arc] as number)
        : 1 / (many[arc] as number);
    const { self: claimed, calls: callsOfArc } = arcs[arc] as GraphArc;
    calls[path] = callsOfArc * part;
    const all = inArcs[f] as number;
    // Where callers claim more than the function has, or nothing could take the rest, they share what it has.
    if (all <= figures.self && roots[f] !== -1) self[path] = claimed * part;
    else if (all > 0) self[path] = figures.self * (claimed / all) * part;
    else self[path] = (figures.self / (arcsInto[f] as number)) * part;
  }
  return { self, calls };
}
