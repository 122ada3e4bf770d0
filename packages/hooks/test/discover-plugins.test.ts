import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { hookSpecs, PluginManager } from '@whetstone/hooks';
import { discoverPlugins } from '@whetstone/hooks/node';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plugins ')));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const keywords = ['whetstone-plugin'];
const plugin = (name: string) =>
  `export default { name: ${JSON.stringify(name)}, f: () => ${JSON.stringify(name)} };`;
const EXPLODES = `throw new RangeError('executed');`;

/** Writes files of a project; objects as JSON. */
function project(files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** A package in node_modules, with one module. */
function installed(name: string, manifest: object, code: string, file = 'index.mjs') {
  return {
    [`node_modules/${name}/package.json`]: { name, exports: `./${file}`, ...manifest },
    [`node_modules/${name}/${file}`]: code,
  };
}

test('finds the dependencies that carry the keyword, and executes no others', async () => {
  project({
    'package.json': {
      dependencies: { zebra: '*', plain: '*', gone: '*' },
      devDependencies: { '@scope/dev': '*' },
      optionalDependencies: { optional: '*' },
      peerDependencies: { peer: '*' },
    },
    ...installed('zebra', { keywords }, plugin('zebra-plugin')),
    ...installed('plain', { keywords: ['other'] }, EXPLODES),
    ...installed('@scope/dev', { keywords: ['x', ...keywords] }, plugin('dev')),
    ...installed('optional', { keywords }, plugin('optional')),
    ...installed('peer', { keywords }, EXPLODES),
    ...installed('unlisted', { keywords }, EXPLODES),
    'src/deep/file.txt': '',
  });
  const { plugins, failures } = await discoverPlugins({ folder: path.join(folder, 'src/deep') });
  expect(failures).toEqual([]);
  expect(plugins.map(({ name, plugin, from }) => [name, plugin.name, path.relative(folder, from)])).toEqual([
    ['zebra', 'zebra-plugin', 'node_modules/zebra/index.mjs'],
    ['@scope/dev', 'dev', 'node_modules/@scope/dev/index.mjs'],
    ['optional', 'optional', 'node_modules/optional/index.mjs'],
  ]);
});

test('takes another keyword', async () => {
  project({
    'package.json': { dependencies: { a: '*', b: '*' } },
    ...installed('a', { keywords: ['mine'] }, plugin('a')),
    ...installed('b', { keywords }, EXPLODES),
  });
  const { plugins, failures } = await discoverPlugins({ folder, keyword: 'mine' });
  expect([plugins.map(({ name }) => name), failures]).toEqual([['a'], []]);
});

test('finds what is installed above, as Node does', async () => {
  project({
    'packages/app/package.json': { dependencies: { above: '*' } },
    'package.json': { dependencies: { root: '*' } },
    ...installed('above', { keywords }, plugin('above')),
    ...installed('root', { keywords }, EXPLODES),
  });
  const { plugins } = await discoverPlugins({ folder: path.join(folder, 'packages/app') });
  expect(plugins.map(({ name }) => name)).toEqual(['above']);
});

test('loads what is listed, packages and paths, whatever their keywords, in that order, and nothing else', async () => {
  project({
    'package.json': { dependencies: { marked: '*' } },
    ...installed('marked', { keywords }, EXPLODES),
    ...installed('listed', {}, plugin('listed')),
    'mine.mjs': plugin('mine'),
    'folder/package.json': { exports: { '.': './entry.mjs' } },
    'folder/entry.mjs': plugin('folder'),
  });
  const names = [
    './mine.mjs',
    'listed',
    './folder',
    pathToFileURL(path.join(folder, 'mine.mjs')).href,
    path.join(folder, 'mine.mjs'),
  ];
  const { plugins, failures } = await discoverPlugins({ folder, names });
  expect(failures).toEqual([]);
  expect(plugins.map(({ name }) => name)).toEqual(names);
  expect(plugins.map(({ plugin }) => plugin.name)).toEqual(['mine', 'listed', 'folder', 'mine', 'mine']);
});

test('an empty list is none', async () => {
  project({ 'package.json': { dependencies: { a: '*' } }, ...installed('a', { keywords }, EXPLODES) });
  expect(await discoverPlugins({ folder, names: [] })).toEqual({ plugins: [], failures: [] });
});

test('reports each that fails, by name and with its cause, and loads the rest', async () => {
  project({
    'package.json': { dependencies: { throws: '*', broken: '*', good: '*' } },
    ...installed('throws', { keywords }, EXPLODES),
    'node_modules/broken/package.json': '{ "keywords": [',
    ...installed('good', { keywords }, plugin('good')),
    ...installed('syntax', {}, 'export default {'),
    ...installed('empty', {}, 'export const x = 1;'),
    ...installed('hidden', { exports: { './deep': './index.mjs' } }, EXPLODES),
    ...installed('missing-file', { exports: './no.mjs' }, EXPLODES),
  });
  const marked = await discoverPlugins({ folder });
  expect(marked.plugins.map(({ name }) => name)).toEqual(['good']);
  expect(marked.failures).toEqual([
    {
      name: 'broken',
      cause: expect.objectContaining({ message: expect.stringContaining('package.json cannot be read') }),
    },
    { name: 'throws', cause: new RangeError('executed') },
  ]);
  const listed = await discoverPlugins({
    folder,
    names: ['syntax', 'empty', 'nowhere', './no.mjs', 'hidden', 'missing-file', 'good'],
  });
  expect(listed.plugins.map(({ name }) => name)).toEqual(['good']);
  expect(listed.failures.map(({ name }) => name)).toEqual([
    'syntax',
    'empty',
    'nowhere',
    './no.mjs',
    'hidden',
    'missing-file',
  ]);
  expect(listed.failures.map(({ cause }) => (cause as Error).message)).toEqual([
    expect.any(String),
    "It exports no plugin: the default export is an object with a 'name' that is text.",
    `There is no package 'nowhere' in the node_modules of ${folder} or above it.`,
    `There is no file ${path.join(folder, 'no.mjs')}.`,
    expect.stringContaining("exports nothing that can be imported as '.'"),
    expect.stringContaining('no.mjs'),
  ]);
});

test('a package.json of the project that cannot be read is a failure, none at all is not', async () => {
  project({ 'package.json': 'no JSON', 'inner/package.json': '3' });
  expect(await discoverPlugins({ folder })).toMatchObject({
    plugins: [],
    failures: [{ name: path.join(folder, 'package.json') }],
  });
  expect((await discoverPlugins({ folder: path.join(folder, 'inner') })).failures).toHaveLength(1);
});

test.each([
  ['text', './a.mjs'],
  ['a condition', { import: './a.mjs', require: './wrong.cjs' }],
  ['a condition by its order', { browser: './wrong.mjs', node: './a.mjs', import: './wrong.mjs' }],
  [
    'nested conditions',
    { '.': { node: { require: './wrong.cjs', import: './a.mjs' }, default: './wrong.mjs' } },
  ],
  ['alternatives', [{ browser: './wrong.mjs' }, './a.mjs']],
])('follows exports given as %s', async (_, exported) => {
  project({
    'node_modules/a/package.json': { exports: exported },
    'node_modules/a/a.mjs': plugin('a'),
    'node_modules/a/wrong.mjs': EXPLODES,
    'node_modules/a/wrong.cjs': EXPLODES,
  });
  const { plugins, failures } = await discoverPlugins({ folder, names: ['a'] });
  expect([plugins.length, failures]).toEqual([1, []]);
});

test.each([
  ['null', { node: null, default: './a.mjs' }],
  ['a nested null', { node: { import: null }, default: './a.mjs' }],
  ['another path alone', { './deep': './a.mjs' }],
  ['conditions that are not ours', { browser: './a.mjs', require: './a.mjs' }],
])('loads nothing where exports say %s', async (_, exported) => {
  project({ 'node_modules/a/package.json': { exports: exported }, 'node_modules/a/a.mjs': EXPLODES });
  const { plugins, failures } = await discoverPlugins({ folder, names: ['a'] });
  expect(plugins).toEqual([]);
  expect(String(failures[0]!.cause)).toContain("exports nothing that can be imported as '.'");
});

test.each([
  ['main', { main: 'lib/a.cjs' }, 'lib/a.cjs', `module.exports = { name: 'a' };`],
  ['main without its ending', { main: './lib/a' }, 'lib/a.js', `module.exports = { name: 'a' };`],
  ['nothing at all', {}, 'index.js', `exports.name = 'a';`],
  [
    'a module that is the plugin',
    { type: 'module', main: 'a.js' },
    'a.js',
    `export const name = 'a'; export const f = () => 'a';`,
  ],
  [
    'a compiled default export',
    {},
    'index.js',
    `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { name: 'a' };`,
  ],
])('loads a package with %s', async (_, manifest, file, code) => {
  project({ 'node_modules/a/package.json': manifest, [`node_modules/a/${file}`]: code });
  const { plugins, failures } = await discoverPlugins({ folder, names: ['a'] });
  expect(failures).toEqual([]);
  expect(plugins[0]!.plugin.name).toBe('a');
});

test('what it finds can be registered', async () => {
  project({ 'mine.mjs': plugin('mine') });
  const pm = new PluginManager('app', hookSpecs<{ f(args: {}): string }>()({ f: {} }));
  const { plugins } = await discoverPlugins({ folder, names: ['./mine.mjs'] });
  for (const { plugin } of plugins) pm.register(plugin);
  expect(pm.hook.f()).toEqual(['mine']);
});
