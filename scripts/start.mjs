// `npm start`: sets up what is missing, then measures the example program and prints the report.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const given = process.argv.slice(2);
const args = given.length > 0 ? given : ['run', 'examples/deliveries/src/main.ts'];
const { status, signal } = spawnSync(
  process.execPath,
  [path.join(root, 'packages/whetstone/bin/whetstone.js'), ...args],
  {
    cwd: given.length > 0 ? (process.env.INIT_CWD ?? root) : root,
    stdio: 'inherit',
  },
);
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
