// Builds every package: types and code by the compiler, the files that it does not copy, and the page.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { buildDriver } from './build-driver.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const bin = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file);
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });

run(bin('typescript', 'bin/tsc'), '-b');

// What is read at run time as a file: the agents (run inside other programs), the
// package that Python programs may import, the texts of findings.
replace('packages/record/src/agents', 'packages/record/dist/agents');
squeeze('packages/record/dist/agents/node');
replace('python/whetstone', 'packages/record/dist/python-package/whetstone');
replace('packages/whetstone/src/texts', 'packages/whetstone/dist/texts');
replace('packages/pack/src/trace/agents', 'packages/pack/dist/trace/agents');

// The server works without it: no installation fails for want of a compiler.
const { build, isBuilt } = await import('../packages/serve/native/build.mjs');
const { error } = isBuilt() ? {} : build();
if (error) process.stderr.write(`The native engine of @whetstone/serve is left out: ${error}.\n`);

// Packs can be read and written without it, and no installation fails for want of Debian's libraries.
buildDriver();

run(bin('vite', 'bin/vite.js'), 'build', 'packages/viewer', '--logLevel', 'warn');
replace('packages/viewer/dist', 'packages/whetstone/dist/page');

// `scripts/setup.mjs` compares this file's time with the sources'.
writeFileSync(path.join(root, 'packages/whetstone/dist/.built'), '');

/** Copies a folder; what an earlier build left there goes. */
function replace(from, to) {
  rmSync(path.join(root, to), { recursive: true, force: true });
  const filter = (file) => path.basename(file) !== '__pycache__';
  cpSync(path.join(root, from), path.join(root, to), { recursive: true, filter });
}

/** Takes blanks and comments out of files: every program that is measured reads them at its start. */
function squeeze(folder) {
  for (const name of readdirSync(path.join(root, folder))) {
    const file = path.join(root, folder, name);
    const { code } = transformSync(readFileSync(file, 'utf8'), { minifyWhitespace: true });
    writeFileSync(file, code);
  }
}
