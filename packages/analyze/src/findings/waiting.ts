import { placeText, type Evidence } from '../evidence.ts';
import type { Facts } from '../explain.ts';
import { mayJoin } from '../joined-time.ts';
import { placeOf } from '../places.ts';
import type { Place, RunReport, WaitRow } from '../report.ts';
import { isResting, joinedStretches } from '../selection.ts';
import {
  LOOP_BLOCKED,
  LOOP_WAITS_LEAST,
  SEQUENTIAL_COUNT,
  SEQUENTIAL_OVERLAP,
  SEQUENTIAL_SHARE,
  WAITING_DOMINATES,
} from '../thresholds.ts';
import { mostCharged } from '../wait-rows.ts';

/** The main thread sleeps most of the time, and a wait is known that explains the largest part. */
export function waitingDominates({ profile, report }: Facts): Evidence[] {
  const { time } = report;
  const joined = time.joined ?? 0;
  const top = mostCharged(report.waits).find(
    (wait) =>
      wait.charged > 0 &&
      !isInterpreterLock(wait) &&
      !(mayJoin(wait.kind, wait.call) && joined >= wait.charged / 2),
  );
  if (!top || !mostlyAsleep(report) || time.waiting === null) return [];
  // Who waits for the interpreter's lock, or for threads and children that work, waits for the program's own computing.
  const waiting = Math.max(0, time.waiting - (time.lock ?? 0) - joined);
  if (waiting / time.wall < WAITING_DOMINATES) return [];
  const { count, apart } = addedWaits(profile, askedLike(profile, top));
  return [
    {
      id: 'waiting-dominates',
      confidence: 'certain',
      gainAtMost: waiting / time.wall,
      where: placeOfWait(top),
      evidence: {
        waiting,
        wall: time.wall,
        share: waiting / time.wall,
        call: top.call,
        target: top.target ?? top.kind,
        place: waitPlaceText(top),
        // A synchronous call may be charged with more than the thread slept, and a wait for the program's own work
        // with what is not counted here.
        charged: Math.min(top.charged, waiting),
        count: top.count,
        longest: top.longest || '?',
        asynchronous: asynchronousForms.get(top.call) ?? '',
        apart: apart && count > 1 ? count : '?',
      },
    },
  ];
}

/** The main thread sleeps most of the time, and nothing says for what. */
export function waitingUnexplained({ report }: Facts): Evidence[] {
  const { time } = report;
  if (!mostlyAsleep(report)) return [];
  const unexplained = time.unexplained ?? time.asleep;
  if (unexplained / time.wall < WAITING_DOMINATES) return [];
  return [
    {
      id: 'waiting-unexplained',
      confidence: 'likely',
      gainAtMost: unexplained / time.wall,
      where: null,
      evidence: { unexplained, asleep: time.asleep, wall: time.wall, share: unexplained / time.wall },
    },
  ];
}

/** Many waits of one place, never two at once. */
export function sequentialAwaits({ profile, report }: Facts): Evidence[] {
  const { waits, strings, nodes } = profile;
  const { wall } = report.time;
  const places = new Map<string, number[]>();
  for (let i = 0; i < waits.kind.length; i++) {
    // An interval is one after another by its nature.
    if (waits.thread[i] !== 0 || strings[waits.call[i]!] === 'setInterval') continue;
    if (notAsked.has(strings[waits.kind[i]!] ?? '') && profile.about.runtime.name !== 'node') continue;
    const f = waits.node[i]! >= 0 ? nodes.function[waits.node[i]!]! : -1;
    // Before its first line nothing of the program asked.
    if (f >= 0 && isResting(profile, f)) continue;
    const key = `${f} ${waits.line[i]} ${waits.call[i]}`;
    const rows = places.get(key);
    if (rows) rows.push(i);
    else places.set(key, [i]);
  }
  let worst: Evidence | undefined;
  for (const rows of places.values()) {
    const { count, time, apart, ...added } = addedWaits(profile, rows);
    if (count < SEQUENTIAL_COUNT || wall === 0 || !apart) continue;
    const spent = Math.min(wall, added.spent);
    if (spent / wall < SEQUENTIAL_SHARE) continue;
    const [first = 0] = rows;
    const f = waits.node[first]! >= 0 ? nodes.function[waits.node[first]!]! : -1;
    const where = f >= 0 ? placeOf(profile, f, waits.line[first]) : null;
    const gainAtMost = (spent / wall) * (1 - 1 / count);
    if (worst && (worst.gainAtMost ?? 0) >= gainAtMost) continue;
    const call = strings[waits.call[first]!] || strings[waits.kind[first]!] || '';
    const asynchronous = asynchronousForms.get(call) ?? '';
    worst = {
      id: 'sequential-awaits',
      // Each may need the answer of the one before.
      confidence: 'possible',
      gainAtMost,
      where,
      evidence: {
        call,
        asynchronous,
        awaited: asynchronous === '' ? call : '',
        blocking: asynchronous === '' ? '' : call,
        place: where ? placeText(where) : 'a place that is not known',
        count,
        time: spent,
        each: time / count,
        share: spent / wall,
      },
    };
  }
  return worst ? [worst] : [];
}

/** The main thread's waits of the same kind as one, whatever place asked. */
function askedLike({ waits, strings }: Facts['profile'], { kind }: WaitRow): number[] {
  return [...waits.kind.keys()].filter(
    (i) =>
      waits.thread[i] === 0 && strings[waits.kind[i]!] === kind && strings[waits.call[i]!] !== 'setInterval',
  );
}

/** Waits added up: how many, their time, what of it is the clock's, and whether never two were under way at once. */
function addedWaits({ waits }: Facts['profile'], rows: readonly number[]) {
  let count = 0;
  let time = 0;
  let charged = 0;
  for (const i of rows) {
    count += waits.count[i]!;
    time += waits.duration[i]!;
    charged += waits.charged[i]!;
  }
  const covered = joinedStretches(
    rows.map((i) => ({ start: waits.start[i]!, end: waits.start[i]! + waits.duration[i]! })),
  ).reduce((sum, { start, end }) => sum + end - start, 0);
  // Short waits are added up into one row, which hides an overlap: what they are charged with shows it.
  const single = count === rows.length;
  const apart = time > 0 && 1 - covered / time <= SEQUENTIAL_OVERLAP && (single || charged >= time / 2);
  return { count, time, spent: single ? covered : charged, apart };
}

/** Calls of Node that hold the thread while they wait, and what to await instead. */
const asynchronousForms: ReadonlyMap<string, string> = new Map([
  ['child_process.execSync', 'promisify(child_process.exec)'],
  ['child_process.execFileSync', 'promisify(child_process.execFile)'],
  ['child_process.spawnSync', 'child_process.spawn'],
  ['Atomics.wait', 'Atomics.waitAsync'],
]);

/** A program that waits for others keeps them waiting: its loop stood still. */
export function loopBlocked({ profile, report }: Facts): Evidence[] {
  const waits = report.waits.reduce((sum, { count }) => sum + count, 0);
  if (waits < LOOP_WAITS_LEAST) return [];
  let longest = 0;
  let at = 0;
  let count = 0;
  for (const series of profile.series) {
    if (series.name !== 'delay' || series.thread > 0) continue;
    for (let i = 0; i < series.value.length; i++) {
      const value = series.value[i]!;
      if (value < LOOP_BLOCKED) continue;
      count++;
      // A delay stands at the moment at which the loop should have come round.
      if (value > longest) [longest, at] = [value, series.time[i]!];
    }
  }
  if (count === 0) return [];
  const where = busiestPlace(profile, at, at + longest);
  return [
    {
      id: 'event-loop-blocked',
      confidence: 'likely',
      // The work has to be done anyway; what is gained is that others do not wait for it.
      gainAtMost: null,
      where,
      evidence: {
        longest,
        count,
        waits,
        place: where ? placeText(where) : 'a place that is not known',
        at,
      },
    },
  ];
}

/** The user's function that ran longest in the main thread between two moments. */
function busiestPlace(profile: Facts['profile'], from: number, to: number): Place | null {
  const samples = profile.samples[0];
  const times = new Map<number, number>();
  for (let i = 0; i < (samples?.node.length ?? 0); i++) {
    const start = samples!.time[i]!;
    if (start >= to) break;
    const inside = Math.min(to, start + samples!.duration[i]!) - Math.max(from, start);
    if (inside <= 0) continue;
    // Up to the user's code: `readFileSync` blocks, and it was called from somewhere.
    let node = samples!.node[i]!;
    while (node >= 0 && profile.functions.category[profile.nodes.function[node]!]! > 1)
      node = profile.nodes.parent[node]!;
    if (node >= 0)
      times.set(profile.nodes.function[node]!, (times.get(profile.nodes.function[node]!) ?? 0) + inside);
  }
  const [top] = [...times].toSorted((a, b) => b[1] - a[1]);
  return top ? placeOf(profile, top[0]) : null;
}

/** Asleep, and not because its own threads and children compute meanwhile. */
function mostlyAsleep({ about, time }: RunReport): boolean {
  if (time.wall === 0 || time.asleep / time.wall < WAITING_DOMINATES) return false;
  return about.cpu === null || (about.cpu - time.cpu) / time.asleep < 0.5;
}

/** Kinds of waits of Python that asking at once would not shorten: for others of the program, or for whatever comes first. */
const notAsked: ReadonlySet<string> = new Set(['lock', 'poll', 'signal', 'memory', 'sleep', 'terminal']);

function isInterpreterLock({ kind, call }: WaitRow): boolean {
  return kind === 'lock' && call === 'GIL';
}

function placeOfWait({ file, line, function: name }: WaitRow): Place | null {
  return file === '' ? null : { file, line, function: name };
}

function waitPlaceText(wait: WaitRow): string {
  return wait.file === '' ? 'a place that is not known' : placeText(wait);
}
