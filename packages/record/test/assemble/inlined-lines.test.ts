import { describe, expect, test } from 'vitest';
import { profileOf, rawOf, selfTimes } from './raw-of.ts';

const main = `function run(n) {
  let s = 0;
  for (let i = 0; i < n; i++) {
    s += helper(i);
    s += [i].map((x) => {
      const y = x * 2;
      return y;
    })[0];
  }
  return s;
}
const square = (x) => x * x;
run(5);
`;
const other = `export const twice = (x) => x + x;
export function helper(x) {
  let r = inner(x);
  r += 1;
  return r;
}
function inner(x) {
  let r = x;
  return r;
}
`;
const files = { '/app/main.js': main, '/app/other.js': other };
const script = (file: string, base: number) => ({
  type: 'script' as const,
  url: file,
  file,
  base,
  lines: 20,
  padding: 0,
  ran: null,
  map: 'none' as const,
});
const records = [script('/app/main.js', 1000), script('/app/other.js', 2000)];
const run = 'run /app/main.js:1001:12';

describe('lines that were inlined', () => {
  test('stay with the function whose they are', () => {
    const profile = profileOf(rawOf({ records, stacks: { [run]: [1002, 1003, 1003] } }), files);
    expect(selfTimes(profile)).toEqual({ 'run /app/main.js:2': 1, 'run /app/main.js:3': 2 });
  });

  test('become a callee in the file that their range tells', () => {
    const profile = profileOf(rawOf({ records, stacks: { [run]: [2003, 2008, 2001, 1004] } }), files);
    expect(selfTimes(profile)).toEqual({
      'run > helper /app/other.js:3': 1,
      'run > inner /app/other.js:8': 1,
      'run > twice /app/other.js:1': 1,
      'run /app/main.js:4': 1,
    });
  });

  test('take the path on which the callee was seen before it was inlined', () => {
    const seen = `${run} > helper /app/other.js:2002:22 > inner /app/other.js:2007:14`;
    const profile = profileOf(rawOf({ records, stacks: { [seen]: [2009], [run]: [2008] } }), files);
    expect(selfTimes(profile)).toEqual({
      'run > helper > inner /app/other.js:9': 1,
      'run > helper > inner /app/other.js:8': 1,
    });
  });

  test('belong to a function within the same file, also inside the caller', () => {
    const profile = profileOf(rawOf({ records, stacks: { [run]: [1006, 1012, 1005] } }), files);
    expect(selfTimes(profile)).toEqual({
      'run >  /app/main.js:6': 1,
      'run > square /app/main.js:12': 1,
      'run /app/main.js:5': 1,
    });
  });

  test('of Node itself go to what it was seen to call, or to nobody by name', () => {
    const seen = `${run} > join node:path:1200:6`;
    expect(
      selfTimes(profileOf(rawOf({ records, stacks: { [seen]: [1210], [run]: [1210 - 900] } }), files)),
    ).toEqual({
      'run > join node:path:1210': 1,
      'run > join node:path:0': 1,
    });
    expect(selfTimes(profileOf(rawOf({ records, stacks: { [run]: [310] } }), files))).toEqual({
      'run > (inlined) node:internal:0': 1,
    });
  });

  test('are exact from Node 25 on', () => {
    const plain = 'run /app/main.js:1:12';
    const profile = profileOf(rawOf({ version: 'v26.1.0', stacks: { [plain]: [6, 3] } }), files);
    expect(selfTimes(profile)).toEqual({ 'run /app/main.js:6': 1, 'run /app/main.js:3': 1 });
  });

  test('are left out where they could be of any file', () => {
    const plain = 'run /app/main.js:1:12';
    const profile = profileOf(rawOf({ stacks: { [plain]: [3, 15] } }), files);
    expect(selfTimes(profile)).toEqual({ 'run /app/main.js:3': 1, 'run /app/main.js:0': 1 });
  });
});

test('samples in time order have the same totals as lines, over pieces of any size', () => {
  const lines = Array.from({ length: 600 }, (_, i) => 1002 + (i % 7 < 4 ? 0 : i % 7 < 6 ? 1 : 2));
  const profile = profileOf(rawOf({ records, stacks: { [run]: lines } }), files);
  const rows = profile.samples[0];
  const byLine: Record<number, number> = {};
  for (const [i, line] of (rows?.line ?? []).entries())
    byLine[line] = (byLine[line] ?? 0) + (rows?.duration[i] as number) / 1000;
  expect(byLine).toEqual({ 2: 344, 3: 171, 4: 85 });
  expect(selfTimes(profile)).toEqual({
    'run /app/main.js:2': 344,
    'run /app/main.js:3': 171,
    'run /app/main.js:4': 85,
  });
});
