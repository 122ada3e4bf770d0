import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type Ground, ground, test, until } from './ground.ts';

const day = 24 * 60 * 60;
const hash = (letter: string) => letter.repeat(64);

/** Two packs that share a cache, to be started by extraction. */
async function twoPacks() {
  const first = await ground();
  const second = await ground([
    { kind: 'file', path: 'app/other', executable: false, size: 1, content: Buffer.from('x') },
  ]);
  const cache = path.join(first.folder, 'cache/whetstone-pack');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const environment = { WHETSTONE_PACK_WAYS: 'extract', XDG_CACHE_HOME: path.dirname(cache) };
  return {
    first,
    second,
    conditions: { environment },
    filesOf: ({ header }: Ground) => path.join(cache, 'files', header.root),
    names: () => readdirSync(cache).filter((name) => name !== 'files' && !name.startsWith('driver-')),
    at: (...names: readonly string[]) => path.join(cache, ...names),
  };
}

/** A file or folder that was used so many days ago. */
function aged(file: string, days: number): void {
  const then = Date.now() / 1000 - days * day;
  utimesSync(file, then, then);
}

test('what was extracted stays while a program runs from it, and goes after sixty days', async () => {
  const { first, second, conditions, filesOf, at } = await twoPacks();
  const running = await first.begin(conditions);
  const old = [at(`driver-${hash('a')}`), at(`${hash('b')}.squashfs`), at(`${hash('b')}.squashfs.4711`)];
  const others = [at('notes'), at('driver-x'), at(`driver-${hash('a')}.txt`), at('files', 'notes')];
  for (const file of [...old, ...others]) writeFileSync(file, 'x');
  for (const name of [hash('c'), `${hash('d')}.part`]) {
    mkdirSync(at('files', name, 'deep'), { recursive: true });
    writeFileSync(at('files', name, 'deep/file'), 'x');
    old.push(at('files', name));
  }
  for (const file of [...old, ...others, filesOf(first)]) aged(file, 61);
  expect(await second.run([], conditions)).toMatchObject({ code: 7, error: '' });
  expect(old.filter((file) => existsSync(file))).toEqual([]);
  expect([...others, filesOf(first), filesOf(second)].filter((file) => !existsSync(file))).toEqual([]);
  expect((await running.end()).out).toContain('read');
  await until(() => first.left().length === 0);
  aged(filesOf(first), 61);
  expect(await second.run([], conditions)).toMatchObject({ code: 7, error: '' });
  expect([filesOf(first), filesOf(second)].map((file) => existsSync(file))).toEqual([false, true]);
  // And it starts again, from what is extracted anew.
  expect(await first.run([], conditions)).toMatchObject({ code: 7, error: '' });
});

test('of more than four gigabytes what was used longest ago goes', async () => {
  const { first, conditions, filesOf, names, at } = await twoPacks();
  expect(await first.run([], conditions)).toMatchObject({ code: 7, error: '' });
  for (const [letter, days] of [
    ['a', 3],
    ['b', 2],
    ['c', 1],
  ] as const) {
    const file = at(`${hash(letter)}.squashfs`);
    writeFileSync(file, '');
    truncateSync(file, 1.5 * 1024 ** 3);
    aged(file, days);
  }
  // Only what is written makes more.
  expect(await first.run([], conditions)).toMatchObject({ code: 7, error: '' });
  expect(names()).toHaveLength(3);
  rmSync(filesOf(first), { recursive: true });
  expect(await first.run([], conditions)).toMatchObject({ code: 7, error: '' });
  expect(names().sort()).toEqual([`${hash('b')}.squashfs`, `${hash('c')}.squashfs`]);
  expect(existsSync(filesOf(first))).toBe(true);
});
