import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PackedExample, packedExample } from '../../../packages/pack/test/packed-example.ts';
import {
  emptyRootForbidden,
  inEmptyRoot,
  makeEmptyRoot,
} from '../../../packages/pack/test/start/empty-root.ts';
import { notTested } from '../../../packages/pack/test/start/ground.ts';

const said = '360 hours, 0.37 m to 6.10 m\nstrongest period: 12.4 h\n';

/** Where the NumPy of this machine's Python stands; undefined where it has none. */
const packages =
  spawnSync('python3', ['-c', 'import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)))'], {
    encoding: 'utf8',
  }).stdout?.trim() || undefined;
const noPython =
  process.platform !== 'linux'
    ? 'packs run on Linux'
    : packages === undefined
      ? 'python3 has no NumPy'
      : undefined;

/** As `pip install --target packages numpy` leaves it, from what is installed here. */
function fill({ project }: PackedExample): void {
  for (const name of readdirSync(packages!).filter((one) => /^numpy\b/.test(one)))
    cpSync(path.join(packages!, name), path.join(project, 'packages', name), { recursive: true });
}

describe('tides, packed: NumPy, a child process, a data file', () => {
  test('says what it said in its folder', { timeout: 600_000 }, (context) => {
    if (noPython !== undefined) notTested(context, 'a packed Python program with NumPy', noPython);
    const example = packedExample(new URL('..', import.meta.url).pathname);
    fill(example);
    const pack = example.build('--level', '1');
    expect(example.run([pack])).toEqual({ status: 0, out: said, error: '' });
  });

  test('says it in a root that holds a shell and glibc alone', { timeout: 600_000 }, (context) => {
    const reason = noPython ?? emptyRootForbidden();
    if (reason !== undefined) notTested(context, 'a packed Python program in an empty root', reason);
    const example = packedExample(new URL('..', import.meta.url).pathname);
    fill(example);
    const pack = example.build('--with-python', '--level', '1');
    const root = path.join(example.folder, 'root');
    makeEmptyRoot(root);
    copyFileSync(pack, path.join(root, 'app.wpk'));
    chmodSync(path.join(root, 'app.wpk'), 0o755);
    const line = inEmptyRoot(root, 'as found', '/app.wpk', { WHETSTONE_PACK_IDLE: '1' });
    expect(example.run(line)).toEqual({ status: 0, out: said, error: '' });
  });
});
