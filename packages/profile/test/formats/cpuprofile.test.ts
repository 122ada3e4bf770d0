import {
  functionTotals,
  readCpuProfile,
  selfByNode,
  writeCpuProfile,
  type Profile,
} from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recordedProfile } from '../arbitrary-profile.ts';
import { outcomeOf } from '../only-profile-errors.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const bytesOf = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const written = (profile: Profile) => Buffer.concat([...writeCpuProfile(profile)]);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

const frame = (functionName: string, url = 'file:///app/a.ts', lineNumber = 0) => ({
  callFrame: { functionName, scriptId: '1', url, lineNumber, columnNumber: 4 },
});

/** main (id 7) calls parse (id 70000000000), each with samples. */
const drawn = {
  nodes: [
    {
      id: 70_000_000_000,
      ...frame('parse', 'file:///app/node_modules/p/a%20b.js', 83),
      hitCount: 3,
      positionTicks: [
        { line: 84, ticks: 1 },
        { line: 90, ticks: 2 },
      ],
    },
    { id: 1, ...frame('(root)', '', -1), hitCount: 0, children: [7, -3] },
    {
      id: 7,
      ...frame('main'),
      hitCount: 2,
      children: [70_000_000_000],
      positionTicks: [{ line: 2, ticks: 1 }],
    },
    { id: -3, ...frame('(idle)', '', -1), hitCount: 1 },
  ],
  startTime: 1000,
  endTime: 1700,
  samples: [7, 70_000_000_000, 70_000_000_000, 7, -3],
  timeDeltas: [50, 100, 100, 100, 200],
};

/** Self time by name and place, and by line within it. */
function selfOf(profile: Profile, perLine = false): Record<string, number> {
  const costs: Record<string, number> = {};
  for (const measure of profile.measures) {
    for (let i = 0; i < measure.row.length; i++) {
      const f = profile.nodes.function[measure.row[i] as number] as number;
      const { name, file, line } = profile.functions;
      const key = `${profile.strings[name[f] as number]} ${profile.strings[file[f] as number]}:${perLine ? measure.line[i] : line[f]}`;
      costs[key] = (costs[key] ?? 0) + (measure.value[i] as number);
    }
  }
  // What was split into shares is put together again.
  return Object.fromEntries(
    Object.entries(costs).map(([key, value]) => [key, Math.round(value * 1e6) / 1e6]),
  );
}

describe('readCpuProfile', () => {
  test('charges a sample with the time after it', () => {
    expect(selfOf(readCpuProfile(bytesOf(drawn)))).toEqual({
      'main /app/a.ts:1': 300,
      'parse /app/node_modules/p/a b.js:84': 200,
      '(idle) :0': 150,
    });
  });

  test('splits self time over lines by their ticks', () => {
    const lines = selfOf(readCpuProfile(bytesOf(drawn)), true);
    expect(lines['main /app/a.ts:2']).toBeCloseTo(150);
    expect(lines['main /app/a.ts:0']).toBeCloseTo(150);
    expect(lines['parse /app/node_modules/p/a b.js:84']).toBeCloseTo(200 / 3);
    expect(lines['parse /app/node_modules/p/a b.js:90']).toBeCloseTo(400 / 3);
  });

  test('leaves (root) out, puts callers first and knows whose code it is', () => {
    const { nodes, functions, strings, samples, threads, about } = readCpuProfile(bytesOf(drawn));
    expect(Array.from(nodes.function, (f) => strings[functions.name[f] as number])).toEqual([
      'main',
      '(idle)',
      'parse',
    ]);
    expect([...nodes.parent]).toEqual([-1, -1, 0]);
    expect(Array.from(nodes.function, (f) => functions.category[f])).toEqual([0, 6, 1]);
    expect(samples[0]?.time).toEqual(Float64Array.of(50, 150, 350, 500 - 50 + 100));
    expect(threads[0]).toMatchObject({ wall: 700, samples: { taken: 5 } });
    expect(about).toMatchObject({ wall: 700, interval: 100, runtime: { name: 'node' } });
  });

  test('puts samples that overtook one another into order', () => {
    const profile = readCpuProfile(bytesOf({ ...drawn, timeDeltas: [50, 100, -80, 100, 200] }));
    expect(selfOf(profile)).toEqual({
      'main /app/a.ts:1': 20 + 200,
      'parse /app/node_modules/p/a b.js:84': 80 + 20,
      '(idle) :0': 700 - 370,
    });
  });

  test('takes hit counts where there are no samples', () => {
    const profile = readCpuProfile(
      bytesOf({ ...drawn, samples: undefined, timeDeltas: undefined, endTime: 1600 }),
    );
    expect(selfOf(profile)).toEqual({
      'main /app/a.ts:1': 200,
      'parse /app/node_modules/p/a b.js:84': 300,
      '(idle) :0': 100,
    });
  });

  test('keeps time in (root) itself', () => {
    const profile = readCpuProfile(bytesOf({ ...drawn, samples: [1, 7, 7, 7, 7] }));
    expect(selfOf(profile)).toEqual({ '(root) :0': 100, 'main /app/a.ts:1': 550 });
    expect([...profile.nodes.parent].filter((parent) => parent === -1)).toHaveLength(3);
  });

  test('reads blanks, unknown fields, escapes and any order of keys', () => {
    const text = `\ufeff { "x" : {"a":[1,{"b":null}],"c":"\\"}"}, "timeDeltas" : [ 1, 2e0 ],
      "samples":[1,1], "endTime":10.5, "startTime":0, "nodes":[ {"deoptReason":"no\\n", "callFrame":{"url":"",
      "functionName":"\\u0061\\uD83D\\ude00ä😀\\/"}, "id":1 } ] } `;
    const profile = readCpuProfile(bytesOf(text));
    expect(profile.strings).toContain('a😀ä😀/');
    expect(sum(selfByNode(profile))).toBeCloseTo(9.5);
  });

  test.each(['node20.cpuprofile', 'node26.cpuprofile'])('reads %s as Node wrote it', (name) => {
    const profile = readCpuProfile(fixture(name));
    const given = JSON.parse(fixture(name).toString()) as typeof drawn;
    const { self, total } = functionTotals(profile);
    const named = (wanted: string) =>
      profile.functions.name.findIndex((row) => profile.strings[row] === wanted);
    expect(sum(self)).toBeCloseTo(given.endTime - given.startTime - (given.timeDeltas[0] as number), 3);
    expect(total[named('fib')]).toBeGreaterThan(0);
    expect(profile.strings[profile.functions.file[named('countWords')] as number]).toBe('/app/words.cjs');
    expect(profile.functions.line[named('countWords')]).toBe(8);
    const lines = selfOf(profile, true);
    expect(sum(Object.values(lines))).toBeCloseTo(sum(self), 3);
    expect(Object.keys(lines).some((line) => /words\.cjs:(?:10|11)$/.test(line))).toBe(true);
  });

  test.each([
    ['nothing', '', 'PROFILE_EMPTY', /empty/],
    ['no samples', { nodes: [{ id: 1, ...frame('a') }] }, 'PROFILE_EMPTY', /did the program run/],
    ['no nodes', { samples: [] }, 'PROFILE_MALFORMED', /list of nodes/],
    ['another value', '[1]', 'PROFILE_MALFORMED', /an object at byte 0, found '\['/],
    ['a list for a number', { ...drawn, startTime: [] }, 'PROFILE_MALFORMED', /finite number/],
    [
      'a number beyond all',
      '{"nodes":[],"startTime":1e999}',
      'PROFILE_MALFORMED',
      /finite number at byte 24/,
    ],
    ['a time beyond reason', '{"nodes":[],"startTime":1e300}', 'PROFILE_MALFORMED', /byte 24/],
    [
      'more samples than deltas',
      { ...drawn, timeDeltas: [1] },
      'PROFILE_MALFORMED',
      /as many timeDeltas as samples, 5, found 1/,
    ],
    ['a sample of no node', { ...drawn, samples: [7, 8, 7, 7, 7] }, 'PROFILE_MALFORMED', /id 8 in sample 1/],
    [
      'a child that is none',
      { ...drawn, nodes: [{ id: 1, ...frame('a'), children: [2] }] },
      'PROFILE_MALFORMED',
      /id 2/,
    ],
    [
      'an id twice',
      { ...drawn, nodes: [...drawn.nodes, drawn.nodes[0]] },
      'PROFILE_MALFORMED',
      /70000000000 again/,
    ],
    [
      'a circle',
      {
        ...drawn,
        samples: [1, 1, 7, 7, 7],
        nodes: [
          { id: 1, ...frame('a'), children: [7] },
          { id: 7, ...frame('b'), children: [1] },
        ],
      },
      'PROFILE_MALFORMED',
      /circle/,
    ],
    [
      'two parents',
      {
        ...drawn,
        nodes: [
          { id: 1, ...frame('a'), children: [7] },
          { id: 2, ...frame('a'), children: [7] },
          { id: 7, ...frame('b') },
        ],
      },
      'PROFILE_MALFORMED',
      /no other node/,
    ],
    ['no id', { nodes: [frame('a')] }, 'PROFILE_MALFORMED', /an id, at byte 10/],
    ['no frame', { nodes: [{ id: 1 }] }, 'PROFILE_MALFORMED', /callFrame, at byte 10/],
    [
      'negative ticks',
      { nodes: [{ id: 1, ...frame('a'), positionTicks: [{ line: 1, ticks: -1 }] }] },
      'PROFILE_MALFORMED',
      /from 0 to/,
    ],
    ['a wrong escape', '{"nodes\\x":[]}', 'PROFILE_MALFORMED', /escapes/],
    [
      'no UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('latin1'),
      'PROFILE_MALFORMED',
      /list of nodes/,
    ],
    ['more after the end', '{"nodes":[]}x', 'PROFILE_MALFORMED', /end of the file at byte 12, found 'x'/],
  ] as const)('refuses %s', (_, value, code, message) => {
    expect(() => readCpuProfile(bytesOf(value))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    );
  });

  test('refuses bytes that are no UTF-8', () => {
    expect(() => readCpuProfile(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(
      'UTF-8 at byte 2',
    );
  });

  test('is not stopped by depth', () => {
    const depth = 200_000;
    const open = `{"x":${'['.repeat(depth)}${']'.repeat(depth)},"y":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)},`;
    expect(readCpuProfile(bytesOf(open + JSON.stringify(drawn).slice(1))).threads).toHaveLength(1);
    const chain = Array.from({ length: depth }, (__, i) => ({
      id: i,
      ...frame('a'),
      children: i + 1 < depth ? [i + 1] : [],
    }));
    const profile = readCpuProfile(
      bytesOf({ nodes: chain, samples: [depth - 1], timeDeltas: [0], startTime: 0, endTime: 9 }),
    );
    expect(functionTotals(profile).total[0]).toBe(9);
  });

  test('says where a file ends that was cut anywhere', async () => {
    const file = fixture('node26.cpuprofile');
    const whole = file.toString().trimEnd().length;
    for (let length = 1; length < whole; length++) {
      expect(await outcomeOf(() => readCpuProfile(file.subarray(0, length))), `cut at ${length}`).toBe(
        'PROFILE_TRUNCATED',
      );
    }
  });

  test('survives damage', async () => {
    const file = fixture('node20.cpuprofile');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (damage) => {
          const damaged = Uint8Array.from(file);
          for (const [at, value] of damage) damaged[at] = value;
          await outcomeOf(() => readCpuProfile(damaged));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('writeCpuProfile', () => {
  test('loses no time', () => {
    fc.assert(
      fc.property(recordedProfile, (profile) => {
        fc.pre(sum(selfByNode(profile)) >= 1);
        const before = selfOf(profile);
        const after = selfOf(readCpuProfile(written(profile)));
        const rounding = (profile.samples[0]?.node.length ?? 0) * 2 + 1;
        for (const [key, value] of Object.entries(before)) {
          expect(Math.abs((after[key] ?? 0) - value), key).toBeLessThanOrEqual(rounding);
        }
      }),
    );
  });

  test('gives time that is nobody’s to (idle)', () => {
    const profile = profileOf('main 1000', '(idle) 2000', 'main 1000');
    const [samples] = profile.samples;
    const gap = {
      ...profile,
      samples: [{ ...samples, time: Float64Array.of(0, 1500, 3500) } as NonNullable<typeof samples>],
    };
    expect(selfOf(readCpuProfile(written(gap)))).toEqual({ 'main /app/app.ts:0': 2000, '(idle) :0': 2500 });
  });

  test('keeps the shares of lines', () => {
    const profile = profileOf('main@/app/a.ts:1 30000 at 3', 'main@/app/a.ts:1 10000 at 4');
    expect(selfOf(readCpuProfile(written(profile)), true)).toEqual({
      'main /app/a.ts:3': 30000,
      'main /app/a.ts:4': 10000,
    });
  });

  test('writes what V8 would: a root, whole numbers, ids from 1', () => {
    const given = JSON.parse(
      written(profileOf('main@/app/ä b.ts:1 10.6', 'main@/app/ä b.ts:1;parse 30.6')).toString(),
    ) as typeof drawn;
    expect(given.nodes[0]).toEqual({
      id: 1,
      ...frame('(root)', '', -1),
      callFrame: { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
      hitCount: 0,
      children: [2],
    });
    expect(given.nodes[1]?.callFrame).toMatchObject({
      functionName: 'main',
      url: 'file:///app/%C3%A4%20b.ts',
      lineNumber: 0,
    });
    expect(given.samples).toEqual([2, 3]);
    expect(given.timeDeltas).toEqual([0, 11]);
    expect(given.endTime - given.startTime).toBe(41);
  });

  test('writes one thread of several', () => {
    const profile = profileOf('main 10', 'other 20');
    const [samples] = profile.samples;
    const two = {
      ...profile,
      threads: [...profile.threads, ...profile.threads],
      samples: [
        samples,
        {
          node: Int32Array.of(1),
          line: Int32Array.of(0),
          time: Float64Array.of(0),
          duration: Float64Array.of(70),
          state: Int32Array.of(0),
        },
      ],
    } as Profile;
    const other = readCpuProfile(Buffer.concat([...writeCpuProfile(two, 1)]));
    expect(selfOf(other)).toEqual({ 'other /app/app.ts:0': 70 });
  });
});
