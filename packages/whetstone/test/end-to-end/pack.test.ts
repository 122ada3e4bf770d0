import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { project, whetstone } from './command.ts';

// Each test runs the command up to ten times, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000 });

const program = {
  'package.json': JSON.stringify({
    name: 'greeter',
    version: '1.2.3',
    type: 'module',
    scripts: { start: 'node src/main.ts' },
  }),
  'src/main.ts': `
    import { readFileSync } from 'node:fs';
    const words: string = readFileSync(new URL('../data/words.txt', import.meta.url), 'utf8');
    console.log(words.trim(), process.argv.slice(2));
    process.exitCode = 7;
  `,
  'data/words.txt': 'good morning\n',
  'test/main.test.ts': '',
  'README.md': '',
  '.env': 'A=1',
};

/** Runs `whetstone pack …` in a folder whose caches are its own. */
async function pack(folder: string, ...args: readonly string[]) {
  return await whetstone(['pack', ...args], {
    cwd: folder,
    env: { XDG_CACHE_HOME: path.join(folder, 'cache') },
  });
}

test('looks at a project, packs it by one command, and says what is in it', async () => {
  const folder = project(program);
  expect(await pack(folder, 'init')).toMatchObject({
    code: 0,
    stdout: [
      'Wrote pack.json. The program starts at src/main.ts.',
      '  goes in       data package.json src',
      'Read it, then: whetstone pack build -o app.wpk',
      '',
    ].join('\n'),
  });
  expect(JSON.parse(readFileSync(path.join(folder, 'pack.json'), 'utf8'))).toEqual({
    entry: 'src/main.ts',
    files: ['data', 'package.json', 'src'],
  });
  expect(await pack(folder, 'init')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('pack.json exists') as string,
  });

  const built = await pack(folder, 'build', '-o', 'greeter.wpk');
  expect(built).toMatchObject({ code: 0, stderr: '' });
  expect(built.stdout).toMatch(/^greeter\.wpk has [\d.]+ [kM]?B: \d+ files of [\d.]+ k?B\.\n/);
  expect(built.stdout).toContain('LEFT OUT\n  app/.env: it may hold secrets\n');
  expect(statSync(path.join(folder, 'greeter.wpk')).mode & 0o100).toBe(0o100);

  const [, root] = /^identity ([0-9a-f]{64})$/m.exec(built.stdout)!;
  const info = await pack(folder, 'info', '--json', 'greeter.wpk');
  expect(JSON.parse(info.stdout)).toMatchObject({
    kind: 'program',
    name: 'greeter',
    version: '1.2.3',
    root,
    signers: [],
  });
  // The header says the same to who has no Whetstone.
  const own = spawnSync(path.join(folder, 'greeter.wpk'), ['--pack-info'], { encoding: 'utf8', env: {} });
  expect(own.stdout).toContain(`name: greeter\nversion: 1.2.3\n`);
  expect(own.stdout).toContain(`root: ${root}\n`);
});

test('packs the same project into the same bytes', async () => {
  const [first, second] = [project(program), project(program)];
  for (const folder of [first, second]) {
    await pack(folder, 'init');
    expect(await pack(folder, 'build', '-o', 'a.wpk')).toMatchObject({ code: 0 });
  }
  expect(readFileSync(path.join(first, 'a.wpk')).equals(readFileSync(path.join(second, 'a.wpk')))).toBe(true);
});

test('packs files alone where no program is found', async () => {
  const folder = project({ 'table.csv': 'a,b\n' });
  const { stdout } = await pack(folder, 'init');
  expect(stdout).toContain('a bundle of files');
  expect(await pack(folder, 'build', '-o', 'data.wpk')).toMatchObject({ code: 0 });
  const { stdout: info } = await pack(folder, 'info', 'data.wpk');
  expect(info).toMatch(/^kind: bundle$/m);
});

test('writes nothing where a build fails, and says what to do', async () => {
  const folder = project({ 'pack.json': '{ "entry": "gone.ts" }' });
  expect(await pack(folder, 'build', '-o', 'a.wpk')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: "whetstone: The entry 'gone.ts' does not exist: name the file that starts in pack.json.\n",
  });
  expect(existsSync(path.join(folder, 'a.wpk'))).toBe(false);
  expect(await pack(folder, 'build')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('needs -o') as string,
  });
  expect(await pack(folder, 'built')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean build') as string,
  });
  expect(await pack(folder, 'build', '-o', 'a.wpk', '--level', '23')).toMatchObject({ code: 2 });
  expect(await pack(folder, 'info', 'pack.json')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no pack') as string,
  });
  expect(await pack(folder, 'info', '.')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot read') as string,
  });
  const lone = project({ 'pack.json': '{ "entry": "a.js" }', 'a.js': '' });
  expect(await pack(lone, 'build', '-o', 'no/folder/a.wpk')).toMatchObject({
    code: 1,
    stderr: 'whetstone: cannot write no/folder/a.wpk: no such file or folder.\n',
  });
  expect(await pack(lone, 'init', 'nowhere')).toMatchObject({
    code: 1,
    stderr: 'whetstone: cannot read nowhere: no such file or folder.\n',
  });
  expect(await pack(lone, 'build', '-o', 'a.wpk', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no pack.json in nowhere') as string,
  });
  expect(await pack(folder, 'info', 'no.wpk')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot read no.wpk') as string,
  });
});

test('refuses files that nobody declared where it must be strict', async () => {
  const folder = project({ ...program, 'pack.json': '{ "entry": "src/main.ts", "files": ["src", "data"] }' });
  const refused = await pack(folder, 'build', '--strict', '-o', 'a.wpk');
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('app/') as string });
  expect(existsSync(path.join(folder, 'a.wpk'))).toBe(false);
});

test('lists its commands and their options', async () => {
  const folder = project({});
  const { stdout } = await pack(folder, '--help');
  for (const name of ['init', 'build', 'info']) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect((await pack(folder, 'build', '--help')).stdout).toContain('--with-node');
});
