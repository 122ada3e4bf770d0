import { ProfileBuilder } from '@whetstone/profile';
import { aboutOf, profileOf, threadOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryProfile } from './arbitrary-profile.ts';

describe('ProfileBuilder', () => {
  test('stores every string, function and call path once', () => {
    const builder = new ProfileBuilder();
    const main = builder.functionRow('main', '/app/a.ts', 1, 1, 'own');
    const parse = builder.functionRow('parse', '/app/a.ts', 9, 1, 'own');
    const root = builder.nodeRow(-1, main);
    const below = builder.nodeRow(root, parse);

    expect(builder.functionRow('main', '/app/a.ts', 1, 1, 'own')).toBe(main);
    expect(builder.functionRow('main', '/app/a.ts', 1, 2, 'own')).not.toBe(main);
    expect(builder.nodeRow(root, parse)).toBe(below);
    expect(builder.nodeRow(below, parse)).not.toBe(below);
    expect(builder.stringRow('')).toBe(0);
    expect(builder.build(aboutOf()).strings).toEqual(['', 'main', '/app/a.ts', 'parse']);
  });

  test('puts callers before what they call', () => {
    fc.assert(
      fc.property(arbitraryProfile, ({ nodes }) =>
        nodes.parent.every((parent, row) => parent >= -1 && parent < row),
      ),
    );
  });

  test('keeps call paths apart in a table of any size', () => {
    const builder = new ProfileBuilder();
    const functions = Array.from({ length: 50 }, (_, i) => builder.functionRow(`f${i}`, '', 0, 0, 'own'));
    const rows = [builder.nodeRow(-1, 0)];
    for (let i = 1; i < 20_000; i++) {
      rows.push(builder.nodeRow(rows[Math.floor((i - 1) / 50)] as number, functions[(i - 1) % 50] as number));
    }
    expect(new Set(rows).size).toBe(20_000);
    expect(builder.nodeRow(rows[0] as number, functions[0] as number)).toBe(rows[1]);
  });

  test('lengthens a run while the thread stays where it is', () => {
    const profile = profileOf('main 10', 'main 20', 'main;parse 5', 'main 7');
    expect([...(profile.samples[0]?.duration ?? [])]).toEqual([30, 5, 7]);
    expect([...(profile.samples[0]?.time ?? [])]).toEqual([0, 30, 35]);
  });

  test('splits a run at a gap that is longer than what follows, and keeps it over a shorter one', () => {
    const builder = new ProfileBuilder();
    const thread = builder.addThread(threadOf());
    const node = builder.nodeRow(-1, builder.functionRow('main', '', 0, 0, 'own'));
    for (const time of [0, 1000, 2000, 9000]) builder.addSample(thread, node, 0, time, 900);
    const { samples } = builder.build(aboutOf());
    expect([...(samples[0]?.time ?? [])]).toEqual([0, 9000]);
    expect([...(samples[0]?.duration ?? [])]).toEqual([2700, 900]);
  });

  test('brings samples that came late into the order of time', () => {
    const builder = new ProfileBuilder();
    const thread = builder.addThread(threadOf());
    const nodes = ['a', 'b', 'c'].map((name) =>
      builder.nodeRow(-1, builder.functionRow(name, '', 0, 0, 'own')),
    );
    builder.addSample(thread, nodes[0] as number, 0, 20, 5);
    builder.addSample(thread, nodes[1] as number, 0, 0, 5);
    builder.addSample(thread, nodes[2] as number, 0, 10, 5);
    const samples = builder.build(aboutOf()).samples[0];
    expect([...(samples?.time ?? [])]).toEqual([0, 10, 20]);
    expect([...(samples?.node ?? [])]).toEqual([1, 2, 0]);
  });

  test('adds up what is measured of the same row, line and thread', () => {
    const builder = new ProfileBuilder();
    const f = builder.functionRow('main', '', 0, 0, 'own');
    const calls = builder.measure('calls', 'count', 'measured', 'function');
    calls.add(f, 0, -1, 3_000_000_000);
    calls.add(f, 0, -1, 1);
    calls.add(f, 7, -1, 5);
    const measure = builder.build(aboutOf()).measures.find(({ name }) => name === 'calls');
    expect([...(measure?.value ?? [])]).toEqual([3_000_000_001, 5]);
    expect([...(measure?.line ?? [])]).toEqual([0, 7]);
  });

  test('takes self times from the samples where nobody gave any', () => {
    const [self] = profileOf('main 10 at 3', 'main;parse 5', 'main 7 at 3').measures;
    expect(self).toMatchObject({ name: 'self', unit: 'microseconds', kind: 'sampled', per: 'node' });
    expect([...(self?.row ?? [])]).toEqual([0, 1]);
    expect([...(self?.line ?? [])]).toEqual([3, 0]);
    expect([...(self?.value ?? [])]).toEqual([17, 5]);
  });

  test('joins the pieces of a series in the order of time', () => {
    const builder = new ProfileBuilder();
    builder.addSeries('heap', 'bytes', -1, [5, 7], [50, 70]);
    builder.addSeries('heap', 'bytes', -1, [1, 5], [10, 55]);
    builder.addSeries('resident', 'bytes', -1, [1], [9]);
    const { series } = builder.build(aboutOf());
    expect(series.map(({ name }) => name)).toEqual(['heap', 'resident']);
    expect([...(series[0]?.time ?? [])]).toEqual([1, 5, 5, 7]);
    expect([...(series[0]?.value ?? [])]).toEqual([10, 50, 55, 70]);
  });

  test('refuses rows that do not exist and figures that are none', () => {
    const builder = new ProfileBuilder();
    const thread = builder.addThread(threadOf());
    expect(() => builder.nodeRow(-1, 0)).toThrow(RangeError);
    const f = builder.functionRow('main', '', 0, 0, 'own');
    expect(() => builder.nodeRow(0, f)).toThrow('No parent has row 0');
    const node = builder.nodeRow(-1, f);
    expect(() => builder.addSample(thread, node, 0, 0, -1)).toThrow(RangeError);
    expect(() => builder.addSample(thread, node, 0, Number.NaN, 1)).toThrow(RangeError);
    expect(() => builder.addSample(thread + 1, node, 0, 0, 1)).toThrow('No thread has row 1');
    expect(() => builder.measure('calls', 'count', 'measured', 'function').add(1, 0, -1, 1)).toThrow(
      RangeError,
    );
    expect(() => builder.addSeries('heap', 'bytes', -1, [0, 1], [1])).toThrow(RangeError);
  });

  test('can go on after a profile was built', () => {
    const builder = new ProfileBuilder();
    builder.functionRow('a', '', 0, 0, 'own');
    const first = builder.build(aboutOf());
    builder.functionRow('b', '', 0, 0, 'own');
    expect(first.functions.name).toHaveLength(1);
    expect(builder.build(aboutOf()).functions.name).toHaveLength(2);
  });
});
