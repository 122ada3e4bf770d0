import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { traceRun } from '@whetstone/pack';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../small-pack.ts';

// Many programs are started one after another, and on a busy machine each takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const nodes = [process.execPath, ...(process.env['WHETSTONE_TEST_NODES']?.split(':') ?? [])];

function project(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

async function traced(command: string, folder: string) {
  const { files, dynamic } = await traceRun(command, folder);
  return {
    files: files.map((file) => path.relative(folder, file)),
    dynamic: dynamic.map((one) => ({ ...one, file: path.relative(folder, one.file) })),
  };
}

const node = (name: string) => `"${name}"`;

describe.each(nodes)('tracing with %s', (executable) => {
  test('notes modules of both kinds, workers, children and opened files, and nothing else', async () => {
    const folder = project({
      'package.json': '{}',
      'main.cjs': `
        const fs = require('node:fs');
        const { Worker } = require('node:worker_threads');
        const { execFileSync, fork } = require('node:child_process');
        require('used');
        fs.readFileSync(__dirname + '/data/read.txt');
        require('node:fs').createReadStream(__dirname + '/data/streamed.txt').resume();
        fs.promises.readFile(new URL('file://' + __dirname + '/data/promised.txt'));
        new Worker(__dirname + '/worker.mjs');
        execFileSync(process.execPath, [__dirname + '/child.cjs'], { env: { PATH: process.env.PATH } });
        fork(__dirname + '/forked.cjs');
        import('./esm.mjs');
        fs.existsSync(__dirname + '/data/looked-for.txt');
        try { fs.readFileSync(__dirname + '/data/missing.txt'); } catch {}
      `,
      'esm.mjs':
        "import { readFileSync } from 'node:fs';\nimport './deep.mjs';\nimport data from './data/data.json' with { type: 'json' };\nreadFileSync(new URL('data/url.txt', import.meta.url)); void data;\n",
      'deep.mjs': 'export {};\n',
      'worker.mjs': "import './in-worker.mjs';\n",
      'in-worker.mjs': '',
      'child.cjs': "require('./in-child.cjs');\n",
      'in-child.cjs': '',
      'forked.cjs': "require('./in-forked.cjs'); process.kill(process.pid, 'SIGKILL');\n",
      'in-forked.cjs': '',
      'unused.cjs': '',
      'data/read.txt': 'r',
      'data/streamed.txt': 's',
      'data/promised.txt': 'p',
      'data/url.txt': 'u',
      'data/data.json': '{}',
      'data/looked-for.txt': 'l',
      'node_modules/used/package.json': '{"main":"lib.js"}',
      'node_modules/used/lib.js': '',
      'node_modules/used/unused.js': '',
      'node_modules/never/index.js': '',
    });
    const { files, dynamic } = await traced(`${node(executable)} main.cjs`, folder);
    expect(
      files.filter((file) => file !== 'node_modules/used/package.json' && file !== 'package.json'),
    ).toEqual([
      'child.cjs',
      'data/data.json',
      'data/promised.txt',
      'data/read.txt',
      'data/streamed.txt',
      'data/url.txt',
      'deep.mjs',
      'esm.mjs',
      'forked.cjs',
      'in-child.cjs',
      'in-forked.cjs',
      'in-worker.mjs',
      'main.cjs',
      'node_modules/used/lib.js',
      'worker.mjs',
    ]);
    expect(dynamic).toEqual([]);
  });

  test('leaves the program as it is: output, exit, options', async () => {
    const folder = project({
      'main.cjs':
        "const fs = require('node:fs'); require('node:assert')(typeof fs.promises.readFile === 'function' && require('node:util').promisify(fs.exists).length >= 0 && fs.readFileSync(__filename, 'utf8').includes('assert'));\nrequire('node:child_process').exec(process.execPath + ' -e 0', (error) => process.exit(error ? 1 : 0));\n",
    });
    expect((await traced(`${node(executable)} main.cjs`, folder)).files).toEqual(['main.cjs']);
  });
});

test('names what a trace cannot see, with file and line', async () => {
  const folder = project({
    'main.cjs': [
      "const name = ['a.cjs'][0];",
      "require('./plugins/' + name);",
      "require('./plugins/a.cjs');",
      'require(`./plugins/${name}`);',
      'require.resolve(name + "/x.cjs", { paths: [] }); // not reached',
      '// require(comment)',
      "const text = 'require(text)';",
      'require(`./plugins/a.cjs`);',
    ]
      .join('\n')
      .replace('require.resolve(', 'if (!name) require.resolve('),
    'plugins/a.cjs': 'module.exports = (name) => import(name);\n',
    'typed.ts':
      'interface Options {\n  readonly name: string;\n}\n\nexport async function load({ name }: Options): Promise<unknown> {\n  return await import(name);\n}\n',
    'read.cjs': "require('node:fs').readFileSync(__dirname + '/typed.ts');",
  });
  const { dynamic } = await traced(
    `${node(process.execPath)} main.cjs && ${node(process.execPath)} read.cjs`,
    folder,
  );
  expect(dynamic).toEqual([
    { file: 'main.cjs', line: 2, text: "require('./plugins/' + name);" },
    { file: 'main.cjs', line: 4, text: 'require(`./plugins/${name}`);' },
    {
      file: 'main.cjs',
      line: 5,
      text: 'if (!name) require.resolve(name + "/x.cjs", { paths: [] }); // not reached',
    },
    { file: 'plugins/a.cjs', line: 1, text: 'module.exports = (name) => import(name);' },
    { file: 'typed.ts', line: 6, text: 'return await import(name);' },
  ]);
});

test('refuses a run that fails', async () => {
  const folder = project({ 'main.cjs': 'process.exit(3);' });
  await expect(traceRun(`${node(process.execPath)} main.cjs`, folder)).rejects.toMatchObject({
    code: 'PACK_TOOL_FAILED',
    message: expect.stringContaining('ended with 3') as string,
  });
});

test('notes what a script of package.json loads', async () => {
  const folder = project({
    'package.json': JSON.stringify({ name: 'a', scripts: { test: 'node main.mjs' } }),
    'main.mjs': "import './one.mjs';\n",
    'one.mjs': '',
    'two.mjs': '',
  });
  const { files } = await traced('npm test --silent', folder);
  expect(files).toEqual(expect.arrayContaining(['main.mjs', 'one.mjs']));
  expect(files).not.toContain('two.mjs');
});

const hasPython = canRun('python3', ['--version']);
if (!hasPython) console.log('not tested: tracing of Python programs, as there is no python3 here');

test.skipIf(!hasPython)(
  'notes what Python imports and opens, in children too, and its dynamic imports',
  async () => {
    const folder = project({
      'app.py': [
        'import importlib, subprocess, sys, os',
        'import used.one',
        'name = "used.late"',
        'importlib.import_module(name)',
        'importlib.import_module("used.one")',
        'open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data.txt")).close()',
        'subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")], check=True)',
      ].join('\n'),
      'used/__init__.py': '',
      'used/one.py': '',
      'used/late.py': '',
      'used/never.py': '',
      'child.py': 'import used.inner\n',
      'used/inner.py': '',
      'data.txt': 'd',
    });
    const expected = [
      'app.py',
      'child.py',
      'data.txt',
      'used/__init__.py',
      'used/inner.py',
      'used/late.py',
      'used/one.py',
    ];
    // The second time from what Python compiled.
    for (const _ of [1, 2]) {
      const { files, dynamic } = await traced('python3 app.py', folder);
      expect(files.filter((file) => !file.includes('__pycache__'))).toEqual(expected);
      expect(dynamic).toEqual([{ file: 'app.py', line: 4, text: 'importlib.import_module(name)' }]);
    }
  },
);

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
