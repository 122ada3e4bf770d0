// The projects that are packed, each in a folder of its own outside of the repository.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const PACKAGES = 50;
const MODULES = 3500;

/** A project: its folder, the file that starts, the arguments, and what runs it plain. */
export function projectsIn(folder) {
  return [
    small(path.join(folder, 'small')),
    typescript(path.join(folder, 'tsc'), path.join(folder, 'given.ts')),
    modules(path.join(folder, 'cjs'), 'commonjs'),
    modules(path.join(folder, 'esm'), 'module'),
    typescriptModules(path.join(folder, 'typescript')),
    numpy(path.join(folder, 'tides')),
  ].filter((project) => project !== null);
}

function small(folder) {
  writeProject(folder, { name: 'small', version: '1.0.0' }, { entry: 'main.cjs', files: ['main.cjs'] });
  writeFileSync(path.join(folder, 'main.cjs'), `console.log('small', process.argv.length);\n`);
  return { name: 'small', language: 'node', folder, entry: 'main.cjs', args: ['a', 'b'] };
}

/** TypeScript 5.9, whole, which checks one file. */
function typescript(folder, given) {
  const from = path.join(root, 'node_modules/typescript-5');
  writeProject(
    folder,
    { name: 'tsc', version: '1.0.0', dependencies: { 'typescript-5': '*' } },
    { entry: 'main.cjs', files: ['main.cjs'] },
  );
  cpSync(from, path.join(folder, 'node_modules/typescript-5'), { recursive: true });
  writeFileSync(path.join(folder, 'main.cjs'), `require('typescript-5/lib/tsc.js');\n`);
  writeFileSync(given, 'export const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);\n');
  const args = ['--noEmit', '--strict', given];
  return { name: 'tsc 5.9 checks a file', language: 'node', folder, entry: 'main.cjs', args };
}

/** 50 packages of 70 modules each, as trees: a module loads two others, and the first of a package the next package. */
function modules(folder, type) {
  const each = MODULES / PACKAGES;
  const dependencies = Object.fromEntries(
    Array.from({ length: PACKAGES }, (_, i) => [`package${i}`, '1.0.0']),
  );
  const manifest = { name: type, version: '1.0.0', type, dependencies };
  writeProject(folder, manifest, { entry: 'main.js', files: ['main.js'] });
  const load = (name, from) =>
    type === 'module'
      ? `import { value as ${name} } from '${from}';\n`
      : `const ${name} = require('${from}').value;\n`;
  for (let i = 0; i < PACKAGES; i++) {
    const own = path.join(folder, 'node_modules', `package${i}`);
    mkdirSync(path.join(own, 'lib'), { recursive: true });
    writeFileSync(
      path.join(own, 'package.json'),
      JSON.stringify({ name: `package${i}`, version: '1.0.0', type, main: './lib/m0.js' }),
    );
    for (let j = 0; j < each; j++) {
      const others = [2 * j + 1, 2 * j + 2].filter((other) => other < each);
      const loads = others.map((other) => load(`v${other}`, `./m${other}.js`));
      const sum = others.map((other) => `v${other}`);
      if (j === 0 && i + 1 < PACKAGES) {
        loads.push(load('next', `package${i + 1}`));
        sum.push('next');
      }
      const value = ['work0(1)', ...sum].join(' + ');
      const end = type === 'module' ? `export const value = ${value};\n` : `exports.value = ${value};\n`;
      writeFileSync(path.join(own, 'lib', `m${j}.js`), `${loads.join('')}${bodyOf(i * each + j)}${end}`);
    }
  }
  const print = 'console.log(value);\n';
  writeFileSync(path.join(folder, 'main.js'), `${load('value', 'package0')}${print}`);
  const name = `${MODULES.toLocaleString('en-US')} modules, ${type === 'module' ? 'ESM' : 'CommonJS'}`;
  return { name, language: 'node', folder, entry: 'main.js', args: [] };
}

/** 3,500 modules of the project's own in TypeScript, which only a build meets: Node 20 does not run them. */
function typescriptModules(folder) {
  writeProject(
    folder,
    { name: 'typescript', version: '1.0.0', type: 'module' },
    { entry: 'src/main.ts', files: ['src'] },
  );
  const each = MODULES / PACKAGES;
  for (let i = 0; i < PACKAGES; i++) {
    const own = path.join(folder, 'src', `part${i}`);
    mkdirSync(own, { recursive: true });
    for (let j = 0; j < each; j++) {
      const others = [2 * j + 1, 2 * j + 2].filter((other) => other < each);
      const loads = others.map((other) => `import { value as v${other} } from './m${other}.ts';\n`);
      const sum = ['work0(1)', ...others.map((other) => `v${other}`)];
      if (j === 0 && i + 1 < PACKAGES) {
        loads.push(`import { value as next } from '../part${i + 1}/m0.ts';\n`);
        sum.push('next');
      }
      const typed = bodyOf(i * each + j).replaceAll(/\((given_\w+)\) \{/g, '($1: number): number {');
      writeFileSync(
        path.join(own, `m${j}.ts`),
        `${loads.join('')}${typed}export const value: number = ${sum.join(' + ')};\n`,
      );
    }
  }
  writeFileSync(
    path.join(folder, 'src/main.ts'),
    `import { value } from './part0/m0.ts';\nconsole.log(value);\n`,
  );
  const name = `${MODULES.toLocaleString('en-US')} modules, TypeScript`;
  return { name, language: 'node', folder, entry: 'src/main.ts', args: [], isOnlyBuilt: true };
}

/** About 3 kB of functions with names and numbers of their own: no two modules have the same text. */
function bodyOf(seed) {
  let state = seed + 1;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
  const functions = Array.from({ length: 14 }, (_, i) => {
    const [a, b, c] = [next().toString(36), next().toString(36), next()];
    return `/** Adds what ${a} has to ${b}, and takes ${c % 97} away where that is more. */
function work${i}(given_${a}) {
  const ${b}_of = given_${a} + ${c} - ${c % 97};
  if (${b}_of > ${next() + 2 ** 25}) throw new RangeError('${a} is too large: ' + ${b}_of);
  return ${b}_of % 7;
}
`.replaceAll(/\b(\d\w*)_of/g, 'n$1_of');
  });
  return functions.join('\n');
}

/** The example with NumPy, whose files come from the Python of this machine; null where that has none. */
function numpy(folder) {
  const script = 'import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)))';
  const { status, stdout } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  if (status !== 0) {
    process.stdout.write('Not measured: Python with NumPy: python3 has no numpy.\n');
    return null;
  }
  cpSync(path.join(root, 'examples/packed-python'), folder, { recursive: true });
  const packages = stdout.trim();
  for (const name of readdirSync(packages).filter((one) => /^numpy\b/.test(one)))
    cpSync(path.join(packages, name), path.join(folder, 'packages', name), { recursive: true });
  return { name: 'Python with NumPy', language: 'python', folder, entry: 'main.py', args: [] };
}

function writeProject(folder, manifest, settings) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'pack.json'), JSON.stringify(settings));
}
