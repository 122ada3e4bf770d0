import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { drivers, until } from './start/ground.ts';

const command = new URL('../../whetstone/bin/whetstone.js', import.meta.url).pathname;

/** An example, copied to a folder of its own, from where it is packed and run. */
export interface PackedExample {
  readonly folder: string;
  readonly project: string;
  /** Builds a pack by the command line; gives its file. */
  build(...options: readonly string[]): string;
  /** Runs a command line with the caches of this example. */
  run(line: readonly string[]): {
    readonly status: number | null;
    readonly out: string;
    readonly error: string;
  };
}

/** Copies an example without what is installed in it; all is ended and removed after the test. */
export function packedExample(from: string): PackedExample {
  const folder = mkdtempSync(path.join(tmpdir(), 'wpk-example-'));
  onTestFinished(async () => {
    await until(() => drivers(folder).length === 0);
    rmSync(folder, { recursive: true, force: true });
  });
  const project = path.join(folder, 'project');
  cpSync(from, project, {
    recursive: true,
    filter: (file) =>
      !/[\\/](?:node_modules|packages|test)$/.test(path.relative(from, file).replace(/^/, '/')),
  });
  const own = path.join(folder, 'run');
  mkdirSync(own, { mode: 0o700 });
  const env = {
    ...process.env,
    XDG_RUNTIME_DIR: own,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    WHETSTONE_PACK_IDLE: '1',
  };
  const run: PackedExample['run'] = ([file, ...args]) => {
    const { status, stdout, stderr, error } = spawnSync(file!, args, { cwd: folder, env, encoding: 'utf8' });
    if (error) throw error;
    return { status, out: stdout, error: stderr };
  };
  return {
    folder,
    project,
    run,
    build: (...options) => {
      const pack = path.join(folder, 'app.wpk');
      const built = run([process.execPath, command, 'pack', 'build', ...options, '-o', pack, project]);
      if (built.status !== 0) throw new Error(built.error);
      return pack;
    },
  };
}
