import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const agent = fileURLToPath(new URL('../../src/agents/node/start.cjs', import.meta.url));
const home = mkdtempSync(path.join(os.tmpdir(), 'kept-code-'));
const cache = path.join(home, 'cache');
mkdirSync(cache);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('the code of the agent is kept for the next program, and made anew where it was damaged', () => {
  expect(run('first')).toBe('first\n');
  const [name] = readdirSync(cache);
  const file = path.join(cache, name!);
  const kept = readFileSync(file);
  expect(run('second')).toBe('second\n');

  const damaged = Buffer.from(kept);
  for (let at = 5000; at < damaged.length; at += 97) damaged[at]! ^= 0x55;
  writeFileSync(file, damaged);
  expect(run('third')).toBe('third\n');
  expect(readdirSync(cache)).toEqual([name]);
  expect(readFileSync(file).equals(damaged)).toBe(false);
});

test('the code of the four newest copies of the agent is kept', () => {
  const copies = () =>
    readdirSync(cache)
      .map((name) => name.split('-').at(-1))
      .toSorted((a, b) => (a! < b! ? -1 : 1));
  for (const copy of ['a', 'b', 'c', 'a']) run(`by-${copy}`, copy);
  expect(copies()).toEqual(['a', 'b', 'c', 'test']);
  run('by-d', 'd');
  expect(copies()).toEqual(['a', 'b', 'c', 'd']);
});

/** What a program prints that a copy of the agent measures. */
function run(word: string, copy = 'test'): string {
  const folder = path.join(home, word);
  for (const each of ['ask', 'heard', 'listens']) mkdirSync(path.join(folder, each), { recursive: true });
  const preload = path.join(folder, 'preload.cjs');
  const options = {
    folder,
    preload,
    pass: 'time',
    interval: null,
    until: null,
    waits: true,
    cacheFolder: cache,
    workingDirectory: home,
    revision: copy,
  };
  writeFileSync(preload, `require(${JSON.stringify(agent)}).start(${JSON.stringify(options)});\n`);
  const output = execFileSync(process.execPath, ['-e', `console.log('${word}')`], {
    env: { ...process.env, NODE_OPTIONS: `--require ${preload}` },
    encoding: 'utf8',
  });
  expect(readdirSync(folder).some((name) => name.endsWith('.jsonl'))).toBe(true);
  return output;
}
