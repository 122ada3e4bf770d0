import { explain, findingIds, type FindingId } from '@whetstone/analyze';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile } from '../../profile/test/arbitrary-profile.ts';
import { findingRuns } from './finding-runs.ts';
import { drawnRun } from './drawn-run.ts';

describe.each(findingIds.map((id) => [id]))('%s', (id: FindingId) => {
  const [found] = explain(drawnRun(findingRuns[id].holds)).filter((finding) => finding.id === id);

  test('is found where it holds', () => expect(found).toMatchObject(findingRuns[id].found));

  test('is not found where it does not hold', () => {
    expect(explain(drawnRun(findingRuns[id].fails)).map((finding) => finding.id)).not.toContain(id);
  });

  test('has evidence that is known', () => {
    for (const value of Object.values(found.evidence)) {
      if (typeof value === 'number') expect(value).not.toBeNaN();
    }
  });
});

test('puts what makes the figures doubtful first, then the largest gain', () => {
  const found = explain(
    drawnRun({
      stacks: ['a@/app/a.ts:1 400000 at 2', '(garbage collector) 300000', 'b@/app/a.ts:9 100000'],
      thread: { wall: 1_000_000, cpu: 800_000, queued: 200_000 },
    }),
  );
  expect(found.map(({ id }) => id)).toEqual(['busy-machine', 'one-hot-line', 'collector']);
});

test('says nothing of a run that was too short to sample', () => {
  expect(
    explain(drawnRun({ stacks: ['a@/app/a.ts:1 900 at 2'], thread: { samples: { taken: 3, rejected: 0 } } })),
  ).toEqual([]);
});

test('has bounds of gain between 0 and 1 for every profile', () => {
  fc.assert(
    fc.property(arbitraryProfile, (profile) => {
      for (const { gainAtMost } of explain(profile)) {
        if (gainAtMost !== null) expect(gainAtMost >= 0 && gainAtMost <= 1).toBe(true);
      }
    }),
  );
});
