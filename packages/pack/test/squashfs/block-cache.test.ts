import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { buildPack } from '@whetstone/pack';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../small-pack.ts';

const day = 24 * 60 * 60;

/** A bundle with one file that is large enough to be kept compressed, and a cache of its own. */
function ground() {
  const folder = temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', path.join(folder, 'cache'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'pack.json'), '{}');
  const kept = path.join(folder, 'cache/whetstone/pack/blocks');
  return {
    kept,
    names: () => readdirSync(kept).sort(),
    build: async (letter: string) => {
      writeFileSync(path.join(project, 'large'), Buffer.alloc(9_000_000, letter));
      const out = path.join(folder, 'out.wpk');
      await buildPack(project, { out, level: 1 });
      return readFileSync(out);
    },
    /** A file in the cache that was used so many days ago. */
    add: (name: string, days: number, bytes = 10) => {
      const file = path.join(kept, name);
      const descriptor = openSync(file, 'w');
      ftruncateSync(descriptor, bytes);
      closeSync(descriptor);
      const then = Date.now() / 1000 - days * day;
      utimesSync(file, then, then);
    },
  };
}

test('the blocks of a large file are compressed once, and the pack is the same with them', async () => {
  const { build, kept, names } = ground();
  const first = await build('a');
  const [name] = names() as [string];
  const then = Date.now() / 1000 - 10 * day;
  utimesSync(path.join(kept, name), then, then);
  expect((await build('a')).equals(first)).toBe(true);
  expect(names()).toEqual([name]);
  // That it was used is noted.
  expect(statSync(path.join(kept, name)).mtimeMs / 1000).toBeGreaterThan(then + day);
});

test('kept blocks that are damaged are compressed again', async () => {
  const { build, kept, names } = ground();
  const first = await build('a');
  const file = path.join(kept, names()[0]!);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  expect((await build('a')).equals(first)).toBe(true);
});

test('what no build used for sixty days goes, and of more than a gibibyte what was used longest ago', async () => {
  const { add, build, names } = ground();
  await build('a');
  const [own] = names() as [string];
  add('old', 61);
  add('not-so-old', 59);
  add('half-written-zstd-1.5.7-19-131072.4711', 2);
  add('being-written-zstd-1.5.7-19-131072.4712', 0);
  await build('b');
  expect(names()).toEqual(
    [
      own,
      names().find((name) => name !== own && /^[0-9a-f]{64}/.test(name))!,
      'not-so-old',
      'being-written-zstd-1.5.7-19-131072.4712',
    ].sort(),
  );
  add('large', 1, 900_000_000);
  add('large-and-older', 2, 900_000_000);
  await build('c');
  expect(names()).toContain('large');
  expect(names()).toContain(own);
  expect(names()).not.toContain('large-and-older');
  expect(names()).not.toContain('not-so-old');
});
