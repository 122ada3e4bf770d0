import { functionTotals, selfByNode, totalByNode, type Profile } from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordedProfile } from './arbitrary-profile.ts';

function costs(profile: Profile) {
  const { self, total } = functionTotals(profile);
  return Object.fromEntries(
    Array.from(profile.functions.name, (name, f) => [
      profile.strings[name],
      { self: self[f], total: total[f] },
    ]),
  );
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

test('charges a caller for what it called', () => {
  expect(costs(profileOf('main 10', 'main;parse 30'))).toEqual({
    main: { self: 10, total: 40 },
    parse: { self: 30, total: 30 },
  });
});

test('counts recursion once', () => {
  expect(costs(profileOf('a 1', 'a;a 2', 'a;b;a 4', 'a;b 8', 'b 16', 'b;b;a 32'))).toEqual({
    a: { self: 39, total: 47 },
    b: { self: 24, total: 60 },
  });
});

test('walks a recursion deeper than any stack', () => {
  const deep = profileOf(`${'a;'.repeat(100_000)}b 5`);
  expect(costs(deep)).toEqual({ a: { self: 0, total: 5 }, b: { self: 5, total: 5 } });
});

test('gives one thread only what it spent', () => {
  const profile = profileOf('main 10', 'main;parse 30');
  expect([...selfByNode(profile, 0)]).toEqual([10, 30]);
  expect([...selfByNode(profile, 1)]).toEqual([0, 0]);
  expect([...totalByNode(profile, 0)]).toEqual([40, 30]);
});

test('roots together have the sum of all self times', () => {
  fc.assert(
    fc.property(recordedProfile, (profile) => {
      const roots = totalByNode(profile).filter((_, row) => profile.nodes.parent[row] === -1);
      const self = sum(selfByNode(profile));
      expect(sum(roots)).toBeCloseTo(self, 3);
      expect(sum(functionTotals(profile).self)).toBeCloseTo(self, 3);
    }),
  );
});

test('no function has more than everything, nor less in total than itself', () => {
  fc.assert(
    fc.property(recordedProfile, (profile) => {
      const { self, total } = functionTotals(profile);
      const all = sum(selfByNode(profile)) * (1 + 1e-9) + 1e-6;
      return self.every((value, f) => value <= (total[f] as number) + 1e-6 && (total[f] as number) <= all);
    }),
  );
});
