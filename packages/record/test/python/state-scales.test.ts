import { expect, test } from 'vitest';
import type { PythonThread } from '../../src/python/python-threads.ts';
import type { SampledTimes } from '../../src/python/sampled-times.ts';
import { stateScales } from '../../src/python/state-scales.ts';

/** A thread of a second, as the system tells, and what samples saw of it. */
const scales = (
  { cpu, queued }: { cpu: number | null; queued: number },
  seen: { busy: number; queued: number; lock: number; asleep: number },
) => stateScales({ cpu, queued, began: 0, ended: 1000 } as PythonThread, seen as SampledTimes);

test('what ran too long was in the queue first, then waiting for the lock', () => {
  // 150 too much: 100 were in the queue, 50 of the 60 that were asleep besides in the lock.
  const { busy, queued, lock } = scales(
    { cpu: 400, queued: 300 },
    { busy: 550, queued: 200, lock: 240, asleep: 240 },
  );
  expect(busy * 550).toBeCloseTo(400);
  expect(queued * 200).toBeCloseTo(300);
  expect(lock * 240).toBeCloseTo(290);
});

test('waits that are not for the lock stay as they were seen', () => {
  expect(scales({ cpu: 400, queued: 0 }, { busy: 500, queued: 0, lock: 0, asleep: 500 })).toEqual({
    busy: 0.8,
    queued: 1,
    lock: 1,
  });
});

test('no more than half is added, and nothing where the samples fit or the system does not tell', () => {
  const { lock } = scales({ cpu: 100, queued: 0 }, { busy: 900, queued: 0, lock: 100, asleep: 100 });
  expect(lock).toBe(1.5);
  const all = { busy: 1, queued: 1, lock: 1 };
  expect(scales({ cpu: 600, queued: 0 }, { busy: 500, queued: 0, lock: 100, asleep: 400 })).toEqual(all);
  expect(scales({ cpu: null, queued: 0 }, { busy: 500, queued: 0, lock: 100, asleep: 400 })).toEqual(all);
});
