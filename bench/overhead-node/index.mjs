// What measuring costs the measured program: each program plain and under `whetstone run`, in turn.
//
// Whole programs are timed from outside, by the shell's `time`, so that start-up and the last flush count.
// Loops are timed by the program's own clock. A figure is the median over the rounds of measured ÷ plain,
// or of the difference, with the 95 % interval of that median. What is short is measured more often, for a moment's
// disturbance is a larger share of it, and so is what the interval leaves undecided. Both find memory that was just
// used: see warm-memory.mjs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { newestNode } from '../harness/newest-node.mjs';
import { median, medianInterval } from '../harness/statistics.mjs';
import { milliseconds, openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { warmMemory } from '../harness/warm-memory.mjs';
import { command } from '../harness/whetstone.mjs';
import { manyPaths } from './many-paths.mjs';

const programs = path.join(import.meta.dirname, 'programs');
const folder = mkdtempSync(path.join(tmpdir(), 'overhead-'));
/** `--rounds 3` for a quick look, `--only 'calls;stat'` for some of the rows, `--one-node` or `--newest` for one Node. */
const option = (name) => process.argv[process.argv.indexOf(`--${name}`) + 1];
const given = (name) => process.argv.includes(`--${name}`);
const rounds = given('rounds') ? Number(option('rounds')) : 9;
const only = given('only') ? option('only').split(';') : null;
const wanted = (name) => only === null || only.some((word) => name.includes(word));

process.stdout.write(`${machineLine()}\n${rounds} rounds\n\n`);
const table = openTable();
try {
  if (!given('newest')) {
    await benchmark(process.execPath);
    await size();
  }
  const newest = given('one-node') ? null : newestNode();
  if (newest) {
    table.heading(`Node ${newest.version}`);
    await benchmark(newest.path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = table.exitCode();

async function benchmark(node) {
  const tsc = path.resolve(import.meta.dirname, '../../node_modules/typescript-5/lib/tsc.js');
  const compile = [tsc, '-p', path.join(import.meta.dirname, 'tsc-input')];
  for (const [name, program, limit, often] of [
    ['numeric, 6 s', [`${programs}/numeric.mjs`, '6'], 1.1, 1],
    ['strings, 6 s', [`${programs}/strings.mjs`, '6'], 1.1, 1],
    ['calls, 6 s', [`${programs}/calls.mjs`, '6'], 1.1, 1],
    ['numeric, 1 s', [`${programs}/numeric.mjs`, '1'], 1.25, 3],
    ['strings, 1 s', [`${programs}/strings.mjs`, '1'], 1.25, 3],
    ['calls, 1 s', [`${programs}/calls.mjs`, '1'], 1.25, 3],
    ['tsc 5.9 checks three packages', compile, null, 2],
  ]) {
    if (wanted(name)) await wholeProgram(node, name, program, limit, rounds * often);
  }
  for (const [name, file, limit, often] of [
    ['console.log, 100,000 lines', 'print.mjs', 1.15, 2],
    ['await, 1,800,000 bare', 'awaits.mjs', 1.15, 5],
    ['await fs.promises.stat, 100,000', 'stats.mjs', 1.4, 2],
  ]) {
    if (wanted(name)) await loop(node, name, `${programs}/${file}`, limit, rounds * often);
  }
  for (const [name, fresh, limit] of [
    ['start-up, empty .js', () => 'empty.js', 80],
    ['start-up, empty .ts from the cache', () => 'empty.ts', 90],
    ['start-up, empty .ts the first time', freshFile, 180],
  ]) {
    if (wanted(name)) await startUp(node, name, fresh, limit);
  }
  if (wanted('--version')) await version(node);
}

/** Wall and CPU of a program from its start to its end. */
async function wholeProgram(node, name, program, limit, times) {
  const plainTime = (runs) => median(runs.plain.map(({ wall }) => wall));
  const most = (runs) => limit ?? (plainTime(runs) >= 5000 ? 1.1 : 1.25);
  const run = (measured) => timed(node, program, measured);
  const runs = await inTurn(run, most, times);
  addRatios(`${name} (${milliseconds(plainTime(runs))})`, runs, most(runs));
}

/** Wall and CPU of a loop, by the program's own clock. */
async function loop(node, name, file, limit, times) {
  const run = (measured) => {
    const figures = path.join(folder, 'figures.json');
    start(node, [file, figures], measured);
    return JSON.parse(readFileSync(figures, 'utf8'));
  };
  addRatios(name, await inTurn(run, () => limit, times), limit);
}

/** Plain and measured in turn, while the limit lies within an interval. */
function inTurn(run, limit, times) {
  const undecided = (runs) =>
    ['wall', 'cpu'].some((figure) => {
      const { low, high } = ratioOf(runs, figure);
      return low <= limit(runs) && limit(runs) < high;
    });
  return interleave({ plain: () => run(false), measured: () => run(true) }, times, undecided);
}

function ratioOf({ plain, measured }, figure) {
  return medianInterval(measured.map((run, i) => run[figure] / plain[i][figure]));
}

function addRatios(name, runs, limit) {
  for (const figure of ['wall', 'cpu']) addRatio(`${name}: ${figure}`, ratioOf(runs, figure), limit);
}

function addRatio(name, interval, limit) {
  table.add({
    name,
    limit: ratio(limit),
    measured: ratio(interval.value),
    interval: ratioInterval(interval),
    ok: interval.value <= limit,
  });
}

/** What a program that does nothing takes longer; the plain one is JavaScript, because not every Node runs the other. */
async function startUp(node, name, file, limit) {
  timed(node, [path.resolve(programs, file())], true);
  const runs = await interleave(
    {
      plain: () => timed(node, [`${programs}/empty.js`], false),
      measured: () => timed(node, [path.resolve(programs, file())], true),
    },
    rounds * 3,
  );
  const more = medianInterval(runs.measured.map(({ wall }, i) => wall - runs.plain[i].wall));
  addDifference(name, more, limit);
}

function addDifference(name, { value, low, high }, limit) {
  const signed = (figure) => `${figure < 0 ? '' : '+'}${figure.toFixed(0)} ms`;
  table.add({
    name,
    limit: limit === null ? '' : signed(limit),
    measured: signed(value),
    interval: `${signed(low)} … ${signed(high)}`,
    ok: limit === null ? null : value <= limit,
  });
}

/** A source that no cache has seen. */
function freshFile() {
  const file = path.join(folder, `first-${process.hrtime.bigint()}.ts`);
  writeFileSync(file, `export const made: bigint = ${process.hrtime.bigint()}n;\n`);
  return file;
}

async function version(node) {
  const wall = (...args) => {
    const from = process.hrtime.bigint();
    spawnSync(node, args, { stdio: 'ignore' });
    return { wall: Number(process.hrtime.bigint() - from) / 1e6 };
  };
  const runs = await interleave(
    { plain: () => wall('-e', '0'), measured: () => wall(command, '--version') },
    rounds * 3,
  );
  addRatio('whetstone --version ÷ node -e 0', ratioOf(runs, 'wall'), 1.5);
}

/** A minute with a million call paths: the end must not stall, nor the program for a piece. */
async function size() {
  if (!wanted('a million nodes')) return;
  const file = path.join(folder, 'many-paths.mjs');
  const end = path.join(folder, 'end');
  const json = path.join(folder, 'report.json');
  writeFileSync(file, manyPaths(60, end));
  spawnSync(
    process.execPath,
    [command, 'run', '--no-save', '--quiet', '--json', json, process.execPath, file],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const after = Date.now() - Number(readFileSync(end, 'utf8'));
  const { influence } = JSON.parse(readFileSync(json, 'utf8')).about;
  addDifference(
    '60 s, a million nodes: report after the end',
    { value: after, low: after, high: after },
    3000,
  );
  const pause = influence.longestPause / 1000;
  addDifference('60 s, a million nodes: longest pause', { value: pause, low: pause, high: pause }, 50);
  const share = influence.pauses / 60e6;
  table.add({
    name: '60 s, a million nodes: all pauses, of the time',
    measured: `${(share * 100).toFixed(2)} %`,
    ok: null,
  });
}

/** Wall and CPU in milliseconds by the shell, of the program alone: the command's own work is not in it. */
function timed(node, program, measured) {
  const figures = path.join(folder, 'time');
  const script = 'out=$1; shift; TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>&1; } 2>"$out"';
  start('bash', ['-c', script, 'bash', figures, node, ...program], measured);
  const [wall, user, system] = readFileSync(figures, 'utf8')
    .trim()
    .split(' ')
    .map((text) => Number(text) * 1000);
  return { wall, cpu: user + system };
}

function start(file, args, measured) {
  warmMemory();
  const line = measured
    ? [process.execPath, command, 'run', '--quiet', '--no-save', file, ...args]
    : [file, ...args];
  const { status, error } = spawnSync(line[0], line.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: programs,
  });
  // The compiler ends with 2 where it finds errors in declarations; that too is a whole run of it.
  if (error || status === null || status > 2)
    throw new Error(`${line.join(' ')} ended with ${status}`, { cause: error });
}
