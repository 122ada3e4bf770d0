// `npm run check`: types, lint, format, unused, tests; all of them run, and one line each says how it went.
import { spawnSync } from 'node:child_process';
import { root, setUp } from './setup.mjs';

setUp();
const steps = [
  ['types', ['npx', '--no-install', 'tsc', '-b']],
  ['lint', ['npx', '--no-install', 'oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['npx', '--no-install', 'oxfmt', '--check']],
  ['unused', ['npx', '--no-install', 'knip']],
  ['tests', ['node', 'scripts/test.mjs']],
];
const results = steps.map(([name, [command, ...args]]) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  return [name, status === 0];
});
for (const [name, ok] of results) process.stdout.write(`${name.padEnd(8)} ${ok ? 'ok' : 'failed'}\n`);
process.exitCode = results.every(([, ok]) => ok) ? 0 : 1;
