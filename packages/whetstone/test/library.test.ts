import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { symlinkSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { majorOf, nodes, project, reportIn, started, whetstone } from './end-to-end/command.ts';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));

/** A project that has Whetstone installed. */
function withLibrary(files: Readonly<Record<string, string>>): string {
  const folder = project(files);
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(path.join(workspace, 'packages/whetstone'), path.join(folder, 'node_modules/whetstone'));
  return folder;
}

const spin = `function spin(ms) { const until = Date.now() + ms; let x = 0; while (Date.now() < until) for (let i = 0; i < 1000; i++) x += Math.sqrt(i); return x; }\n`;

test('import of whetstone loads no other package', async () => {
  const folder = withLibrary({
    'app.mjs': `import { register } from 'node:module'; import { MessageChannel } from 'node:worker_threads';
      const { port1, port2 } = new MessageChannel(); const loaded = []; port1.on('message', (url) => loaded.push(url));
      register('./hooks.mjs', import.meta.url, { data: { port2 }, transferList: [port2] });
      const { profile, measure } = await import('whetstone');
      setTimeout(() => { console.log(typeof profile, typeof measure, loaded.filter((url) => !url.startsWith('node:')).length, loaded.some((url) => /packages\\/(?!whetstone\\/)/.test(url))); port1.close(); }, 200);`,
    'hooks.mjs': `let port; export function initialize(data) { port = data.port2 } export async function load(url, context, next) { port.postMessage(url); return next(url, context) }`,
  });
  const { stdout, stderr } = await started(process.execPath, ['app.mjs'], { cwd: folder }).ended;
  expect({ stdout, stderr }).toEqual({ stdout: 'function function 3 false\n', stderr: '' });
});

const marked = `import { profile } from 'whetstone';
${spin.replace('(ms)', '(ms: number)')}
export const work = profile(function busy(ms: number): number {
  return spin(ms);
});
export const renamed = profile(function renamed(ms: number): number {
  return spin(ms);
});
namespace Other {
  export function load(): number {
    return spin(40);
  }
}
enum Kind {
  One = 1,
}
class Store {
  @profile
  load(): number {
    return spin(60);
  }
}
{
  using _ = profile.region('loading');
  new Store().load();
}
work(150);
renamed(60);
Other.load();
const region = profile.region('by hand');
region[Symbol.dispose]();
console.log(work.name, work.length, profile(spin) === spin, Kind.One);
`;

test('marks select what is listed line by line, and regions are summed up', async () => {
  const folder = withLibrary({ 'package.json': '{"type":"module"}', 'app.ts': marked });
  for (const node of nodes) {
    const { stdout, stderr, code } = await whetstone(
      ['run', '--runtime', node, '--no-save', '--json', 'report.json', 'app.ts'],
      { cwd: folder, env: { XDG_CACHE_HOME: path.join(folder, `cache of ${majorOf(node)}`) } },
    );
    expect({ stdout, code }, stderr).toEqual({ stdout: 'busy 1 true 1\n', code: 0 });
    const { marked: listed, regions, lines, threads } = reportIn(folder);
    // The compiler that ran here for the first time is no part of the program.
    expect(threads.map(({ name }) => name)).toEqual(['app.ts']);
    const at = (text: string) => marked.split('\n').findIndex((line) => line.includes(text)) + 1;
    expect(listed.map((row) => `${row.function} ${row.file}:${row.line}`).toSorted(), node).toEqual([
      `busy app.ts:${at('function busy')}`,
      `load app.ts:${at('  load(): number')}`,
      `renamed app.ts:${at('function renamed')}`,
      `spin app.ts:${at('function spin')}`,
    ]);
    expect(regions.map(({ name, count }) => `${name} ${count}`).toSorted()).toEqual([
      'by hand 1',
      'loading 1',
    ]);
    expect(lines[0]).toMatchObject({
      file: 'app.ts',
      line: at('function spin'),
      text: spin.trim().replace('(ms)', '(ms: number)'),
    });
    expect(stderr).toContain('loading');
  }
});

test('a region counts once: by its first end, or where the program ends without one', async () => {
  const folder = withLibrary({
    'app.mjs': `import { profile } from 'whetstone';
      import { isMainThread, Worker } from 'node:worker_threads';
      const open = profile.region('never ended');
      const twice = profile.region('ended twice');
      twice[Symbol.dispose]();
      twice[Symbol.dispose]();
      if (isMainThread) new Worker(new URL(import.meta.url));
      else process.exit();`,
  });
  const { code, stderr } = await whetstone(['run', '--no-save', '--json', 'report.json', 'app.mjs'], {
    cwd: folder,
  });
  expect(code, stderr).toBe(0);
  const regions = new Map(reportIn(folder).regions.map((row) => [row.name, row]));
  expect([...regions.values()].map(({ name, count }) => `${name} ${count}`).toSorted()).toEqual([
    'ended twice 2',
    'never ended 2',
  ]);
  // Each holds all of the other.
  expect(regions.get('never ended')!.time).toBeGreaterThan(regions.get('ended twice')!.time);
});

test('regions are added up however many there are', async () => {
  const folder = withLibrary({
    'app.mjs': `import { profile } from 'whetstone';
      for (let i = 0; i < 200_000; i++) profile.region('often')[Symbol.dispose]();`,
  });
  const { code, stderr } = await whetstone(['run', '--no-save', '--json', 'report.json', 'app.mjs'], {
    cwd: folder,
  });
  expect(code, stderr).toBe(0);
  expect(reportIn(folder).regions).toMatchObject([{ name: 'often', count: 200_000 }]);
});

test('@profile marks methods and getters under experimentalDecorators, too', async () => {
  const app = `import { profile } from 'whetstone';
class Store {
  @profile
  load(): number {
    return 1;
  }
  @profile
  static all(): number {
    return 2;
  }
  @profile
  get size(): number {
    return 3;
  }
}
const store = new Store();
console.log(store.load() + Store.all() + store.size);
`;
  for (const experimentalDecorators of [false, true]) {
    const folder = withLibrary({
      'package.json': '{"type":"module"}',
      'tsconfig.json': JSON.stringify({ compilerOptions: { experimentalDecorators } }),
      'app.ts': app,
    });
    const { stdout, stderr } = await whetstone(['run', '--no-save', '--json', 'report.json', 'app.ts'], {
      cwd: folder,
    });
    expect(stdout, stderr).toBe('6\n');
    const lines = reportIn(folder).marked.map(({ line }) => line);
    expect(lines.toSorted((a, b) => a - b)).toEqual([4, 8, 12]);
  }
});

test('a mark on what is no function names the value', async () => {
  const folder = withLibrary({
    'app.mjs': `import { profile } from 'whetstone';
      for (const wrong of [3, undefined, Promise.resolve('rows')])
        try { profile(wrong); } catch (error) { console.log(error instanceof TypeError, error.message); }`,
  });
  const said = (value: string) => `true profile marks functions, and was given ${value}: profile(fn).\n`;
  const { stdout } = await started(process.execPath, ['app.mjs'], { cwd: folder }).ended;
  expect(stdout).toBe(['3', 'undefined', "Promise { 'rows' }"].map(said).join(''));
});

const measured = (load: string) => `${load}
${spin}
(async () => {
  const { value, report } = await measure(async () => { spin(120); await null; return spin.name; });
  console.log(value, report.functions.some((row) => row.function === 'spin' && row.self > 0), report.warnings.map(({ code }) => code).includes('one-thread'), report.lines.length > 0, report.format === 1, report.about.exit);
  for (const fail of [() => { throw new RangeError('sync') }, async () => { throw new TypeError('async') }, () => Promise.reject('text')]) {
    await measure(fail).catch((error) => console.log('threw', error.message ?? error));
  }
  const [a, b] = await Promise.all([measure(() => 1), measure(() => 2)]);
  console.log(a.value, b.value, (await measure(() => undefined)).value);
})();
`;

test('measure returns value and report, and throws what the call throws', async () => {
  const folder = withLibrary({
    'app.mjs': measured(`import { measure } from 'whetstone';`),
    'app.cjs': measured(`const { measure } = require('whetstone');`),
    'app.ts': measured(
      `import { measure } from 'whetstone';\ninterface Unused { readonly a: number }`,
    ).replace('(ms)', '(ms: number)'),
  });
  // The program that measures has not ended.
  const expected =
    'spin true true true true { code: null, signal: null }\nthrew sync\nthrew async\nthrew text\n1 2 undefined\n';
  for (const node of nodes) {
    for (const app of ['app.mjs', 'app.cjs']) {
      const { stdout, stderr } = await started(node, ['--no-warnings', app], { cwd: folder }).ended;
      expect({ stdout, stderr }, `${node} ${app}`).toEqual({ stdout: expected, stderr: '' });
    }
    if (majorOf(node) >= 24) {
      const { stdout, stderr } = await started(node, ['--no-warnings', 'app.ts'], { cwd: folder }).ended;
      expect({ stdout, stderr }, `${node} app.ts`).toEqual({ stdout: expected, stderr: '' });
    }
  }
  // A worker knows its own figures, and no others.
  const worker = withLibrary({
    'app.mjs': `import { measure } from 'whetstone'; import { isMainThread, Worker } from 'node:worker_threads';
      if (isMainThread) new Worker(new URL(import.meta.url));
      else { const { report } = await measure(() => 1); console.log(report.time.kind, report.threads.length, report.threads[0].thread); }`,
  });
  const inside = await started(process.execPath, ['app.mjs'], { cwd: worker }).ended;
  const known = process.platform === 'linux' ? 'measured' : 'sampled';
  expect(inside.stdout, inside.stderr).toBe(`${known} 1 1\n`);
  // Also inside a program that is measured itself.
  const { stdout, stderr, code } = await whetstone(['run', '-q', '--no-save', 'app.ts'], { cwd: folder });
  expect({ stdout, stderr, code }).toEqual({ stdout: expected, stderr: '', code: 0 });
});
