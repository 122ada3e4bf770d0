// `npm test`: sets up what the tests need besides (a browser, other Pythons), then runs them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { newestNode } from '../bench/harness/newest-node.mjs';
import { buildDriver, driverNeeds } from './build-driver.mjs';
import { getPython313 } from './get-pythons.mjs';
import { root, setUp } from './setup.mjs';

setUp();
installDebianPackages({
  chromium: '/usr/bin/chromium',
  openssl: '/usr/bin/openssl',
  slowhttptest: '/usr/bin/slowhttptest',
  python3: '/usr/bin/python3',
  pypy3: '/usr/bin/pypy3',
  ipython3: '/usr/bin/ipython3',
  'python3-ipykernel': '/usr/lib/python3/dist-packages/ipykernel',
  'python3-jupyter-client': '/usr/lib/python3/dist-packages/jupyter_client',
  'python3-pip': '/usr/lib/python3/dist-packages/pip',
  'python3-setuptools': '/usr/lib/python3/dist-packages/setuptools',
  'python3-wheel': '/usr/lib/python3/dist-packages/wheel',
  'python3-venv': '/usr/share/doc/python3-venv',
  'python3-line-profiler': '/usr/lib/python3/dist-packages/line_profiler',
  'python3-numpy': '/usr/lib/python3/dist-packages/numpy',
  patchelf: '/usr/bin/patchelf',
  'busybox-static': '/usr/share/doc/busybox-static',
  fuse3: '/usr/bin/fusermount3',
  'squashfs-tools': '/usr/bin/mksquashfs',
  ...driverNeeds,
});
getPython313();
buildDriver();
if (process.env.WHETSTONE_TEST_NODES === undefined) {
  const newest = newestNode();
  if (newest !== null) process.env.WHETSTONE_TEST_NODES = newest.path;
}

const { status } = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    `--reporter=${path.join(root, 'scripts/closing-line-reporter.mjs')}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;

/** By apt where it may; else says which command does it. The tests that need them say that they are skipped. */
function installDebianPackages(wanted) {
  const missing = Object.entries(wanted)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name);
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const mayInstall =
    process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (!mayInstall) {
    process.stderr.write(
      `Some tests need ${missing.join(', ')}, and are skipped without. To have them: sudo sh -c '${command}'\n`,
    );
    return;
  }
  process.stderr.write(`Installing ${missing.join(', ')} for the tests.\n`);
  const { status } = spawnSync('sh', ['-c', command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0)
    process.stderr.write(`That failed; tests that need them are skipped. To try again: ${command}\n`);
}
