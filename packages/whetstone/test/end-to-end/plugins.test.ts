import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { project, whetstone } from './command.ts';

const example = fileURLToPath(new URL('../../../../examples/plugin', import.meta.url));
const spin = `function spin() { const until = Date.now() + 200; let x = 0; while (Date.now() < until) x++; return x; }\nspin();`;
const withExample = JSON.stringify({ devDependencies: { 'whetstone-plugin-csv': '*' } });

/** A project with these files, and the example plugin among its packages. */
function projectWithExample(files: Readonly<Record<string, string>>): string {
  const folder = project(files);
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(example, path.join(folder, 'node_modules/whetstone-plugin-csv'));
  return folder;
}

/** Findings as `explain --json -` has them, and what stood on stderr. */
async function explained(folder: string, ...args: string[]) {
  const { stdout, stderr, code } = await whetstone(['explain', '--json', '-', ...args], { cwd: folder });
  expect(code).toBe(0);
  return { findings: (JSON.parse(stdout) as RunReport).findings.map(({ id }) => id), stderr };
}

describe('the example plugin', () => {
  test('is loaded as a dependency with the keyword: its format and its finding', async () => {
    const folder = projectWithExample({ 'package.json': withExample, 'app.js': spin });
    const { code, stderr } = await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '.whetstone/app-1.whet\n' });
    expect((await explained(folder)).findings).toContain('busiest-file');
    expect((await whetstone(['explain'], { cwd: folder })).stdout).toContain('app.js computes the most');
    const { stdout } = await whetstone(['convert', '.whetstone/app-1.whet', '--to', 'csv'], { cwd: folder });
    expect(stdout.split('\n')[0]).toBe('name,file,line,self µs,total µs');
    expect(stdout).toMatch(/^spin,.*app\.js,1,\d+,\d+$/m);
  });

  test('is loaded by name and by path, and by neither without', async () => {
    const folder = projectWithExample({ 'app.js': spin });
    await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    const convert = async (...plugin: string[]) =>
      await whetstone(['convert', '.whetstone/app-1.whet', '--to', 'csv', '-o', 'out.csv', ...plugin], {
        cwd: folder,
      });
    const without = await convert();
    expect(without.code).toBe(2);
    expect(without.stderr).toBe(
      "whetstone: --to is 'csv', and can be whet, cpuprofile, prof, speedscope, collapsed.\n",
    );
    expect(await convert('--plugin', 'whetstone-plugin-csv')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(path.join(folder, 'out.csv'), 'utf8')).toContain('spin,');
    expect(await convert('--plugin', path.relative(folder, example))).toMatchObject({ code: 0, stderr: '' });
    expect((await explained(folder, '--plugin', example)).findings).toContain('busiest-file');
    expect((await explained(folder)).findings).not.toContain('busiest-file');
  });

  test('is in the list of whetstone plugins, with its place and its hooks', async () => {
    const folder = projectWithExample({ 'package.json': withExample });
    const { stdout, stderr, code } = await whetstone(['plugins'], { cwd: folder });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['formats', 'built in', 'formats'],
      ['node', 'built in', 'recordTarget, recordProcess'],
      ['python', 'built in', 'recordTarget, recordProcess'],
      ['operating-system', 'built in', 'recordTarget'],
      ['causes', 'built in', 'findings'],
      ['terminal', 'built in', 'reports'],
      ['json', 'built in', 'reports'],
      ['page', 'built in', 'reports'],
      ['csv', 'node_modules/whetstone-plugin-csv/plugin.mjs', 'formats, findings'],
      [''],
    ]);
  });
});

test('a list in package.json counts alone, and a broken list is said', async () => {
  const manifest = (plugins: unknown) =>
    JSON.stringify({ ...(JSON.parse(withExample) as object), whetstone: { plugins } });
  const mine = { 'mine.mjs': `export default { name: 'mine', findings: () => undefined };` };
  const names = async (plugins: unknown) => {
    const folder = projectWithExample({ 'package.json': manifest(plugins), ...mine });
    const { stdout, code } = await whetstone(['plugins'], { cwd: folder });
    const others = stdout.split('\n').filter((line) => !line.includes('built in'));
    return { others: others.map((line) => line.split(/ {2,}/)[0]).filter(Boolean), code, stdout };
  };
  expect(await names(['./mine.mjs'])).toMatchObject({ others: ['mine'], code: 0 });
  expect(await names([])).toMatchObject({ others: [], code: 0 });
  const broken = await names('mine.mjs');
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain('must be a list of package names and paths');
});

describe('a plugin that fails', () => {
  const app = { 'app.js': 'console.log(1)' };

  test.each([
    ['throws as it loads', `throw new Error('no\\nluck')`, "plugin './x.mjs' could not be loaded: no luck"],
    ['exports nothing', '', "plugin './x.mjs' could not be loaded: It exports no plugin"],
    ['has a name that is taken', `export default { name: 'json' }`, "'json' is registered already"],
    [
      'throws when called',
      `export default { name: 'x', findings() { throw new Error('oh') } }`,
      "plugin 'x' failed: oh",
    ],
    [
      'answers what the hook does not take',
      `export default { name: 'x', findings: () => [{ id: 'x', title: 3 }] }`,
      "plugin 'x' failed: findings[0].title is 3, and must be text",
    ],
    [
      'fails round the others',
      `export default { name: 'x', findings: { *wrapper() { yield; throw new Error('late'); } } }`,
      "plugin 'x' failed: late",
    ],
    [
      'misspells a hook',
      `export default { name: 'x', finding: () => [] }`,
      "Plugin 'x' implements hook 'finding', which whetstone does not have. Did you mean findings?",
    ],
  ])('%s: one line, and the rest goes on', async (_, text, message) => {
    const folder = project({ ...app, 'x.mjs': text, 'y.mjs': `export default { name: 'y' }` });
    const plugins = ['--plugin', './x.mjs', '--plugin', './y.mjs'];
    const { stdout, stderr, code } = await whetstone(
      ['run', '-q', ...plugins, '--json', 'r.json', 'app.js'],
      { cwd: folder },
    );
    expect({ stdout, code }).toEqual({ stdout: '1\n', code: 0 });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(JSON.parse(readFileSync(path.join(folder, 'r.json'), 'utf8'))).toMatchObject({ format: 1 });
    const list = await whetstone(['plugins', ...plugins], { cwd: folder });
    expect(list.stdout).toMatch(/^y +y\.mjs +no hooks$/m);
  });

  test('as a recorder ends the command, and the program does not run twice', async () => {
    const folder = project({
      ...app,
      'x.mjs': `export default { name: 'x', recordTarget() { throw new Error('no') } }`,
    });
    const ended = await whetstone(['run', '--plugin', './x.mjs', 'app.js'], { cwd: folder });
    expect(ended).toMatchObject({ stdout: '', stderr: "whetstone: plugin 'x' failed: no\n", code: 125 });
  });

  test('as a format is named', async () => {
    const folder = project({
      'app.js': spin,
      'x.mjs': `export default { name: 'x', formats: () => [
        { name: 'bad', extensions: ['.bad'], matches() { throw new Error('odd') }, read() {}, write: async () => ['text'] },
      ] };`,
    });
    await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    const { stderr, code } = await whetstone(
      ['convert', '.whetstone/app-1.whet', '--to', 'bad', '-o', 'out', '--plugin', './x.mjs'],
      { cwd: folder },
    );
    expect(code).toBe(1);
    expect(stderr).toBe(
      "whetstone: plugin 'x' failed: odd\nwhetstone: plugin 'x' failed: format bad writes pieces that are string, not Uint8Array\n",
    );
  });
});

describe('a plugin', () => {
  test('reads files of its own format, records, and reports', async () => {
    const folder = project({
      'app.js': spin,
      'mine.mjs': `export default {
        name: 'mine',
        formats: () => [{ name: 'mine', extensions: ['.mine'],
          matches: (bytes) => bytes[0] === 77,
          read: async (bytes, codec) => inner.read(bytes.subarray(1), codec),
          write: async (profile, codec) => [Uint8Array.of(77), ...(await inner.write(profile, codec))] }],
        recordTarget: { async *wrapper({ target }) { const recording = yield; console.error('recorded', target.given[0]); return recording; } },
        reports: () => [{ name: 'titles', render: ({ report, view }) => report.about.command.at(-1) + ' ' + view.sort }],
      };
      const { formats } = await import(${JSON.stringify(new URL('../../../profile/dist/index.js', import.meta.url).href)});
      const inner = formats.find(({ name }) => name === 'whet');`,
      'package.json': JSON.stringify({ whetstone: { plugins: ['./mine.mjs'] } }),
    });
    const run = async (...args: string[]) => await whetstone(args, { cwd: folder });
    const { stderr } = await run('run', '-q', '--report', 'titles=titles.txt', '--sort', 'total', 'app.js');
    expect(stderr).toBe('recorded app.js\n.whetstone/app-1.whet\n');
    expect(readFileSync(path.join(folder, 'titles.txt'), 'utf8')).toMatch(/app\.js total$/);
    expect((await run('convert', '.whetstone/app-1.whet', '--to', 'mine', '-o', 'app.mine')).code).toBe(0);
    expect((await run('explain', '--report', 'titles=-', '.whetstone/app-1.whet')).stdout).toMatch(/app\.js/);
    expect((await run('convert', 'app.mine', '--to', 'collapsed')).stdout).toContain('spin');
    expect((await run('run', '--report', 'title=x', 'app.js')).stderr).toContain('Did you mean titles?');
  });

  test('is never loaded from what is not named', async () => {
    const folder = project({ 'app.js': spin });
    const bait = { name: 'bait', keywords: ['whetstone-plugin'], exports: './bait.mjs' };
    cpSync(
      project({ 'package.json': JSON.stringify(bait), 'bait.mjs': `console.log('bait')` }),
      path.join(folder, 'node_modules/bait'),
      { recursive: true },
    );
    expect((await whetstone(['run', '-q', 'app.js'], { cwd: folder })).stdout).toBe('');
    expect((await whetstone(['plugins'], { cwd: folder })).stdout).not.toContain('bait');
  });
});
