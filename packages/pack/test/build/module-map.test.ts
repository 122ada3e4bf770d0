import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { collectProject } from '@whetstone/pack';
import { expect, test } from 'vitest';
import { writeFiles } from '../collect/node-project.ts';
import { imageFile, unpack } from '../image-file.ts';
import { temporaryFolder } from '../small-pack.ts';

const nodes = [process.execPath, ...(process.env['WHETSTONE_TEST_NODES'] ?? '').split(':').filter(Boolean)];

/** Modules of both kinds that import each other in each way that a source can name. */
const files = {
  'pack.json': { entry: 'main.ts', files: ['main.ts', 'lib', 'data.json'] },
  'package.json': { name: 'app', type: 'module', dependencies: { cjs: '1', esm: '1', constructor: '1' } },
  'main.ts': `
    import { createRequire } from 'node:module';
    import cjs, { named } from 'cjs';
    import { deep } from 'esm/deep';
    import { self } from './lib/self.ts';
    import fs from 'fs';
    import { fileURLToPath } from 'node:url';
    const require = createRequire(import.meta.url);
    const name: string = 'cjs';
    const later = await import('./lib/later.ts');
    let missing = '';
    try { await import('no-such-package'); } catch (error: any) { missing = error.code; }
    let private_ = '';
    try { require('esm/private.js'); } catch (error: any) { private_ = error.code; }
    console.log(JSON.stringify([cjs.value, named, deep, self, later.default, missing, private_,
      require('./data.json').number, require(name) === cjs, require('constructor'),
      typeof fs.readFileSync, require.resolve('cjs').endsWith('node_modules/cjs/lib/main.js'),
      cjs.paths, fileURLToPath(import.meta.url).endsWith('app/main.js')]));
  `,
  'lib/self.ts': "export const self: string = import.meta.url.split('/').slice(-2).join('/');",
  'lib/later.ts': 'export default 9 as number;',
  'data.json': { number: 5 },
  'node_modules/cjs/package.json': { name: 'cjs', version: '1.0.0', main: './lib/main' },
  'node_modules/cjs/lib/main.js':
    "exports.value = require('./inner').inner + require('../other').n; exports.named = 'named'; exports.paths = [__dirname.split('/').pop(), module.parent === undefined || true, require.main === undefined];",
  'node_modules/cjs/lib/inner/index.js':
    "exports.inner = require('../../package.json').version + typeof exports;",
  'node_modules/cjs/other.js': 'exports.n = 2;',
  'node_modules/esm/package.json': {
    name: 'esm',
    version: '1.0.0',
    type: 'module',
    exports: { './deep': { import: './a/deep.js' } },
  },
  'node_modules/esm/a/deep.js': "import './side.js'; export const deep = globalThis.side;",
  'node_modules/esm/a/side.js': 'globalThis.side = 4;',
  'node_modules/esm/private.js': '',
  'node_modules/constructor/package.json': { name: 'constructor', version: '1.0.0' },
  'node_modules/constructor/index.js': "module.exports = 'a package of that name';",
};

async function packed(): Promise<string> {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  const { collection } = await collectProject(folder);
  const entries = collection.files.map(({ entry }) => entry);
  const root = path.join(folder, 'root with space');
  await unpack(await imageFile(path.join(folder, 'image'), entries), root);
  return root;
}

test.each(nodes)('a program runs with the map as it does without it, under %s', async (node) => {
  const root = await packed();
  const run = (...args: string[]) =>
    execFileSync(node, [...args, path.join(root, 'app/main.js')], { encoding: 'utf8' });
  const withMap = run('--require', path.join(root, '.pack/map.cjs'));
  expect(withMap).toBe(run());
  expect(JSON.parse(withMap)).toEqual([
    '1.0.0object2',
    'named',
    4,
    'lib/self.js',
    9,
    'ERR_MODULE_NOT_FOUND',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    5,
    true,
    'a package of that name',
    'function',
    true,
    ['lib', true, true],
    true,
  ]);
});

test('the map answers: a file that only it knows is found', async () => {
  const root = await packed();
  // Without the manifest Node would not find the main file of the package.
  rmSync(path.join(root, 'app/node_modules/cjs/package.json'));
  const code = `require(${JSON.stringify(path.join(root, '.pack/map.cjs'))});
    const { createRequire } = require('node:module');
    console.log(createRequire(${JSON.stringify(path.join(root, 'app/main.js'))}).resolve('./lib/../lib/later.js').endsWith('later.js'));`;
  expect(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })).toBe('true\n');
});

test('files come first in the order in which they load', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  const { first } = await collectProject(folder);
  const own = first.filter((file) => /\.[jt]s$/.test(file));
  expect(own.slice(0, 4)).toEqual([
    'app/main.js',
    'app/node_modules/cjs/lib/main.js',
    'app/node_modules/cjs/lib/inner/index.js',
    expect.stringContaining('app/'),
  ]);
  expect(own).toEqual(expect.arrayContaining(['app/lib/self.js', 'app/lib/later.js']));
});
