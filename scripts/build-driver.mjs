// Builds the program that every pack carries, where a source is newer than it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const script = path.resolve(import.meta.dirname, '../packages/pack/driver/build.sh');

/** What of Debian the build needs: a package, and a file by which to know that it is there. */
export const driverNeeds = {
  gcc: '/usr/bin/gcc',
  'libc6-dev': '/usr/include/stdio.h',
  'libfuse3-dev': '/usr/include/fuse3/fuse_lowlevel.h',
  'libsquashfuse-dev': '/usr/include/squashfuse/squashfuse.h',
  'libzstd-dev': '/usr/include/zstd.h',
  'zlib1g-dev': '/usr/include/zlib.h',
  'liblzma-dev': '/usr/include/lzma.h',
  'libssl-dev': '/usr/share/doc/libssl-dev',
};

/** Builds it; where that fails, says what it needs. Packs are for Linux alone. */
export function buildDriver() {
  if (process.platform !== 'linux') return;
  const { status, stderr } = spawnSync('sh', [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return;
  const missing = Object.entries(driverNeeds).filter(([, file]) => !existsSync(file));
  const why =
    missing.length > 0 ? `it needs Debian's ${missing.map(([name]) => name).join(' ')}` : stderr.trim();
  process.stderr.write(`The driver of @whetstone/pack is left out: ${why}.\n`);
}
