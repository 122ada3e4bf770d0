import type { Stats } from '../options.ts';

/**
 * The figures of all, added up. What is open or under way counts only where `living` says so; `turnedAway` are
 * connections that reached none of them.
 */
export function sumStats(
  living: readonly Stats[],
  ended: readonly Stats[],
  workers?: Stats['workers'],
  turnedAway = 0,
): Stats {
  const all = [...living, ...ended];
  const sum = (of: (stats: Stats) => number, from: readonly Stats[] = all) =>
    from.reduce((total, stats) => total + of(stats), 0);
  const statuses: Record<string, number> = {};
  const routes: Record<string, { requests: number; time: number }> = {};
  for (const stats of all) {
    for (const [status, count] of Object.entries(stats.statuses))
      statuses[status] = (statuses[status] ?? 0) + count;
    for (const [name, { requests, time }] of Object.entries(stats.routes)) {
      const route = (routes[name] ??= { requests: 0, time: 0 });
      route.requests += requests;
      // Whole microseconds: sums of fractions differ by the order, and a counter would seem to fall.
      route.time += Math.round(time * 1000);
    }
  }
  for (const route of Object.values(routes)) route.time /= 1000;
  return {
    engine: all[0]?.engine ?? 'typescript',
    engineReason: all[0]?.engineReason ?? '',
    connections: sum((stats) => stats.connections, living),
    accepted: sum((stats) => stats.accepted),
    turnedAway: turnedAway + sum((stats) => stats.turnedAway),
    refused: sum((stats) => stats.refused),
    requests: sum((stats) => stats.requests),
    inFlight: sum((stats) => stats.inFlight, living),
    overloaded: sum((stats) => stats.overloaded),
    logDropped: sum((stats) => stats.logDropped),
    statuses,
    routes,
    workers,
  };
}
