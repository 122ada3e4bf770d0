import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { forbidden, type Fuse } from './ground.ts';

const SHELL = '/bin/busybox';

const ENTER = `set -e
root=$1 fuse=$2 command=$3
mount -t tmpfs none "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
[ "$fuse" = none ] || mknod -m 600 "$root/dev/fuse" c 10 229
mount -t proc proc "$root/proc"
shift 3
exec env -i PATH=/bin "$@" "$(command -v chroot)" "$root" /bin/sh -c "$command"`;

/** Why no empty root can be had on this machine; undefined where it can. */
export function emptyRootForbidden(): string | undefined {
  const reason = forbidden({ fuse: 'openable' });
  if (reason !== undefined) return reason;
  return existsSync(SHELL) && spawnSync('ldd', [SHELL]).status !== 0
    ? undefined
    : `there is no static ${SHELL}`;
}

/** Makes a folder to be entered as the root: it holds a static shell and glibc, and nothing else. */
export function makeEmptyRoot(root: string): void {
  for (const folder of ['bin', 'dev', 'proc']) mkdirSync(path.join(root, folder), { recursive: true });
  for (const name of ['sh', 'busybox']) copyFileSync(SHELL, path.join(root, 'bin', name));
  for (const library of glibc()) {
    mkdirSync(path.join(root, path.dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), path.join(root, library));
  }
}

/**
 * The command line that enters an empty root, which has `/proc` and `/dev/null` then, and runs a line of shell there.
 *
 * @param fuse `none`: there is no /dev/fuse either
 */
export function inEmptyRoot(
  root: string,
  fuse: Exclude<Fuse, 'openable'>,
  line: string,
  environment: Readonly<Record<string, string>> = {},
): readonly string[] {
  const given = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return ['unshare', '-m', 'sh', '-c', ENTER, 'sh', root, fuse, line, ...given];
}

/** The files of glibc itself, as a program of this machine names them. */
function glibc(): readonly string[] {
  const { stdout } = spawnSync('ldd', ['/usr/bin/printf'], { encoding: 'utf8' });
  const named = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library!);
  const folders = new Set(named.map((library) => path.dirname(library)));
  const own = /^(?:ld-linux[\w.-]*|lib(?:c|m|mvec|dl|pthread|rt|resolv|util)\.so\.\d+)$/;
  return [...folders].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => own.test(name))
      .map((name) => path.join(folder, name)),
  );
}
