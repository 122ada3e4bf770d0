// A disk that is slow for one command: the block throttle of a control group, and the kernel's caches dropped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** As a plain cloud disk has it. */
export const bytesPerSecond = 20e6;
export const readsPerSecond = 500;

const tree = '/sys/fs/cgroup/blkio';

/**
 * @param folder on the disk that becomes slow
 * @returns `{ run, end }`: `run(line, env, warm)` gives the milliseconds of a command line that starts with cold caches,
 *   once `warm` was called; or `{ reason }` where this machine does not permit it
 */
export function throttledDisk(folder) {
  const group = path.join(tree, `whetstone-bench-${process.pid}`);
  const device = diskOf(folder);
  if (device === null) return { reason: 'the folder is not on a disk of its own' };
  if (!existsSync(path.join(tree, 'blkio.throttle.read_bps_device')))
    return { reason: 'there is no cgroup with a block throttle' };
  try {
    mkdirSync(group);
    writeFileSync(path.join(group, 'blkio.throttle.read_bps_device'), `${device} ${bytesPerSecond}`);
    writeFileSync(path.join(group, 'blkio.throttle.read_iops_device'), `${device} ${readsPerSecond}`);
    dropCaches();
  } catch (error) {
    if (existsSync(group)) rmdirSync(group);
    return { reason: error.message };
  }
  return {
    run([file, ...args], env, warm) {
      dropCaches();
      warm();
      const script = 'echo $$ >"$0" && exec "$@"';
      const procs = path.join(group, 'cgroup.procs');
      const from = process.hrtime.bigint();
      const { status, stderr } = spawnSync('/bin/sh', ['-c', script, procs, file, ...args], { env });
      const took = Number(process.hrtime.bigint() - from) / 1e6;
      if (status !== 0) throw new Error(`${file}: ${String(stderr)}`);
      return took;
    },
    end() {
      for (const pid of readFileSync(path.join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        writeFileSync(path.join(tree, 'cgroup.procs'), pid);
      rmdirSync(group);
    },
  };
}

function dropCaches() {
  spawnSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '3');
}

/** `254:0`, the whole disk: a partition has no throttle of its own. */
function diskOf(folder) {
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const block = `/sys/dev/block/${major}:${minor}`;
  if (!existsSync(block)) return null;
  return existsSync(`${block}/partition`)
    ? readFileSync(`${block}/../dev`, 'utf8').trim()
    : `${major}:${minor}`;
}
