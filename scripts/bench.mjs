// `npm run bench -- <name>`: runs one of our benchmarks; without a name, lists them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const names = readdirSync(path.join(root, 'bench')).filter((name) =>
  existsSync(path.join(root, 'bench', name, 'index.mjs')),
);
const [name, ...args] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  process.stderr.write(`${name ? `No benchmark '${name}'. ` : ''}Benchmarks: ${names.join(', ')}\n`);
  process.exitCode = 2;
} else {
  const { status } = spawnSync(process.execPath, [path.join(root, 'bench', name, 'index.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
