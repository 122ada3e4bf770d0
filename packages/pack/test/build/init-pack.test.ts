import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { initPack } from '@whetstone/pack';
import { expect, test } from 'vitest';
import { writeFiles } from '../collect/node-project.ts';
import { temporaryFolder } from '../small-pack.ts';

test.each<[string, Record<string, string | object>, object]>([
  [
    'the script "start"',
    {
      'package.json': { main: 'b.js', scripts: { start: 'node --enable-source-maps ./a.js --port 1' } },
      'a.js': '',
      'b.js': '',
    },
    { entry: 'a.js', files: ['a.js', 'b.js', 'package.json'] },
  ],
  [
    'its command',
    {
      'package.json': { bin: { tool: './bin/tool.mjs' }, main: 'index.js' },
      'bin/tool.mjs': '',
      'index.js': '',
    },
    { entry: 'bin/tool.mjs', files: ['bin', 'index.js', 'package.json'] },
  ],
  [
    'the usual place, and nothing that only developers need',
    {
      'package.json': {},
      'src/index.ts': '',
      'data/a.txt': '',
      'test/a.test.ts': '',
      'docs/a.md': '',
      'README.md': '',
      'tsconfig.json': '',
      'vitest.config.ts': '',
      '.env': '',
      'old.wpk': '',
      'node_modules/a/index.js': '',
    },
    { entry: 'src/index.ts', files: ['data', 'package.json', 'src'] },
  ],
  [
    'the main file of a Python project, and its environment',
    { 'pyproject.toml': '', 'app.py': '', 'tool/a.py': '', '.venv/pyvenv.cfg': '', 'tests/test_a.py': '' },
    { entry: 'app.py', files: ['app.py', 'tool'], environment: '.venv' },
  ],
  [
    'the package that can be run',
    { 'requirements.txt': '', 'tool/__main__.py': '', 'venv/pyvenv.cfg': '' },
    { entry: 'tool/__main__.py', files: ['tool'], environment: 'venv' },
  ],
  ['no program among files', { 'table.csv': '', 'more/a.csv': '' }, { files: ['more', 'table.csv'] }],
])('finds %s', (_, files, found) => {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  expect(initPack(folder)).toEqual(found);
  expect(JSON.parse(readFileSync(path.join(folder, 'pack.json'), 'utf8'))).toEqual(found);
  expect(() => initPack(folder)).toThrow(expect.objectContaining({ code: 'PACK_PROJECT_WRONG' }));
});

test('the start script that is made of any name is shell that does what it must', async () => {
  const { startScript } = await import('../../src/collect/start-script.ts');
  const folder = temporaryFolder();
  const bait = path.join(folder, 'bait');
  for (const entry of [`a'b".js`, `$(touch ${bait}).js`, '`id`.js', 'a b\n.js', '-e.js', ';id;.js']) {
    const script = startScript({
      name: `x'; touch ${bait}; '`,
      entry,
      language: 'node',
      runtime: undefined,
      version: '20',
      packages: undefined,
      libraries: true,
      before: [],
    }).replace('exec node', 'printf "%s|"');
    const out = execFileSync('/bin/sh', ['-c', script, 'sh', 'one', 'two three'], {
      encoding: 'utf8',
      env: { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, WPK_MOUNT: '/m n' },
    });
    expect(out).toBe(`/m n/${entry}|one|two three|`);
  }
  expect(existsSync(bait)).toBe(false);
});
