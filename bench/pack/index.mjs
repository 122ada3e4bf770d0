// What a pack costs and saves: each program plain from its folder, from a mounted pack, and at a pack's first start, in turn.
//
// Whole programs are timed from outside, from their start to their end. A figure is the median over the rounds of
// pack ÷ plain, with the 95 % interval of that median.
//
//   plain          node main.js in the project's folder
//   files          node main.js in the mounted folder: no header, no map of modules
//   mounted        ./app.wpk, whose files somebody has mounted already
//   first start    ./app.wpk with nothing mounted; the driver is in the cache, as an installed one would be
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { newestNode } from '../harness/newest-node.mjs';
import { medianInterval } from '../harness/statistics.mjs';
import { openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { command } from '../harness/whetstone.mjs';
import { kernelReads } from './kernel-reads.mjs';
import { projectsIn } from './programs.mjs';
import { bytesPerSecond, readsPerSecond, throttledDisk } from './throttled-disk.mjs';

/** `--rounds 3` for a quick look, `--only small,NumPy` for some of the programs, `--one-node`, `--no-build` without the rows of `--with-node`. */
const option = (name) => process.argv[process.argv.indexOf(`--${name}`) + 1];
const given = (name) => process.argv.includes(`--${name}`);
const rounds = given('rounds') ? Number(option('rounds')) : 9;
const only = given('only') ? option('only').split(',') : null;
const wanted = (name) => only === null || only.some((word) => name.includes(word));

const folder = mkdtempSync(path.join(tmpdir(), 'bench-pack-'));
process.stdout.write(`${machineLine()}\n${rounds} rounds\n\n`);
const projects = projectsIn(folder).filter(({ name }) => wanted(name));
const table = openTable();
try {
  const newest = given('one-node') ? null : newestNode();
  for (const node of [{ path: process.execPath, version: process.versions.node }, newest]) {
    if (node === null) continue;
    table.heading(`Node ${node.version}`);
    await benchmark(node, path.join(folder, `with-${node.version}`));
  }
  table.heading('Python');
  for (const project of projects.filter(({ language }) => language === 'python'))
    await starts(project, {
      ...packed(project, path.join(folder, 'python'), process.execPath),
      version: process.versions.node,
    });
} finally {
  // A driver that just ended may have its mount for a moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
process.exitCode = table.exitCode();

async function benchmark(node, at) {
  const own = projects.filter(({ language }) => language === 'node');
  const tiny = own.find(({ name }) => name === 'small');
  // Its runtime's blocks are in the cache afterwards, as they are from the second build on.
  if (tiny && !given('no-build')) {
    const { pack } = packed(tiny, path.join(at, 'runtime'), node.path, ['--with-node']);
    addSize('small, --with-node', statSync(pack).size / 1e6, 40);
  }
  for (const project of own) {
    const built = packed(project, path.join(at, path.basename(project.folder)), node.path);
    if (project.name.includes('modules')) {
      addFigure(`${project.name}: build`, built.took / 1000, 15, 's');
      if (project.isOnlyBuilt) {
        execute([built.pack], built.env);
        unmount(mountsOf(built.pack)(built.env.XDG_RUNTIME_DIR), built.env);
        continue;
      }
      if (node.path === process.execPath)
        addRead(project, built.pack, path.join(at, `kernel-${path.basename(project.folder)}`));
    }
    await starts(project, { ...built, version: node.version });
    if (project.name.includes('CommonJS')) await cold(project, built);
  }
}

/** Builds a pack; gives its file, how to run it, and the milliseconds that the build took. */
function packed(project, at, node, options = []) {
  mkdirSync(at, { recursive: true, mode: 0o700 });
  const env = {
    PATH: `${path.dirname(node)}:${process.env.PATH}`,
    HOME: at,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    XDG_RUNTIME_DIR: at,
    WHETSTONE_PACK_IDLE: '600',
  };
  const pack = path.join(at, `${path.basename(project.folder)}.wpk`);
  const bytes = bytesIn(project.folder);
  const from = process.hrtime.bigint();
  execute([node, command, 'pack', 'build', ...options, '-o', pack, project.folder], env);
  return { pack, env, node, bytes, took: Number(process.hrtime.bigint() - from) / 1e6 };
}

/** Plain, mounted and first, in turn. */
async function starts(project, { pack, env, node, version, bytes }) {
  const { name, entry, args } = project;
  const runtime = project.language === 'node' ? node : 'python3';
  const files = path.join(path.dirname(pack), 'files');
  const mountOf = mountsOf(pack);
  const fresh = [];
  mkdirSync(files);
  execute([process.execPath, command, 'pack', 'mount', pack, files], env);
  try {
    // The first leaves it mounted, where this machine permits a mount that is shared.
    execute([pack, ...args], env);
    const isShared = existsSync(path.join(mountOf(env.XDG_RUNTIME_DIR), '.pack'));
    if (!isShared) process.stdout.write(`Not measured: ${name}, mounted: no shared mount is permitted.\n`);
    let place = 0;
    const environment = { ...env, PYTHONPATH: path.join(project.folder, 'packages') };
    const inMount = { ...env, PYTHONPATH: path.join(files, 'site-packages') };
    const plainly = () => timed([runtime, path.join(project.folder, entry), ...args], environment);
    const fromFiles = () => timed([runtime, path.join(files, 'app', entry), ...args], inMount);
    // Mounted already means used already; the project's files are in the kernel's cache as well.
    plainly();
    fromFiles();
    const runs = await interleave(
      {
        plain: plainly,
        files: fromFiles,
        ...(isShared ? { mounted: () => timed([pack, ...args], env) } : {}),
        first: () => {
          const at = path.join(path.dirname(pack), `fresh-${place++}`);
          mkdirSync(at, { mode: 0o700 });
          fresh.push(at);
          const took = timed([pack, ...args], { ...env, XDG_RUNTIME_DIR: at });
          unmount(mountOf(at), env);
          return took;
        },
      },
      rounds,
    );
    const hasMap = existsSync(path.join(files, '.pack/map.cjs')) && usesMap(project, version);
    const plain = medianInterval(runs.plain).value;
    addRatio(`${name} (${plain.toFixed(0)} ms): files`, runs.files, runs.plain, 1.1);
    if (runs.mounted)
      addRatio(
        `${name}: mounted${hasMap ? ', map' : ''}`,
        runs.mounted,
        runs.plain,
        limitOf(project, hasMap),
      );
    addRatio(`${name}: first start`, runs.first, runs.plain, 2.16);
  } finally {
    for (const at of [files, ...[env.XDG_RUNTIME_DIR, ...fresh].map(mountOf)]) unmount(at, env);
  }
  // A program of a few lines is smaller than the driver.
  if (name !== 'small') addShare(project, pack, bytes);
}

/** `import` can be answered from the map where Node has synchronous hooks; `require` everywhere. */
function usesMap({ name }, version) {
  const [major, minor] = version.split('.').map(Number);
  return !name.includes('ESM') || major > 22 || (major === 22 && minor >= 15);
}

/** The map pays where there is something to look up. */
function limitOf({ name }, hasMap) {
  return hasMap && name.includes('modules') ? 1 : 1.1;
}

/** Where a pack is mounted below a folder for running programs. */
function mountsOf(pack) {
  const header = readFileSync(pack).subarray(0, 65_536).toString('latin1');
  const [, root] = /^WPK_ROOT=(\w+)$/m.exec(header);
  return (place) => path.join(place, 'wpk', root.slice(0, 16));
}

/** Ends a mount, if there is one: a way of starting that shares nothing leaves none. */
function unmount(at, env) {
  if (existsSync(path.join(at, '.pack'))) execute([process.execPath, command, 'pack', 'unmount', at], env);
}

async function cold(project, { pack, env, node }) {
  const slow = throttledDisk(folder);
  const name = `${project.name}: cold first start, ${bytesPerSecond / 1e6} MB/s`;
  if (slow.reason !== undefined) {
    table.add({ name, limit: ratio(0.3), measured: 'not measured', ok: null });
    process.stdout.write(`  Not measured: ${slow.reason}.\n`);
    return;
  }
  // The runtime, the shell and the driver are on every machine, and often used: what is cold is the program.
  const warm = () => {
    execute([node, '-e', '0'], env);
    execute([pack, '--pack-info'], env);
    for (const one of readdirSync(path.join(folder, 'cache'), { recursive: true, withFileTypes: true }))
      if (one.name.startsWith('driver-')) readFileSync(path.join(one.parentPath ?? one.path, one.name));
  };
  try {
    const mountOf = mountsOf(pack);
    let place = 0;
    const coldly = () => {
      const at = path.join(path.dirname(pack), `cold-${place++}`);
      mkdirSync(at, { mode: 0o700 });
      const took = slow.run([pack], { ...env, XDG_RUNTIME_DIR: at }, warm);
      unmount(mountOf(at), env);
      return took;
    };
    const runs = await interleave(
      {
        plain: () => slow.run([node, path.join(project.folder, project.entry)], env, warm),
        pack: coldly,
      },
      Math.min(rounds, 3),
    );
    const plain = medianInterval(runs.plain).value;
    process.stdout.write(
      `  Cold: ${readsPerSecond} reads a second; plain took ${(plain / 1000).toFixed(1)} s.\n`,
    );
    addRatio(name, runs.pack, runs.plain, 0.3);
  } finally {
    slow.end();
  }
}

function addRead(project, pack, at) {
  const name = `${project.name}: the kernel reads the same`;
  const read = kernelReads(pack, project.folder, at);
  if (read.reason !== undefined) {
    table.add({ name, measured: 'not measured', ok: null });
    process.stdout.write(`  Not measured: ${read.reason}.\n`);
  } else
    table.add({
      name,
      limit: '0 differ',
      measured: `${read.different} differ`,
      interval: `of ${read.equal + read.different}`,
      ok: read.different === 0 && read.equal > 0,
    });
}

/** What stands in a folder: bytes of the files, not the blocks of the disk that they take. */
function bytesIn(at) {
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(path.join(one.parentPath ?? one.path, one.name)).size, 0);
}

function addShare(project, pack, bytes) {
  const share = statSync(pack).size / bytes;
  table.add({
    name: `${project.name}: size ÷ folder (${(bytes / 1e6).toFixed(1)} MB)`,
    limit: ratio(1 / 3),
    measured: ratio(share),
    ok: share <= 1 / 3,
  });
}

function addSize(name, value, limit) {
  addFigure(name, value, limit, 'MB');
}

function addFigure(name, value, limit, unit) {
  table.add({ name, limit: `${limit} ${unit}`, measured: `${value.toFixed(1)} ${unit}`, ok: value <= limit });
}

function addRatio(name, those, plain, limit) {
  const interval = medianInterval(those.map((took, i) => took / plain[i]));
  table.add({
    name,
    limit: ratio(limit),
    measured: ratio(interval.value),
    interval: ratioInterval(interval),
    ok: interval.value <= limit,
  });
}

function timed(line, env) {
  const from = process.hrtime.bigint();
  execute(line, env);
  return Number(process.hrtime.bigint() - from) / 1e6;
}

function execute([file, ...args], env) {
  const { status, stderr, error } = spawnSync(file, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}\nended with ${status}: ${stderr}`);
}
