import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Mounts the image of a pack by the kernel, and compares each file below `app` in it with the one of the project.
 *
 * @returns `{ equal, different }`, numbers of files, or `{ reason }` where this machine does not permit the mount
 */
export function kernelReads(pack, project, at) {
  const header = readFileSync(pack).subarray(0, 65_536).toString('latin1');
  const value = (name) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(header)[1]);
  mkdirSync(at);
  const place = `ro,loop,offset=${value('WPK_IMAGE_OFFSET')},sizelimit=${value('WPK_IMAGE_SIZE')}`;
  const mounted = spawnSync('mount', ['-t', 'squashfs', '-o', place, pack, at], { encoding: 'utf8' });
  if (mounted.status !== 0)
    return { reason: (mounted.stderr ?? mounted.error.message).trim().split('\n')[0] };
  try {
    const app = path.join(at, 'app');
    const files = readdirSync(app, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const equal = files.filter((one) => {
      const file = path.join(one.parentPath ?? one.path, one.name);
      return readFileSync(file).equals(readFileSync(path.join(project, path.relative(app, file))));
    });
    return { equal: equal.length, different: files.length - equal.length };
  } finally {
    spawnSync('umount', [at]);
  }
}
