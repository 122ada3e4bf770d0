import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { collectProject, type Project } from '@whetstone/pack';
import { expect, test } from 'vitest';
import { imageFile, unpack } from '../image-file.ts';
import { temporaryFolder } from '../small-pack.ts';
import { writeFiles } from './node-project.ts';

const paths = ({ collection }: Project) => collection.files.map(({ entry }) => entry.path).sort();
const leftOut = ({ collection }: Project) =>
  Object.fromEntries(collection.leftOut.map(({ path: at, why }) => [at, why]));

/** Puts what was collected on the disk and runs its entry with this Node. */
async function run(project: Project, entry: string): Promise<string> {
  const folder = temporaryFolder();
  const entries = project.collection.files.map((one) => one.entry);
  await unpack(await imageFile(path.join(folder, 'image'), entries), path.join(folder, 'root'));
  return execFileSync(process.execPath, [path.join(folder, 'root', entry)], { encoding: 'utf8' });
}

test('takes what production needs, as Node finds it, and nothing else', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'main.js', files: ['main.js'] },
    'package.json': {
      name: 'app',
      version: '2.0.0',
      dependencies: { a: '1' },
      optionalDependencies: { missing: '1' },
      devDependencies: { dev: '1' },
    },
    'main.js': "console.log(require('a'), __dirname.endsWith('app'))",
    'other.js': '',
    'node_modules/a/package.json': { name: 'a', version: '1.0.0', dependencies: { b: '1' } },
    'node_modules/a/index.js': "module.exports = 'a' + require('b')",
    'node_modules/a/node_modules/b/package.json': { name: 'b', version: '1.1.0' },
    'node_modules/a/node_modules/b/index.js': "module.exports = 'inner b'",
    'node_modules/b/package.json': { name: 'b', version: '2.0.0' },
    'node_modules/b/index.js': '',
    'node_modules/dev/package.json': { name: 'dev', version: '1.0.0' },
    'node_modules/.bin/a': '',
  });
  const project = await collectProject(folder);
  expect(paths(project)).toEqual([
    '.pack/ahead',
    '.pack/map.cjs',
    '.pack/modules.json',
    '.pack/pack.json',
    '.pack/start',
    'app/main.js',
    'app/node_modules/a/index.js',
    'app/node_modules/a/node_modules/b/index.js',
    'app/node_modules/a/node_modules/b/package.json',
    'app/node_modules/a/package.json',
    'app/package.json',
  ]);
  expect(project).toMatchObject({ name: 'app', version: '2.0.0', arch: 'any', glibc: '0' });
  expect(project.collection.files.find(({ entry }) => entry.path.endsWith('b/index.js'))?.owner).toBe(
    'b 1.1.0',
  );
  expect(await run(project, 'app/main.js')).toBe('ainner b true\n');
});

test('compiles TypeScript file by file, so that places, workers and data are found as before', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.ts', files: ['src', 'data'] },
    'package.json': { name: 'app', type: 'module' },
    'tsconfig.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
    'src/main.ts': `
      import { readFileSync } from 'node:fs';
      import { Worker } from 'node:worker_threads';
      import { twice } from './lib/twice.ts';
      import { name } from '@/lib/name';
      import type { Nothing } from './types.d.ts';
      enum Colour { Red = 3 }
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      const said: unknown = await new Promise((done) => worker.once('message', done));
      const dynamic = await import('./lib/' + 'twice.ts');
      const text = readFileSync(new URL('../data/words.txt', import.meta.url), 'utf8');
      console.log(twice(Colour.Red), name, said, dynamic.twice === twice, text);
    `,
    'src/worker.ts':
      "import { parentPort } from 'node:worker_threads'; import { twice } from './lib/twice.js'; parentPort!.postMessage(twice(21));",
    'src/lib/twice.ts': 'export const twice = (n: number): number => n * 2;',
    'src/lib/name.ts': "export const name: string = 'named';",
    'src/types.d.ts': 'export type Nothing = never;',
    'data/words.txt': 'words',
  });
  const project = await collectProject(folder);
  expect(await run(project, 'app/src/main.js')).toBe('6 named 42 true words\n');
  expect(leftOut(project)).toEqual({ 'app/src/types.d.ts': 'it has types alone' });
  const start = project.collection.files.find(({ entry }) => entry.path === '.pack/start')!.entry;
  expect(start.kind === 'file' && start.content.toString()).toContain(
    `exec node --require "$WPK_MOUNT"'/.pack/map.cjs' "$WPK_MOUNT"'/app/src/main.js' "$@"\n`,
  );
});

test('compiles TypeScript of a CommonJS package to require', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.ts' },
    'package.json': { name: 'app' },
    'src/main.ts':
      "import { n } from './n'; import { readFileSync } from 'node:fs'; console.log(n, typeof require, readFileSync(__filename).length > 0);",
    'src/n.ts': 'export const n: number = 1;',
  });
  expect(await run(await collectProject(folder), 'app/src/main.js')).toBe('1 function true\n');
});

test('finds what TypeScript imports by folders, without endings and by endings of JavaScript, and leaves texts alone', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.ts' },
    'package.json': { name: 'app', type: 'module' },
    'src/main.ts': `
      import { part } from './part';
      import { a } from './a.js';
      import { a as other } from './a.mts';
      import plain from './plain.js';
      export { a } from './a';
      const lazy = await import('./lazy');
      const text = \`
import { a } from "./a";
require("./a")\`;
      const from = (given: string) => given;
      console.log(part, a, other, plain, lazy.default, text.split('"')[1], from('./a'));
    `,
    'src/part/index.ts': "import { inner } from '.././part/inner'; export const part: string = inner;",
    'src/part/inner.ts': "export const inner: string = 'inner'; export * from '..';",
    'src/index.ts': 'export const top: number = 1;',
    'src/a.ts': "export const a: string = 'ts';",
    'src/a.mts': "export const a: string = 'mts';",
    'src/plain.js': "export default 'plain';",
    'src/lazy.ts': "export default 'lazy' as string;",
  });
  expect(await run(await collectProject(folder), 'app/src/main.js')).toBe(
    'inner ts mts plain lazy ./a ./a\n',
  );
});

test('compiles more files than esbuild is given at once', async () => {
  const folder = temporaryFolder();
  const count = 150;
  const numbers = Array.from({ length: count }, (_, i) => i);
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.ts' },
    'package.json': { name: 'app' },
    'src/main.ts': `${numbers.map((i) => `import { n as n${i} } from './m${i}';`).join('\n')}
      const sum: number = ${numbers.map((i) => `n${i}`).join(' + ')};
      console.log(sum, require.resolve('./m1').split('/').pop());`,
    ...Object.fromEntries(numbers.map((i) => [`src/m${i}.ts`, `export const n: number = ${i};`])),
  });
  expect(await run(await collectProject(folder), 'app/src/main.js')).toBe(
    `${(count * (count - 1)) / 2} m1.js\n`,
  );
});

test('says where TypeScript does not compile', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'main.ts' },
    'package.json': { name: 'app', type: 'module' },
    'main.ts': 'const a = 1;\nconst = 2;\n',
  });
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_PROJECT_WRONG',
    message: expect.stringContaining('main.ts:2'),
  });
});

test('leaves secrets, keys and histories out and tells of each, unless they are meant to go in', async () => {
  const folder = temporaryFolder();
  const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  writeFiles(folder, {
    'pack.json': { entry: 'main.js', files: ['.'], keep: ['certs/kept.pem'] },
    'package.json': { name: 'app', dependencies: { a: '1' } },
    'main.js': '',
    '.env': 'A=1',
    '.env.production': 'A=1',
    '.npmrc': '//registry/:_authToken=x',
    '.git/config': '',
    'certs/key.pem': key,
    'certs/kept.pem': key,
    'certs/public.pem': '-----BEGIN CERTIFICATE-----\n',
    'certs/id_ed25519': key,
    'docs/example.js': `const example = '-----BEGIN PRIVATE KEY-----';`,
    'node_modules/a/package.json': { name: 'a', version: '1.0.0' },
    'node_modules/a/.env': '',
  });
  const project = await collectProject(folder);
  expect(Object.keys(leftOut(project)).sort()).toEqual([
    'app/.env',
    'app/.env.production',
    'app/.git',
    'app/.npmrc',
    'app/certs/id_ed25519',
    'app/certs/key.pem',
    'app/node_modules/a/.env',
  ]);
  expect(paths(project)).toEqual(
    expect.arrayContaining(['app/certs/kept.pem', 'app/certs/public.pem', 'app/docs/example.js']),
  );
});

test('tells of secrets beside the program that pack.json does not name', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.js' },
    'src/main.js': '',
    '.env': '',
    '.git/config': '',
    'notes.md': '',
  });
  expect(Object.keys(leftOut(await collectProject(folder)))).toEqual(['app/.env', 'app/.git']);
});

test('follows links to inside the project and refuses those that lead out', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'src/main.js' },
    'src/main.js': "console.log(require('fs').readFileSync(__dirname + '/data/words', 'utf8'))",
    'shared/words': 'words',
  });
  symlinkSync('../shared', path.join(folder, 'src/data'));
  const project = await collectProject(folder);
  expect(paths(project)).toEqual(expect.arrayContaining(['app/shared/words', 'app/src/data']));
  expect(await run(project, 'app/src/main.js')).toBe('words\n');
  symlinkSync('/etc/hostname', path.join(folder, 'src/out'));
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_FILE_REFUSED',
    message: expect.stringContaining('src/out'),
  });
});

test('refuses files that run as another user, and pipes', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'pack.json': { entry: 'src/main.js' }, 'src/main.js': '', 'src/run': '' });
  chmodSync(path.join(folder, 'src/run'), 0o4755);
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_FILE_REFUSED',
    message: expect.stringContaining('src/run'),
  });
  chmodSync(path.join(folder, 'src/run'), 0o755);
  execFileSync('mkfifo', [path.join(folder, 'src/pipe')]);
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_FILE_REFUSED',
    message: expect.stringContaining('src/pipe'),
  });
});

test('finds dependencies of a workspace above the project, and its packages by their links', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
    'node_modules/dep/package.json': { name: 'dep', version: '1.0.0' },
    'node_modules/dep/index.js': "module.exports = 'dep'",
    'packages/app/pack.json': { entry: 'main.ts' },
    'packages/app/package.json': { name: 'app', dependencies: { dep: '1', lib: '1' } },
    'packages/app/main.ts':
      "import lib = require('lib'); import dep = require('dep'); console.log(lib, dep);",
    'packages/lib/package.json': { name: 'lib', version: '1.0.0', main: 'index.ts' },
    'packages/lib/index.ts': "const text: string = 'lib'; export = text;",
    'packages/lib/.env': '',
  });
  symlinkSync('../packages/lib', path.join(folder, 'node_modules/lib'));
  const project = await collectProject(path.join(folder, 'packages/app'));
  expect(await run(project, 'app/packages/app/main.js')).toBe('lib dep\n');
  expect(Object.keys(leftOut(project))).toEqual(['app/packages/lib/.env']);
});

test('leaves native addons for other systems out, and says it where none is left', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'main.js' },
    'package.json': { name: 'app', dependencies: { a: '1', b: '1' } },
    'main.js': '',
    'node_modules/a/package.json': { name: 'a', version: '1.0.0' },
    'node_modules/a/darwin.node': 'Mach-O',
    'node_modules/b/package.json': { name: 'b', version: '1.0.0' },
    'node_modules/b/win32.node': 'MZ',
  });
  copyFileSync(process.execPath, path.join(folder, 'node_modules/b/linux.node'));
  const project = await collectProject(folder);
  expect(leftOut(project)).toEqual({
    'app/node_modules/a/darwin.node': 'it is for another system',
    'app/node_modules/b/win32.node': 'it is for another system',
  });
  expect(project.collection.warnings).toEqual([
    expect.stringMatching(/^a 1\.0\.0 has native addons for other systems only/),
  ]);
  expect(project.arch).toBe(execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim());
  expect(project.glibc).toMatch(/^2\.\d+$/);
});

test.each<[string, Record<string, string | object>, RegExp]>([
  ['no pack.json', {}, /no pack\.json .* whetstone pack init/],
  ['a pack.json that is no JSON', { 'pack.json': '{' }, /is not JSON/],
  ['an entry that is missing', { 'pack.json': { entry: 'no.js' } }, /entry 'no\.js' does not exist/],
  ['an entry outside', { 'pack.json': { entry: '../no.js' } }, /inside the project/],
  [
    'an entry of another kind',
    { 'pack.json': { entry: 'a.rb' }, 'a.rb': '' },
    /neither JavaScript, TypeScript nor Python/,
  ],
  [
    'a file that is missing',
    { 'pack.json': { entry: 'a.js', files: ['no'] }, 'a.js': '' },
    /no 'no', which pack\.json names/,
  ],
  ['a setting that is none', { 'pack.json': { entri: 'a.js' } }, /'entri', which is none of/],
  ['files that are no list', { 'pack.json': { files: 'a' } }, /must be a list/],
  [
    'a dependency that is not installed',
    { 'pack.json': { entry: 'a.js' }, 'a.js': '', 'package.json': { dependencies: { gone: '1' } } },
    /'gone' of package\.json is not installed: npm install/,
  ],
])('says in one line what is wrong with %s', async (_, files, message) => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFiles(folder, files);
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_PROJECT_WRONG',
    message: expect.stringMatching(message),
  });
});
