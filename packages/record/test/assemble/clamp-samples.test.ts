import { BLOCKING, chargeSamples, IDLE, RUNNING, SLEEPING } from '@whetstone/record/assembling';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const letters: Record<string, number> = { r: RUNNING, i: IDLE, b: BLOCKING, s: SLEEPING };

/** Draws samples as `r1000 i500 b1000`: kind and gap. */
function gaps(drawn: string) {
  const parts = drawn.split(' ');
  return {
    kind: Uint8Array.from(parts, (part) => letters[part[0] as string] as number),
    gap: Float64Array.from(parts, (part) => Number(part.slice(1))),
    interval: 1000,
  };
}

const whole = (values: Float64Array) => [...values].map(Math.round);
const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

describe('chargeSamples', () => {
  test('cuts the gap that another program caused', () => {
    const { computing } = chargeSamples(gaps('r1000 r50000 r1000'), null, 0);
    expect(whole(computing)).toEqual([1000, 2000, 1000]);
  });

  test('never cuts idle time', () => {
    const { computing, sleeping } = chargeSamples(gaps('r1000 i50000'), null, 0);
    expect(whole(computing)).toEqual([1000, 0]);
    expect(whole(sleeping)).toEqual([0, 50000]);
  });

  test('gives long gaps back what was cut, as far as the thread computed', () => {
    expect(whole(chargeSamples(gaps('r1000 r12000'), 8000, 0).computing)).toEqual([1000, 7000]);
  });

  test('charges code in proportion where the thread had no core all the time', () => {
    expect(whole(chargeSamples(gaps('r1000 r1000 r2000'), 2000, 0).computing)).toEqual([500, 500, 1000]);
  });

  test('lets native code sleep before other code gives', () => {
    const { computing, sleeping } = chargeSamples(gaps('r1000 b1000 b1000'), 1500, 1);
    expect(whole(computing)).toEqual([1000, 250, 250]);
    expect(whole(sleeping)).toEqual([0, 750, 750]);
  });

  test('charges every stretch of polling the same, as long as it is', () => {
    const { computing, sleeping, missing } = chargeSamples(gaps('r1000 i100 r1000 i5000 i5000'), 3000, 0);
    expect(whole(computing)).toEqual([1000, 100, 1000, 900, 0]);
    expect(whole(sleeping)).toEqual([0, 0, 0, 4100, 5000]);
    expect(missing).toBe(0);
  });

  test('says how much CPU time no sample shows', () => {
    expect(chargeSamples(gaps('r1000 s4000'), 3000, 0).missing).toBe(2000);
  });

  test('adds up to the CPU time, and loses no sleep', () => {
    const sample = fc.tuple(fc.constantFrom(RUNNING, IDLE, BLOCKING), fc.integer({ min: 1, max: 20_000 }));
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, share, sleep) => {
          const kind = Uint8Array.from(samples, ([k]) => k);
          const gap = Float64Array.from(samples, ([, g]) => g);
          const cpu = share * sum(gap);
          const { computing, sleeping, missing } = chargeSamples({ kind, gap, interval: 1000 }, cpu, sleep);
          expect(sum(computing) + missing).toBeCloseTo(cpu, 3);
          for (const [i, length] of gap.entries()) {
            expect(computing[i]).toBeGreaterThanOrEqual(0);
            expect(sleeping[i]).toBeGreaterThanOrEqual(0);
            expect((computing[i] as number) + (sleeping[i] as number)).toBeLessThanOrEqual(length + 1e-6);
          }
        },
      ),
    );
  });
});
