import type { Microseconds, ProfileBuilder } from '@whetstone/profile';
import type { RawThread } from '../recording.ts';
import type { Sleep } from './assemble-samples.ts';
import type { CallTree } from './call-tree.ts';
import type { RawSites } from './raw.ts';
import type { ThreadScripts } from './scripts.ts';
import type { SleepingCall } from './sleeping-calls.ts';
import type { UserFunctions } from './user-functions.ts';

type Site = RawSites['sites'][number];
type Wait = Parameters<ProfileBuilder['addWait']>[0];

/** The waits of a thread, each at the call in the user's source that began it. */
export function waitsOf(
  thread: RawThread,
  row: number,
  begin: Microseconds,
  scripts: ThreadScripts,
  functions: UserFunctions,
  tree: CallTree,
): Wait[] {
  const waits: Wait[] = [];
  const sites = new Map<number, Site>();
  for (const record of thread.records) {
    if (record.type === 'sites') for (const site of record.sites) sites.set(site.id, site);
  }
  const places = new Map<number, { readonly node: number; readonly line: number }>();
  for (const record of thread.records) {
    if (record.type !== 'waits') continue;
    for (const [index, id] of record.site.entries()) {
      const site = sites.get(id);
      let place = places.get(id);
      if (place === undefined) {
        place = site === undefined ? { node: -1, line: 0 } : placeOf(site, scripts, functions, tree);
        places.set(id, place);
      }
      const target = record.target[index] ?? -1;
      const duration = record.duration[index] ?? 0;
      waits.push({
        thread: row,
        node: place.node,
        line: place.line,
        kind: site?.kind ?? 'other',
        call: site?.call ?? '',
        target: target < 0 ? '' : (record.targets[target] ?? ''),
        start: Math.max((record.start[index] ?? begin) - begin, 0),
        duration,
        charged: record.charged[index] ?? 0,
        count: record.count[index] ?? 1,
        longest: record.longest[index] ?? duration,
      });
    }
  }
  return waits;
}

/**
 * Waits, with those that only the samples show: calls that slept and let nothing else run meanwhile. A wait that
 * was under way at the time may have been charged with that sleep; it gives back what is more than there was.
 *
 * @param asleep how long the thread slept, `null` where the system does not tell
 * @param begin moment that the waits' times count from
 */
export function withSleepingCalls(
  waits: readonly Wait[],
  calls: readonly SleepingCall[],
  asleep: Microseconds | null,
  thread: number,
  begin: Microseconds,
): Wait[] {
  if (asleep === null || calls.length === 0) return [...waits];
  const slept = calls.reduce((sum, call) => sum + call.slept, 0);
  let over = waits.reduce((sum, { charged }) => sum + charged, slept) - asleep;
  const rest = waits.map((wait) => {
    const inCalls = calls.reduce((sum, call) => sum + overlap(wait, call, begin), 0);
    const back = Math.max(Math.min(over, wait.charged, inCalls), 0);
    over -= back;
    return back === 0 ? wait : { ...wait, charged: wait.charged - back };
  });
  // What is still too much was explained better than by samples.
  const share = Math.min(Math.max(1 - over / slept, 0), 1);
  const sampled = share === 0 ? [] : calls;
  return [
    ...rest,
    ...sampled.map(({ node, call, kind, start, end, slept: duration }) => ({
      thread,
      node,
      line: 0,
      kind,
      call,
      target: '',
      start: Math.max(start - begin, 0),
      duration: end - start,
      charged: duration * share,
      count: 1,
      longest: end - start,
    })),
  ];
}

/** How long a call slept while a wait was under way. */
function overlap({ start, duration }: Wait, call: SleepingCall, begin: Microseconds): Microseconds {
  const both = Math.min(start + duration, call.end - begin) - Math.max(start, call.start - begin);
  return both <= 0 ? 0 : (both / (call.end - call.start)) * call.slept;
}

/**
 * Calls in which a thread slept and nothing of it ran: waits that are charged with all of their time (the
 * event loop is never asleep for exactly as long as a wait takes). A long wait may be told piece by piece.
 */
export function sleepsOf(thread: RawThread): Sleep[] {
  const lines = new Map<number, number>();
  const told = new Map<number, { start: number; end: number; charged: number; whole: boolean }[]>();
  for (const record of thread.records) {
    if (record.type === 'sites') for (const site of record.sites) lines.set(site.id, site.line);
    if (record.type !== 'waits') continue;
    for (const [index, start] of record.start.entries()) {
      const site = record.site[index] ?? -1;
      let rows = told.get(site);
      if (rows === undefined) told.set(site, (rows = []));
      const end = start + (record.duration[index] ?? 0);
      const charged = record.charged[index] ?? 0;
      const count = record.count[index] ?? 1;
      const before =
        count === 0 ? rows.findLast((row) => Math.abs(row.end - start) < SAME_MOMENT) : undefined;
      if (before === undefined) rows.push({ start, end, charged, whole: count === 1 });
      else {
        before.end = end;
        before.charged += charged;
      }
    }
  }
  const sleeps: Sleep[] = [];
  for (const [site, rows] of told) {
    for (const { start, end, charged, whole } of rows) {
      if (!whole || end - start < SAME_MOMENT || Math.abs(charged - (end - start)) > SAME_MOMENT) continue;
      sleeps.push({ start, end, line: lines.get(site) ?? 0 });
    }
  }
  return sleeps.sort((a, b) => a.start - b.start);
}

/** Microseconds that a clock's rounding makes of one moment. */
const SAME_MOMENT = 0.5;

/** The call path and line of the source for a place that the engine named. */
function placeOf(
  site: Site,
  scripts: ThreadScripts,
  functions: UserFunctions,
  tree: CallTree,
): { readonly node: number; readonly line: number } {
  if (site.url === null || site.url === '') return { node: -1, line: 0 };
  const { file, line } = scripts.at(site.url, site.line);
  const column = Math.max(site.column - 1, 0);
  const source = file.original(line, column);
  const ranges = file.ranges;
  const range = ranges?.functions[file.innermost(line, column)];
  const user =
    range === undefined
      ? functions.at(file, line, column, site.function)
      : range.parent < 0
        ? functions.at(file, 1, 0, '')
        : functions.ofRange(file, range);
  return { node: tree.anyOf(user.row), line: source.file === user.file ? source.line : 0 };
}
