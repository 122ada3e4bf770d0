import { chmodSync, copyFileSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PackedExample, packedExample } from '../../../packages/pack/test/packed-example.ts';
import {
  emptyRootForbidden,
  inEmptyRoot,
  makeEmptyRoot,
} from '../../../packages/pack/test/start/empty-root.ts';
import { notTested } from '../../../packages/pack/test/start/ground.ts';

const drawn = 'arrival: 2 colours, 96×60\ndoctor: 2 colours, 96×60\nfog: 3 colours, 96×60\n';

/** sharp is not among what this repository installs; undefined where it came. */
function installFails(example: PackedExample): string | undefined {
  const { status, error } = example.run([
    'npm',
    'ci',
    '--prefix',
    example.project,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]);
  return status === 0 ? undefined : `npm ci: ${error.trim().split('\n').at(-1)}`;
}

describe('pennants, packed: TypeScript, a native addon, a worker, a child process, a data file', () => {
  test('draws what it drew in its folder', { timeout: 600_000 }, (context) => {
    const example = packedExample(new URL('..', import.meta.url).pathname);
    const reason = process.platform === 'linux' ? installFails(example) : 'packs run on Linux';
    if (reason !== undefined) notTested(context, 'a packed Node program with sharp', reason);
    const pack = example.build('--level', '1');
    const into = path.join(example.folder, 'drawn');
    expect(example.run([pack, into])).toEqual({ status: 0, out: drawn, error: '' });
    expect(readdirSync(into).sort()).toEqual(['arrival.png', 'doctor.png', 'fog.png']);
    expect(example.run([pack])).toEqual({
      status: 2,
      out: '',
      error: 'pennants: name the folder to draw into.\n',
    });
  });

  test('draws in a root that holds a shell and glibc alone', { timeout: 600_000 }, (context) => {
    const example = packedExample(new URL('..', import.meta.url).pathname);
    const reason = emptyRootForbidden() ?? installFails(example);
    if (reason !== undefined) notTested(context, 'a packed Node program in an empty root', reason);
    const pack = example.build('--with-node', '--level', '1');
    const root = path.join(example.folder, 'root');
    makeEmptyRoot(root);
    copyFileSync(pack, path.join(root, 'app.wpk'));
    chmodSync(path.join(root, 'app.wpk'), 0o755);
    const line = inEmptyRoot(root, 'as found', '/app.wpk /drawn', { WHETSTONE_PACK_IDLE: '1' });
    expect(example.run(line)).toEqual({ status: 0, out: drawn, error: '' });
    expect(existsSync(path.join(root, 'drawn/fog.png'))).toBe(true);
  });
});
