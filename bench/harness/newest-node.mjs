import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** Named, so that a newer one is tried before it decides over tests and limits. */
const newest = '26.10.0';
const cache = path.resolve(import.meta.dirname, `../.cache/node-${newest}`);

/**
 * The newest Node that we know, from npm, installed beside the benchmarks when first asked for; `null`, with a reason
 * on stderr, where it is not to be had.
 *
 * It is no dependency of the workspace: npm would link its `node` into `node_modules/.bin`, and every script
 * would run on it. The package `node` itself installs its binary by a script, those for one system hold it.
 */
export function newestNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const file = path.join(
    cache,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(file)) {
    process.stderr.write(`Getting Node ${newest} from npm, once.\n`);
    mkdirSync(cache, { recursive: true });
    const args = [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      cache,
      `${name}@${newest}`,
    ];
    const { status, stderr } = spawnSync('npm', args, {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (status !== 0 || !existsSync(file)) {
      const reason = stderr?.trim().split('\n').at(-1) ?? '';
      process.stderr.write(`No Node from npm (${name}): ${reason}\n`);
      return null;
    }
  }
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  return { path: file, version: stdout.trim().replace(/^v/, '') };
}
