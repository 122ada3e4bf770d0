// Builds every package: types and code by the compiler, the files that it does not copy, and the page.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const bin = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file);
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });

run(bin('typescript', 'bin/tsc'), '-b');

// What is read at run time as a file: the agents (run inside other programs), the texts of findings.
for (const folder of [
  'packages/record/src/agents',
  'packages/analyze/src/findings/texts',
  'packages/whetstone/src/texts',
]) {
  const from = path.join(root, folder);
  if (existsSync(from)) cpSync(from, from.replace('/src/', '/dist/'), { recursive: true });
}

if (existsSync(path.join(root, 'packages/viewer/vite.config.ts'))) {
  run(bin('vite', 'bin/vite.js'), 'build', 'packages/viewer', '--logLevel', 'warn');
  cpSync(path.join(root, 'packages/viewer/dist'), path.join(root, 'packages/whetstone/dist/page'), {
    recursive: true,
  });
}

// `scripts/setup.mjs` compares this file's time with the sources'.
writeFileSync(path.join(root, 'packages/whetstone/dist/.built'), '');
