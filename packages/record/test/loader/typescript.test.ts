import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodes, Program } from './run-plain-and-loaded.ts';

const module = '{ "type": "module" }';

/** Runs `main` and gives what it printed, the same on every Node. */
async function printed(files: Readonly<Record<string, string>>, main: string): Promise<string> {
  const program = new Program(files);
  const texts = new Set<string>();
  for (const node of nodes()) {
    for (const round of ['first', 'cached']) {
      const { code, stdout, stderr } = await program.loaded(node, [main]);
      expect({ node, round, code, stderr }).toEqual({ node, round, code: 0, stderr: '' });
      texts.add(stdout);
    }
  }
  program.remove();
  expect([...texts]).toHaveLength(1);
  return [...texts][0] ?? '';
}

const lib =
  'export interface Shape { a: number }\nexport const add = (a: number, b: number): number => a + b;';

test.each([
  ['main.ts', module],
  ['main.mts', '{}'],
  ['main.ts', '{}'],
])('runs modules: %s with %s', async (main, manifest) => {
  const text = `import { add, Shape } from './lib.js';
    import { add as again } from './lib';
    import type { Other } from './nowhere';
    const s: Shape = { a: 1 };
    const other = await import('./lib.js');
    const computed = await import('./l' + 'ib.js');
    console.log(add(s.a, 2), again(1, 1), other.add(2, 2), computed.add(4, 1), import.meta.url.endsWith('${main}'));`;
  expect(await printed({ [main]: text, 'lib.ts': lib, 'package.json': manifest }, main)).toBe(
    '3 2 4 5 true\n',
  );
});

test.each(['main.cts', 'main.ts'])('runs CommonJS: %s', async (main) => {
  const text = `const { add }: any = require('./lib.js');
    const folder: any = require('./folder');
    console.log(add(1, 2), folder.x, require.main === module, typeof __dirname);`;
  const files = { [main]: text, 'lib.ts': lib, 'folder/index.ts': 'export const x: number = 5;' };
  expect(await printed(files, main)).toBe('3 5 true string\n');
});

test.each(['main.cts', 'main.ts', 'mixed.ts'])(
  'follows import() of CommonJS to TypeScript: %s',
  async (main) => {
    const text = `${main === 'mixed.ts' ? 'enum Folder { Name = "lib" }' : 'const Folder = { Name: "lib" };'}
    const load = async (): Promise<void> => {
      const { one } = await import('./lib/one.js');
      const { two } = await import('./lib/two');
      const { three } = await import("./lib/three.mjs");
      const { four } = await import('@/four');
      const { one: again } = await import(\`./\${Folder.Name}/one.js\`);
      const { sep } = await import('node:path');
      console.log(typeof __filename, one as number, two, three, four, again, sep);
      await import('./lib/none.js').catch((error: any) => console.log(error.code));
    };
    load();`;
    const files = {
      [main]: text,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
      'lib/one.ts': 'export const one: number = 1;',
      'lib/two.ts': 'export const two: number = 2;',
      'lib/three.mts': 'export const three: number = 3;',
      'lib/four.ts': 'export const four: number = 4;',
    };
    expect(await printed(files, main)).toBe('string 1 2 3 4 1 /\nERR_MODULE_NOT_FOUND\n');
  },
);

test('runs a mixture of import and require', async () => {
  const text = `import fs from 'fs';\nimport { add } from './lib';\nconsole.log(typeof require, typeof fs.statSync, add(1, 2));\nmodule.exports = 1;`;
  expect(await printed({ 'main.ts': text, 'lib.ts': lib }, 'main.ts')).toBe('function function 3\n');
});

test('runs enums, namespaces, parameter properties and JSX', async () => {
  const text = `enum Colour { Red = 1 }
    namespace Space { export const x = 2 }
    class Point { constructor(private readonly x: number) {} get() { return this.x } }
    console.log(Colour.Red, Space.x, new Point(3).get());`;
  expect(await printed({ 'main.ts': text, 'package.json': module }, 'main.ts')).toBe('1 2 3\n');
  const jsx = `const h = (tag: string, _: null, ...inner: string[]) => tag + inner.join('');\nconsole.log(<b>x</b>);`;
  const tsconfig = '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }';
  expect(await printed({ 'main.tsx': jsx, 'tsconfig.json': tsconfig }, 'main.tsx')).toBe('bx\n');
});

test('runs decorators, of the standard and of old', async () => {
  const standard = `function log(value: any, context: ClassMethodDecoratorContext) { console.log(context.kind); return value }
    class A { @log m() { return 1 } }
    console.log(new A().m());`;
  expect(await printed({ 'main.ts': standard }, 'main.ts')).toBe('method\n1\n');
  const old = `function log(target: any, key: string) { console.log(key) }\nclass A { @log m() { return 1 } }\nconsole.log(new A().m());`;
  const tsconfig = '{ // as people write it\n "compilerOptions": { "experimentalDecorators": true, } }';
  expect(await printed({ 'main.ts': old, 'tsconfig.json': tsconfig }, 'main.ts')).toBe('m\n1\n');
});

test.each([module, '{}'])('follows paths of an inherited tsconfig with %s', async (manifest) => {
  const files = {
    'package.json': manifest,
    'base.json':
      '{ "compilerOptions": { "baseUrl": "./src", "paths": { "@/*": ["./*"], "exact": ["./one.ts"] } } }',
    'tsconfig.json': '{ "extends": "./base.json" }',
    'src/one.ts': 'export const one: number = 1;',
    'src/two.ts': "import { one } from 'exact';\nexport const two: number = one + 1;",
    'main.ts': "import { two } from '@/two';\nimport { one } from 'one';\nconsole.log(one, two);",
  };
  expect(await printed(files, 'main.ts')).toBe('1 2\n');
});

test('takes modules of Node before folders of a baseUrl, and no types for a module', async () => {
  const files = {
    'package.json': module,
    'tsconfig.json':
      '{ "compilerOptions": { "baseUrl": "./src", "paths": { "typed": ["./typed.d.ts"], "*": ["./*"] } } }',
    'src/typed.d.ts': 'export declare const typed: number;',
    'node_modules/typed/package.json': '{ "exports": "./index.js" }',
    'node_modules/typed/index.js': 'exports.typed = 2;',
    'src/events/index.ts': 'export class EventEmitter {}\nexport const own: number = 1;',
    'main.ts':
      "import { EventEmitter } from 'events';\nimport { own } from 'events/index';\nimport { typed } from 'typed';\nconsole.log(typeof EventEmitter.prototype.emit, own, typed);",
  };
  expect(await printed(files, 'main.ts')).toBe('function 1 2\n');
});

test('follows imports of package.json to TypeScript', async () => {
  const files = {
    'package.json': JSON.stringify({
      type: 'module',
      imports: { '#lib/*.js': './src/*.js', '#one': { types: './none.d.ts', default: './src/one.js' } },
    }),
    'src/one.ts': 'export const one: number = 1;',
    'src/deep/two.ts': "import { one } from '#one';\nexport const two: number = one + 1;",
    'main.ts':
      "import { one } from '#lib/one.js';\nimport { two } from '#lib/deep/two.js';\nconsole.log(one, two);",
  };
  expect(await printed(files, 'main.ts')).toBe('1 2\n');
});

test('lets JavaScript import TypeScript, and TypeScript JSON', async () => {
  const files = {
    'package.json': module,
    'main.js':
      "import { add } from './lib.js';\nimport { name } from './named.ts';\nconsole.log(add(1, 2), name);",
    'lib.ts': lib,
    'named.ts': "import data from './data.json';\nexport const name: string = data.name;",
    'data.json': '{ "name": "whet" }',
  };
  expect(await printed(files, 'main.js')).toBe('3 whet\n');
});

test.each(['main.ts', 'main.mjs'])('finds TypeScript beside imports with attributes: %s', async (main) => {
  const files = {
    'package.json': module,
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
    'lib/one.ts': 'export const one: number = 1;',
    'lib/two.ts': 'export const two: number = 2;',
    'lib/three.ts': 'export const three: number = 3;',
    'data.json': '{ "name": "whet" }',
    [main]: `import { one } from './lib/one.js';
      import { two } from './lib/two';
      import { three } from '@/three';
      import data from './data.json' with { type: 'json' };
      export { default as again } from './data.json' with { type: 'json' };
      const asked = await import('./data.json', { with: { type: 'json' } });
      console.log(one, two, three, data.name, asked.default.name);`,
  };
  expect(await printed(files, main)).toBe('1 2 3 whet whet\n');
});

test.each([module, '{}'])('finds TypeScript beside an import with `assert` with %s', async (manifest) => {
  const program = new Program({
    'package.json': manifest,
    'lib.ts': lib,
    'data.json': '{ "name": "whet" }',
    'main.ts':
      "import { add } from './lib.js';\nimport data from './data.json' assert { type: 'json' };\nconsole.log(add(1, 2), data.name, import.meta.url.endsWith('main.ts'));",
  });
  for (const node of nodes()) {
    const { code, stdout } = await program.loaded(node, ['main.ts']);
    expect({ node, code, stdout }).toEqual({ node, code: 0, stdout: '3 whet true\n' });
  }
  program.remove();
});

test('shows lines of the source in stacks and above an uncaught error', async () => {
  const source = `enum E { A }\nclass P { constructor(private x: number) {} }\n\nfunction fail(): never {\n  throw new Error('here');\n}\nfail();`;
  const program = new Program({ 'main.ts': source, 'package.json': module });
  for (const node of nodes()) {
    const { code, stderr } = await program.loaded(node, ['main.ts']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /main\.ts:5\n  throw new Error\('here'\);\n {8}\^\n\nError: here\n    at fail \(file:.*main\.ts:5:9\)\n    at file:.*main\.ts:7:1\n/,
    );
  }
  program.remove();
});

test('fails at a syntax error with file, line and column', async () => {
  const program = new Program({ 'main.ts': 'let a: number = 1;\nconst b: = 2;' });
  for (const node of nodes()) {
    const { code, stderr } = await program.loaded(node, ['main.ts']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^\/.*main\.ts:2\nconst b: = 2;\n {9}\^\n\nSyntaxError: .*\n    at \/.*main\.ts:2:10\n/,
    );
  }
  program.remove();
});

test('does without a damaged cache', async () => {
  const program = new Program({ 'main.ts': 'console.log(1 as number);' });
  for (const node of nodes()) {
    expect((await program.loaded(node, ['main.ts'])).stdout).toBe('1\n');
    for (const name of readdirSync(program.cache))
      writeFileSync(join(program.cache, name), 'console.log("damaged")\n//# whetstone={}\n');
    expect((await program.loaded(node, ['main.ts'])).stdout).toBe('1\n');
  }
  program.remove();
});

test('runs tests written in TypeScript', async () => {
  const files = {
    'package.json': module,
    'lib.ts': lib,
    'main.ts':
      "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from './lib.js';\n\ntest('adds', () => { const n: number = add(1, 2); assert.ok(n === 4) });",
  };
  const program = new Program(files);
  for (const node of nodes()) {
    const { code, stdout } = await program.loaded(node, ['--test-reporter=spec', 'main.ts']);
    expect(code).toBe(1);
    expect(stdout).toContain('main.ts:5:1');
    expect(stdout).toContain('assert.ok(n === 4)');
  }
  program.remove();
});

test('runs TypeScript in workers', async () => {
  const text = `import { Worker, isMainThread, parentPort } from 'node:worker_threads';
    enum Answer { Yes = 5 }
    if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (m: number) => console.log(m));
    else parentPort!.postMessage(Answer.Yes);`;
  expect(await printed({ 'main.ts': text, 'package.json': module }, 'main.ts')).toBe('5\n');
});
