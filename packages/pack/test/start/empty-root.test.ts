import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { fileEntry } from '../image-file.ts';
import { forbidden, ground, notTested, test, until, wayForbidden } from './ground.ts';

/** A program that needs glibc and nothing else. */
const PROGRAM = '/usr/bin/printf';
const SHELL = '/bin/busybox';

/** Starts the pack in a root that holds a static shell, glibc, /proc and /dev/null, and with `fuse` /dev/fuse too. */
const ENTER = `set -e
root=$1 fuse=$2
mount -t tmpfs none "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
[ "$fuse" = no ] || mknod -m 600 "$root/dev/fuse" c 10 229
mount -t proc proc "$root/proc"
shift 2
exec env -i "$@" "$(command -v chroot)" "$root" /bin/sh -c '/app.wpk "hello %s\\n" you; echo "code $?"'`;

describe.each(['no', 'yes'])('in a root that holds a shell and glibc alone (/dev/fuse: %s)', (fuse) => {
  test('a pack runs', async (context) => {
    const refused =
      forbidden({ fuse: 'openable' }) ??
      (fuse === 'yes' ? wayForbidden('shared', { user: 'root' }) : undefined);
    if (refused !== undefined) notTested(context, 'an empty root', refused);
    if (!existsSync(SHELL) || spawnSync('ldd', [SHELL]).status === 0)
      notTested(context, 'an empty root', `there is no static ${SHELL}`);
    const app = await ground(
      [fileEntry('app/program', readFileSync(PROGRAM), true)],
      'exec "$WPK_MOUNT/app/program" "$@"\n',
    );
    const root = path.join(app.folder, 'empty');
    for (const folder of ['bin', 'dev', 'proc', 'lib64', 'lib'])
      mkdirSync(path.join(root, folder), { recursive: true });
    for (const name of ['sh', 'busybox']) copyFileSync(SHELL, path.join(root, 'bin', name));
    for (const library of librariesOf(PROGRAM)) {
      mkdirSync(path.join(root, path.dirname(library)), { recursive: true });
      copyFileSync(realpathSync(library), path.join(root, library));
    }
    writeFileSync(path.join(root, 'app.wpk'), readFileSync(app.pack));
    chmodSync(path.join(root, 'app.wpk'), 0o755);
    const enter = ['unshare', '-m', 'sh', '-c', ENTER, 'sh', root, fuse];
    for (let time = 0; time < 2; time++) {
      const { out, error } = await app.run([], {}, [...enter, 'PATH=/bin', 'WHETSTONE_PACK_IDLE=1']);
      expect({ out, error }).toEqual({ out: 'hello you\ncode 0\n', error: '' });
    }
    await until(() => app.left().length === 0);
  });
});

function librariesOf(file: string): string[] {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' });
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library!);
}
