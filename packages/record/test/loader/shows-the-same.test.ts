import { expect, test } from 'vitest';
import { nodes, Program } from './run-plain-and-loaded.ts';

/** Each program is run as it is and under the loader: what people see must not differ in a byte. */
const programs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'stacks of CommonJS': {
    'main.cjs': `#!/usr/bin/env node
      console.log(new Error('x').stack, arguments.length, this === module.exports, require.main === module);
      const { f } = require('./dep');
      f();
      console.log(Object.keys(require.cache), Error.prepareStackTrace.name, module.children.length);
      eval("console.log(new Error('e').stack)");
      new Function("console.log(new Error('e').stack)")();
      console.trace('here');`,
    'dep.js': `exports.f = () => { console.log(new Error('dep').stack) };`,
  },
  'stacks of modules': {
    'main.mjs': `import { g } from './dep.mjs';
      async function later() { await null; throw new Error('late') }
      console.log(new Error('m').stack, import.meta.url);
      g();
      await later().catch((error) => console.log(error.stack));`,
    'dep.mjs': `#!/usr/bin/env node
      export function g() { console.log(new Error('d').stack) }`,
  },
  'what Error.prepareStackTrace gets': {
    'main.cjs': `const before = Error.prepareStackTrace;
      const own = (_, sites) => sites;
      Error.prepareStackTrace = own;
      console.log(Error.prepareStackTrace === own);
      const sites = new Error().stack;
      Error.prepareStackTrace = before;
      for (const site of sites) {
        console.log(String(site), site.constructor.name);
        for (const name of ['getFileName', 'getLineNumber', 'getColumnNumber', 'getFunctionName', 'getTypeName', 'getMethodName',
          'isToplevel', 'isEval', 'isNative', 'isConstructor', 'isAsync', 'getEvalOrigin', 'getScriptNameOrSourceURL',
          'getEnclosingLineNumber']) console.log(name, site[name]?.());
      }
      console.log(new Error('again').stack);
      Error.prepareStackTrace = (error, sites) => String(error) + sites.length + sites[0];
      throw new Error('formatted');`,
  },
  'uncaught error': {
    'main.cjs': `const error = new TypeError('boom', { cause: new Error('because') });
      error.extra = 1;
	setTimeout(() => {
		throw error;
	}, 1);`,
  },
  'uncaught error of the engine': { 'main.mjs': `import './dep.mjs';\n\nnull.property;`, 'dep.mjs': `` },
  'uncaught aggregate': {
    'main.cjs': `class Own extends Error { code = 'OWN' }
      setImmediate(() => { throw new AggregateError([new Own('a'), new TypeError('b')], 'both') });`,
  },
  'thrown text': { 'main.cjs': `\n\nthrow 'text';` },
  'unhandled rejection': { 'main.cjs': `\n(async () => { await 1; throw new Error('rejected') })();` },
  'error that nobody listens to': {
    'main.cjs': `const Emitter = require('events');\nconst emitter = new Emitter();\nemitter.emit('error', new Error('alone'));`,
  },
  'end by an error with another code': {
    'main.cjs': `process.on('exit', (code) => { console.log('bye', code); process.exitCode = 7 });\nthrow new Error('x');`,
  },
  'handled uncaught error': {
    'main.cjs': `process.on('uncaughtException', (error, origin) => console.log(error.stack, origin));\nthrow new Error('x');`,
  },
  'syntax error': { 'main.cjs': `let a = 1;\n\nlet a = 2 ) ;` },
  'syntax error in a required file': {
    'main.cjs': `\ntry { require('./dep') } catch (error) { console.log(error.stack) }\nrequire('./dep');`,
    'dep.js': `const a = ;`,
  },
  'syntax error in an imported file': { 'main.mjs': `import './dep.mjs';`, 'dep.mjs': `let a;\nlet a;` },
  'missing module': { 'main.cjs': `\nfunction f() { require('./none') }\nf();` },
  'missing import': { 'main.mjs': `\nimport './none.js';` },
  'missing export': { 'main.mjs': `import './dep.mjs';\nimport { none } from './dep.mjs';`, 'dep.mjs': `` },
  'modules without a type': {
    'main.js': `import { a } from './dep.mjs';\nconsole.log(a, new Error('q').stack);`,
    'dep.mjs': `export const a = 1`,
  },
  'imports of CommonJS': {
    'main.mjs': `import dep from './dep.cjs';\nconsole.log(dep);\nthrow dep.error;`,
    'dep.cjs': `exports.error = new Error('from there');`,
  },
  'import() in CommonJS': {
    'main.cjs': `import('./dep.mjs').then(({ f }) => { console.log('got'); f() });`,
    'dep.mjs': `export function f() {\n  throw new RangeError('far');\n}`,
  },
  'hooks of require': {
    'main.cjs': `require.extensions['.foo'] = (module, file) => module._compile('exports.a = new Error("a").stack', file);
      const native = require.extensions['.js'];
      require.extensions['.js'] = (module, file) => {
        const compile = module._compile;
        module._compile = function (code, name) { module._compile = compile; module._compile('/* changed */\\n' + code, name) };
        native(module, file);
      };
      console.log(require('./a.foo'), require('./dep.js'));`,
    'a.foo': ``,
    'dep.js': `module.exports = new Error('dep').stack`,
  },
  'wrapper of modules': {
    'main.cjs': `const m = require('module');\nconst wrap = m.wrap;\nm.wrap = (text) => wrap('exports.added = 1;' + text);\nconsole.log(require('./dep.js'));\nthrow new Error('x');`,
    'dep.js': `exports.a = 1`,
  },
  'sloppy code': {
    'main.cjs': `with ({ a: 1 }) console.log(a, 010);\nvar await = 1;\nconsole.log(await, new Error('x').stack);\nreturn;`,
  },
  cycles: {
    'main.cjs': `exports.a = 1;\nexports.b = require('./dep.cjs');\nconsole.log(exports);`,
    'dep.cjs': `exports.q = require('./main.cjs').a;\nexports.z = require('./main.cjs').z;`,
  },
  'frozen intrinsics': {
    'main.cjs': `for (const C of [Array, Object, String, RegExp, Map, Set, Error, Function, Promise]) { Object.freeze(C.prototype); Object.freeze(C) }
      Object.freeze(globalThis);
      console.log(require('./dep.js'));
      import('./dep.mjs').then(() => { throw new Error('frozen') });`,
    'dep.js': `module.exports = new Error('dep').stack`,
    'dep.mjs': `console.log(new Error('m').stack)`,
  },
  assertions: {
    'main.cjs': `const assert = require('assert');
      const attempt = (work) => { try { work() } catch (error) { console.log(error.stack) } };
      attempt(() => assert(1 ===
        2));
      attempt(() => assert.deepEqual([1], [2]));
      assert.ok(null);`,
  },
  tests: {
    'main.mjs': `import test from 'node:test';\n\ntest('a', () => { throw new Error('x') });\ntest('b', (t) => t.test('c', () => {}));`,
  },
  workers: {
    'main.cjs': `const { Worker, isMainThread } = require('worker_threads');
      if (isMainThread) new Worker(__filename).on('error', (error) => { console.log(error.stack); throw error });
      else throw new TypeError('in the worker: ' + new Error('w').stack);`,
  },
  warnings: { 'main.cjs': `\nprocess.emitWarning('careful');\nnew Buffer(3);` },
  'a program that moves and deletes itself': {
    'main.cjs': `require('fs').rmSync(__filename);\nprocess.chdir('/');\nprocess.exit = () => {};\nprocess.exit(3);\nconsole.log(new Error('x').stack);\nthrow new Error('gone');`,
  },
};

test.each(Object.keys(programs))('%s', async (name) => {
  const files = programs[name] ?? {};
  for (const node of nodes()) {
    const outcomes = [];
    for (const way of ['plain', 'loaded'] as const) {
      // A fresh copy each time, for a program may delete its files.
      const program = new Program(files);
      const main = Object.keys(files)[0] ?? '';
      const outcome = await program[way](node, [main]);
      const place = program.folder;
      outcomes.push(JSON.parse(JSON.stringify(outcome).replaceAll(place, '/program')) as unknown);
      program.remove();
    }
    expect(outcomes[1], node).toEqual(outcomes[0]);
  }
});

test.each([
  '--disallow-code-generation-from-strings',
  '--stack-trace-limit=3',
  '--enable-source-maps',
  '--frozen-intrinsics',
  '--trace-uncaught',
])('an error under %s', async (option) => {
  const program = new Program({
    'main.cjs': `require('./dep');`,
    'dep.js': `function f() {\n  throw new Error('x');\n}\nf();`,
  });
  for (const node of nodes()) {
    expect(await program.loaded(node, [option, 'main.cjs'])).toEqual(
      await program.plain(node, [option, 'main.cjs']),
    );
  }
  program.remove();
});
