import { expect, test } from 'vitest';
import { majorOf, nodes, withAndWithout } from './command.ts';

interface Program {
  readonly files: Readonly<Record<string, string>>;
  /** What follows `node`; `app.js` if left out. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** The first Node that can run it. */
  readonly since?: number;
  /** A warning that the report must have. */
  readonly warning?: string;
}

/** Prints what it can see of its environment, and in which processes. */
const seen = `console.log(JSON.stringify([process.env, process.argv.slice(2), process.execArgv, process.cwd()]));`;

const hog = `function spin(ms) { const end = Date.now() + ms; let i = 0; while (Date.now() < end) i++; return i; }\n`;

const programs: Readonly<Record<string, Program>> = {
  'is not there': { files: {}, args: ['gone.js'] },
  'has a syntax error': { files: { 'app.js': 'const x = ;' } },
  'has a syntax error in a module': {
    files: { 'app.mjs': `import './dep.mjs';`, 'dep.mjs': 'let a;\nlet a;' },
    args: ['app.mjs'],
  },
  'fails at once': { files: { 'app.js': `throw new Error('at once')` } },
  'ends at once': { files: { 'app.js': `process.exit(3)` } },
  'is empty': { files: { 'app.js': '' } },
  'is given as text': {
    files: {},
    args: ['-e', `console.log(1, process.argv, __filename); throw new Error('x')`],
  },
  'is given as text, and printed': { files: {}, args: ['-p', `[1, typeof require]`] },
  'is read from stdin': {
    files: {},
    args: ['-'],
    input: `console.log(__filename, process.argv); throw new Error('x')`,
  },
  'prints ten megabytes of bytes': {
    files: {
      'app.js': `const all = Buffer.alloc(10 * 2 ** 20, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
        process.stdout.write(all); process.stderr.write(all.subarray(1, 2 ** 20));`,
    },
  },
  'changes directory and deletes itself': {
    files: {
      'app.js': `process.chdir('/'); require('fs').rmSync(__filename); ${hog} spin(50); console.log(process.cwd()); throw new Error('gone');`,
    },
  },
  'removes the folder that it runs in': {
    files: {
      'app.js': `const fs = require('fs'); fs.mkdirSync('in'); process.chdir('in'); fs.rmdirSync(__dirname + '/in');
      try { process.cwd() } catch (error) { console.log(error.code) }`,
    },
  },
  'replaces process.exit, emit, kill and reallyExit': {
    files: {
      'app.js': `process.exit = () => console.log('exit'); process.exit(4); const { emit } = process;
        process.emit = function (...args) { if (args[0] === 'exit') console.log('emit', args[0]); return emit.apply(this, args) };
        process.kill = () => console.log('kill'); process.kill(process.pid);
        const real = process.reallyExit; process.reallyExit = (code) => { console.log('really'); real.call(process, 6) };`,
    },
  },
  'freezes all intrinsics': {
    files: {
      'app.js': `const seen = new Set();
        (function freeze(value) {
          if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value) || ArrayBuffer.isView(value)) return;
          seen.add(value);
          for (const key of Reflect.ownKeys(value)) { try { freeze(value[key]) } catch {} }
          Object.freeze(value);
        })([Array, Object, String, Map, Set, WeakMap, Function, RegExp, Promise, Error, Number, BigInt, JSON, Math, Reflect, Symbol, Date, Proxy]);
        ${hog} spin(120);
        console.log(require('./dep.js'), Object.isFrozen(Array.prototype), [3, 1, 2].sort());
        import('./dep.mjs').then(({ a }) => { console.log(a); setTimeout(() => { throw new Error('frozen') }, 20) });`,
      'dep.js': `exports.a = 1`,
      'dep.mjs': `export const a = await Promise.resolve(2)`,
    },
  },
  'breaks the intrinsics': {
    files: {
      'app.js': `const index = String.prototype.indexOf; const fail = () => { throw new Error('never to be called') };
        for (const [owner, names] of [[Array.prototype, ['push', 'map', 'filter', 'forEach', 'some', 'slice', 'includes', 'find', 'findIndex', 'at', 'with', 'flatMap']],
          [String.prototype, ['startsWith', 'slice', 'split', 'replace', 'includes']], [Map.prototype, ['entries']], [JSON, ['stringify']], [Object, ['entries', 'keys', 'values', 'assign', 'fromEntries']]])
          for (const name of names) { const old = owner[name]; owner[name] = function (...args) { if (Reflect.apply(index, new Error().stack, ['/agents/']) >= 0) fail(); return Reflect.apply(old, this, args) } }
        ${hog} spin(120); console.log('whole'); setTimeout(() => console.log('later'), 30);`,
    },
  },
  'sets Error.prepareStackTrace and stackTraceLimit': {
    files: {
      'app.js': `Error.stackTraceLimit = 0; Error.prepareStackTrace = (error, sites) => sites.length + ':' + sites.map(String); 
        setTimeout(() => { console.log(new Error('a').stack); Error.stackTraceLimit = 3; console.log(new Error('b').stack) }, 5);`,
    },
  },
  'runs without eval': {
    files: {
      'app.js': `${hog} spin(120); try { eval('1') } catch (error) { console.log(error.message) } console.log(require('./dep'));`,
      'dep.js': 'exports.a = 1',
    },
    args: ['--disallow-code-generation-from-strings', 'app.js'],
  },
  'runs with frozen intrinsics': {
    files: { 'app.js': `${hog} spin(120); console.log('done')` },
    args: ['--frozen-intrinsics', 'app.js'],
  },
  'runs without __proto__': {
    files: { 'app.js': `${hog} spin(50); console.log('done', {}.__proto__)` },
    args: ['--disable-proto=delete', 'app.js'],
  },
  'throws at deprecations and warnings': {
    files: { 'app.js': `${hog} spin(50); console.log('done'); process.on('warning', console.log)` },
    args: ['--throw-deprecation', '--pending-deprecation', '--trace-warnings', 'app.js'],
  },
  'runs under the permission model': {
    files: {
      'app.js': `console.log(process.permission.has('fs.write'), process.env.NODE_OPTIONS); process.exitCode = 3;`,
    },
    args: [
      majorOf(process.execPath) >= 22 ? '--permission' : '--experimental-permission',
      '--allow-fs-read=*',
      'app.js',
    ],
    warning: 'only-operating-system',
  },
  'has a NODE_OPTIONS of its own': {
    files: {
      'app.js': `${seen} ${hog} spin(50); console.log(global.set)`,
      'my own.cjs': `global.set = 'set' + process.env.NODE_OPTIONS`,
    },
    env: { NODE_OPTIONS: '--max-old-space-size=200 --require "./my own.cjs"', SOME_THING: 'ü "q" \n' },
  },
  'starts children with other environments': {
    files: {
      'app.js': `const { fork, spawnSync, execFileSync, execSync, spawn } = require('child_process'); const { Worker } = require('worker_threads'); const fs = require('fs');
        const child = __dirname + '/child.js';
        console.log(spawnSync(process.execPath, [child, 'sync'], { encoding: 'utf8' }).stdout);
        console.log(spawnSync(process.execPath, [child, 'own'], { encoding: 'utf8', env: { A: '1' } }).stdout);
        console.log(spawnSync(process.execPath, [child, 'empty'], { encoding: 'utf8', env: {} }).stdout);
        console.log(spawnSync(process.execPath, [child, 'nodeoptions'], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '--no-warnings' } }).stdout);
        console.log(execSync('"' + process.execPath + '" child.js shell || true', { encoding: 'utf8' }));
        console.log(execFileSync('env', { encoding: 'utf8', env: { A: '1', PATH: process.env.PATH } }).split('\\n').filter((line) => !line.startsWith('NODE_OPTIONS=')));
        fork(child, ['forked'], { env: { B: '2' }, execArgv: ['--no-deprecation'] }).on('message', (m) => { console.log(m) }).on('exit', () => {
          spawn(process.execPath, [child, 'spawned'], { stdio: 'inherit' }).on('exit', (code) => {
            new Worker(child, { env: { C: '3' }, argv: ['worker'] }).on('exit', () => new Worker(child).on('exit', () => console.log('end', code)));
          });
        });`,
      'child.js': `${seen} if (process.send) process.send({ env: process.env, connected: process.connected }); process.exitCode = 7;`,
    },
  },
  'is a cluster': {
    files: {
      'app.js': `const cluster = require('cluster'); const http = require('http');
        if (cluster.isPrimary) {
          let ended = 0; const workers = [cluster.fork(), cluster.fork({ OWN: 'x' })];
          cluster.on('listening', () => { if (++ended < 2) return; ended = 0;
            http.get({ port: workers[0].port, path: '/' }, (response) => response.on('data', (d) => console.log(String(d))).on('end', () => cluster.disconnect(() => console.log('disconnected')))); });
          for (const w of workers) w.on('listening', ({ port }) => { workers[0].port = port });
        } else http.createServer((q, s) => { s.setHeader('connection', 'close'); s.end('hello ' + process.env.NODE_OPTIONS) }).listen(0);`,
    },
  },
  'terminates workers, and takes their errors': {
    files: {
      'app.js': `const { Worker, isMainThread, parentPort, threadId } = require('worker_threads');
        if (isMainThread) {
          const endless = new Worker(__filename, { workerData: 'endless' });
          endless.on('message', async (m) => { console.log(m, endless.threadId, await endless.terminate(), endless.threadId);
            const failing = new Worker(__filename, { workerData: 'fail' });
            failing.on('error', (error) => console.log(error.stack)).on('exit', (code) => { console.log('exit', code);
              new Worker('process.exit(5)', { eval: true }).on('exit', (code) => console.log('eval', code)); }); });
        } else if (require('worker_threads').workerData === 'endless') { parentPort.postMessage(['up', threadId]); for (;;); }
        else throw new RangeError('in a worker');`,
    },
  },
  'is replaced by execve': {
    files: {
      'app.js': `${hog} spin(120); process.execve(process.execPath, ['node', '-e', 'console.log(process.env.A, process.env.NODE_OPTIONS); process.exit(4)'], { A: 'replaced', PATH: process.env.PATH })`,
    },
    args: ['--no-warnings', 'app.js'],
    since: 24,
  },
  'is a test of node --test': {
    files: {
      'sum.test.mjs': `import test from 'node:test'; import assert from 'node:assert'; import { sum } from './sum.js'; test('sums', () => assert.equal(sum(1, 2), 3)); test('fails', { skip: true }, () => {});`,
      'sum.js': `exports.sum = (a, b) => a + b;`,
    },
    args: ['--test', '--test-reporter=tap', 'sum.test.mjs'],
  },
  'mixes modules of all kinds': {
    files: {
      'app.mjs': `import { createRequire } from 'node:module'; import def, { named } from './c.cjs'; import json from './d.json' with { type: 'json' };
        const require = createRequire(import.meta.url);
        console.log(def, named, json, require('./c.cjs') === def, import.meta.filename, import.meta.resolve('./c.cjs'), await import('data:text/javascript,export default 5'));
        await import('./none.mjs').catch((error) => console.log(error.code));
        console.log(require('pkg'), await import('pkg'), (await import('pkg/sub')).default);`,
      'c.cjs': `exports.named = 1; exports.main = require.main; exports.paths = module.paths.length;`,
      'd.json': '{"a":1}',
      'node_modules/pkg/package.json': JSON.stringify({
        name: 'pkg',
        exports: { '.': { import: './i.mjs', require: './r.cjs' }, './sub': './sub.js' },
      }),
      'node_modules/pkg/i.mjs': 'export default "esm"',
      'node_modules/pkg/r.cjs': 'module.exports = "cjs"',
      'node_modules/pkg/sub.js': 'module.exports = "sub"',
    },
    args: ['app.mjs'],
  },
  'asks about itself': {
    files: {
      'app.js': `console.log(process.title, process.argv0, process.ppid === process.pid, process.execArgv, module.paths.length, Object.keys(require.cache), process.listenerCount('exit'),
        process.report?.excludeNetwork, process.getActiveResourcesInfo(), require('inspector').url(), require('worker_threads').threadId, process.stdin.constructor.name,
        require('v8').getHeapSpaceStatistics().length, process.allowedNodeEnvironmentFlags.size, process.features, process.release.name,
        setTimeout.name, setTimeout.length, require('fs').promises.readFile.name, fetch.name, fetch.length, require('child_process').spawn.length, Object.keys(require('fs')).length,
        Object.keys(require('timers/promises')), require('worker_threads').Worker.name, Object.getOwnPropertyNames(globalThis).length, Object.getOwnPropertySymbols(globalThis).filter((s) => Object.getOwnPropertyDescriptor(globalThis, s).enumerable));`,
    },
  },
};

const timeout = 60_000 * nodes.length;

test.each(Object.keys(programs))('a program that %s runs as without us', { timeout }, async (name) => {
  const { files, args = ['app.js'], since = 0, warning, ...options } = programs[name]!;
  for (const node of nodes) {
    if (majorOf(node) < since) continue;
    const flags = args.map((arg) =>
      arg.endsWith('-permission') && majorOf(node) >= 22 ? '--permission' : arg,
    );
    const { plain, measured, report } = await withAndWithout(node, files, flags, options);
    expect(steady(measured), node).toEqual(steady(plain));
    expect(report.about.exit).toEqual({ code: plain.code, signal: plain.signal });
    const codes = report.warnings.map(({ code }) => code);
    if (warning !== undefined) expect(codes).toContain(warning);
    else if (!/not there/.test(name)) expect(codes).not.toContain('only-operating-system');
  }
});

/** Without what differs from run to run: the process's number, and what tests took. */
function steady<T extends { stdout: string; stderr: string }>(ended: T): T {
  const without = (text: string) =>
    text
      .replaceAll(/\(node:\d+\)/g, '(node:PID)')
      // Node 22 loads modules at once where hooks are registered: one frame of its own more below an error.
      .replaceAll(/\n    at process\.processTicksAndRejections .*/g, '')
      .replaceAll(/duration_ms:? [\d.]+/g, 'DURATION');
  return { ...ended, stdout: without(ended.stdout), stderr: without(ended.stderr) };
}
