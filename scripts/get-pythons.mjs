// Gets CPython 3.13 for the tests where the system has none: Debian's own packages of the release after
// this one, unpacked beside the system. Nothing is installed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { pythonNamed, python313Folder } from './pythons.mjs';

/** The release of Debian that has 3.13, and what it takes from there to run. */
const release = 'trixie';
const packages = [
  'python3.13-minimal',
  'libpython3.13-minimal',
  'libpython3.13-stdlib',
  'libc6',
  'libexpat1',
  'zlib1g',
  'libffi8',
  'libssl3t64',
  'libsqlite3-0',
  'libbz2-1.0',
  'liblzma5',
  'libuuid1',
];

/** Does nothing where a Python 3.13 is there. Where it cannot be had, one line says why; its tests are skipped. */
export function getPython313() {
  if (pythonNamed('cpython3.13').path !== null) return;
  const unable = whyNot();
  if (unable === null) process.stderr.write('Getting Python 3.13 for the tests (about 20 MB, once).\n');
  const failure = unable ?? attempt(unpack);
  if (failure) process.stderr.write(`No Python 3.13, its tests are skipped: ${failure}.\n`);
}

function whyNot() {
  if (!existsSync('/usr/bin/apt-get')) return 'it is got from Debian, by apt-get';
  if (!existsSync('/usr/bin/patchelf')) return 'patchelf is missing';
  return codename() === null ? 'this system is not Debian' : null;
}

function attempt(work) {
  try {
    work();
    return null;
  } catch (error) {
    return String(error.stderr ?? error.message ?? error)
      .trim()
      .split('\n')
      .at(-1);
  }
}

function unpack() {
  const building = `${python313Folder}.${process.pid}`;
  const at = (...parts) => path.join(building, ...parts);
  const run = (command, args, cwd = building) =>
    execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  try {
    for (const folder of ['sources', 'lists/partial', 'cache/archives/partial', 'packages', 'root']) {
      mkdirSync(at(folder), { recursive: true });
    }
    copySources(at('sources'));
    const apt = (...args) => run('/usr/bin/apt-get', [...aptOptions(building), ...args], at('packages'));
    // Where one of several sources has no such release the others may do: the download decides.
    attempt(() => apt('update'));
    apt('download', ...packages);
    for (const file of readdirSync(at('packages')))
      run('/usr/bin/dpkg-deb', ['-x', at('packages', file), at('root')]);
    useItsOwnLibraries(at('root'), run);
    rmSync(python313Folder, { recursive: true, force: true });
    renameSync(at('root'), python313Folder);
    run(
      path.join(python313Folder, 'usr/bin/python3.13'),
      ['-c', 'import ctypes, ssl, sqlite3'],
      python313Folder,
    );
  } catch (error) {
    rmSync(python313Folder, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** The machine's own sources, which may be a mirror of its own, with the name of the release replaced. */
function copySources(folder) {
  const own = codename();
  const files = existsSync('/etc/apt/sources.list') ? ['/etc/apt/sources.list'] : [];
  if (existsSync('/etc/apt/sources.list.d')) {
    files.push(...readdirSync('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`));
  }
  for (const file of files.filter((each) => /\.(list|sources)$/.test(each))) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      path.join(folder, path.basename(file)),
      text.replaceAll(new RegExp(`\\b${own}\\b`, 'g'), release),
    );
  }
}

/** apt's own lists and cache stay as they are, and no root is needed. */
function aptOptions(folder) {
  return Object.entries({
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': path.join(folder, 'sources'),
    'Dir::State::Lists': path.join(folder, 'lists'),
    'Dir::Cache': path.join(folder, 'cache'),
    'Acquire::Languages': 'none',
    // It would drop root's rights, and may then not write here.
    'APT::Sandbox::User': userInfo().username,
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Paths of the final place: the system's C library is too old for it. */
function useItsOwnLibraries(unpacked, run) {
  const loader = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1']
    .flatMap((file) => [file, `usr/${file}`])
    .find((file) => existsSync(path.join(unpacked, file)));
  if (loader === undefined) throw new Error(`nothing is known of the processor '${process.arch}'`);
  const libraries = ['usr/lib', 'lib'].flatMap((folder) =>
    ['x86_64', 'aarch64'].map((processor) => path.join(python313Folder, folder, `${processor}-linux-gnu`)),
  );
  run('/usr/bin/patchelf', [
    '--set-interpreter',
    path.join(python313Folder, loader),
    // Unlike a runpath it holds for the libraries of extension modules too.
    '--force-rpath',
    '--set-rpath',
    libraries.join(':'),
    path.join(unpacked, 'usr/bin/python3.13'),
  ]);
}

/** `bookworm` on Debian 12; `null` on other systems. */
function codename() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID=debian$/m.test(release) ? (/^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? null) : null;
}
