import { expect, test } from 'vitest';
import type { Stats } from '@whetstone/serve';
import { sumStats } from '../../src/supervisor/sum-stats.ts';

const stats = (time: number): Stats => ({
  engine: 'typescript',
  engineReason: '',
  connections: 0,
  accepted: 0,
  turnedAway: 0,
  refused: 0,
  requests: 1,
  inFlight: 0,
  overloaded: 0,
  logDropped: 0,
  statuses: { 200: 1 },
  routes: { '/': { requests: 1, time } },
});

test('times add up to the same, in whatever order workers end', () => {
  const times = Array.from({ length: 50 }, (_, n) => 1 / (n + 3));
  const whole = sumStats(times.map(stats), []).routes['/']!.time;
  let retired: Stats[] = [];
  for (const [n, time] of times.entries()) {
    retired = [sumStats([], [...retired, stats(time)])];
    expect(sumStats(times.slice(n + 1).map(stats), retired).routes['/']!.time).toBe(whole);
  }
  expect(whole).toBeCloseTo(
    times.reduce((sum, time) => sum + time, 0),
    2,
  );
});
