// What every script needs first: dependencies and a build. Says what it does, does it once.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Runs a program in the root with our terminal; throws where it fails. */
export function run(command, args, options = {}) {
  execFileSync(command, args, { cwd: root, stdio: 'inherit', ...options });
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Dependencies as the lock file says, and a build that is not older than the sources. */
export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: Whetstone needs 20.19 or newer.`);
  }
  const lock = path.join(root, 'package-lock.json');
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  const stale = () => statSync(lock).mtimeMs > statSync(installed).mtimeMs && missing(lock, installed);
  if (!existsSync(installed) || stale()) {
    process.stderr.write('Setting up: dependencies and build (about a minute, once).\n');
    run(npm, ['ci', '--no-audit', '--no-fund'], { stdio: ['ignore', process.stderr.fd, process.stderr.fd] });
  }
  const isSource = (file) => file.includes('/src/') || /^python\/whetstone\/.*\.py$/.test(file);
  if (newest(['packages', 'python'], isSource) > built()) {
    process.stderr.write('Building.\n');
    run(process.execPath, ['scripts/build.mjs'], { stdio: ['ignore', process.stderr.fd, process.stderr.fd] });
  }
}

/** Prints one line and ends with 1. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** True where the lock file names a package that is not installed in that version. */
function missing(lock, installed) {
  const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(wanted).some(
    ([where, { version, optional, link }]) =>
      where && !optional && !link && have[where]?.version !== version && where.startsWith('node_modules/'),
  );
}

function built() {
  const marker = path.join(root, 'packages/whetstone/dist/.built');
  return existsSync(marker) ? statSync(marker).mtimeMs : 0;
}

function newest(folders, matches) {
  let time = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!['node_modules', 'dist', 'test', '.whetstone'].includes(entry.name))
          time = Math.max(time, newest([name], matches));
      } else if (matches(name)) {
        time = Math.max(time, statSync(path.join(root, name)).mtimeMs);
      }
    }
  }
  return time;
}
