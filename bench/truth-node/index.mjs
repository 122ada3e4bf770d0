// Programs with known answers: what Whetstone claims beside what is true, and beside what `node --cpu-prof`
// says of the same program. Each on the Node that runs this file and on the newest one from npm.
//
// What is true is told by the program itself (its own clocks, its own counting), by arithmetic, or, for
// inlined code, by the newest Node, which does not mix files up. Shares and times that the machine's other
// work can move are medians of seven runs; counts and waits are of one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';

import { cpuProf } from '../harness/cpu-prof.mjs';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { newestNode } from '../harness/newest-node.mjs';
import { median } from '../harness/statistics.mjs';
import { count, milliseconds, openTable, percent } from '../harness/table.mjs';
import { measured, run } from '../harness/whetstone.mjs';

/** Points that a share of time may be off. */
const POINTS = 0.05;
/** Share that a time may be off. */
const OFF = 0.05;
/** Runs of what is a median. Of three, the largest share of `inlined` was off by 1.7 points (root mean square of 20 times). */
const RUNS = 7;

const runtimeOf = (node) => (node.path === process.execPath ? [] : ['--runtime', node.path]);
const isIn = (row, file) => path.basename(row.file) === file;
const sum = (values) => values.reduce((a, b) => a + b, 0);
const sumOf = (list, passes, key = 'self') => sum(list.filter(passes).map((row) => row[key] ?? 0));

/** Samples by file that the newest Node itself counts for inlined code, over the runs so far. */
const judged = {};

const folder = import.meta.dirname;
const program = (name) => path.join(folder, 'programs', name);
const only = process.argv.slice(2);

const newest = newestNode();
const nodes = [{ path: process.execPath, version: process.versions.node }];
if (newest !== null && newest.version !== process.versions.node) nodes.push(newest);

process.stdout.write(`${machineLine()}\n\n`);
const table = openTable(['name', 'true', 'claimed', '--cpu-prof', 'limit'], { name: 52 });

const rows = { loops, inlined, fib, 'five-billion': fiveBillion, waits, neighbour };
for (const [name, measure] of Object.entries(rows)) {
  if (only.length > 0 && !only.includes(name)) continue;
  for (const node of nodes) {
    try {
      await measure(node);
    } catch (error) {
      table.add({ name: `${name}, Node ${node.version}: ${error.message.split('\n')[0]}`, ok: false });
      process.stderr.write(`${error.message}\n`);
    }
  }
}
process.exitCode = table.exitCode();

/** Line shares of loops that take 1 : 2 : 4 : 8. */
async function loops(node) {
  table.heading(`Loops of 1 : 2 : 4 : 8, share of lines · Node ${node.version}`);
  const { report, stdout } = await measured({ args: runtimeOf(node), program: [program('loops.cjs')] });
  const naive = await cpuProf({ node: node.path, program: [program('loops.cjs')] });
  const { took } = JSON.parse(stdout);
  const lines = Object.keys(took).map(Number);
  const claimed = (line) => sumOf(report.lines, (row) => isIn(row, 'loops.cjs') && row.line === line);
  const trueSum = sum(Object.values(took));
  const claimedSum = sum(lines.map(claimed));
  const naiveSum = sum(lines.map((line) => naive.lines[`loops.cjs:${line}`] ?? 0));
  for (const line of lines) {
    const [is, says] = [took[line] / trueSum, claimed(line) / claimedSum];
    table.add({
      name: `loops.cjs:${line}`,
      true: percent(is),
      claimed: percent(says),
      '--cpu-prof': percent((naive.lines[`loops.cjs:${line}`] ?? 0) / naiveSum),
      limit: `± ${POINTS * 100} points`,
      ok: Math.abs(is - says) <= POINTS,
    });
  }
}

/** What the newest Node says of its own inlined code: samples of two runs, one before and one between ours. */
async function judge(judgeNode, program) {
  const { ticks } = await cpuProf({ node: judgeNode.path, program });
  for (const [file, count] of Object.entries(ticks)) judged[file] = (judged[file] ?? 0) + count;
  return judged;
}

/** Shares by file of helpers that are inlined into another file. */
async function inlined(node) {
  const judgeNode = newest ?? node;
  table.heading(
    `Helpers inlined across files, share of files · Node ${node.version} (true: Node ${judgeNode.version} itself)`,
  );
  const files = ['main.cjs', 'mix.cjs', 'fold.cjs', 'clamp.cjs'];
  const main = program('inlined/main.cjs');
  const naive = await cpuProf({ node: node.path, program: [main] });
  const shares = (of) => {
    const all = sum(files.map(of));
    return (file) => of(file) / all;
  };
  const runs = [];
  let truth;
  for (let run = 0; run < RUNS; run++) {
    truth = await judge(judgeNode, [main]);
    const { report } = await measured({ args: runtimeOf(node), program: [main] });
    runs.push(shares((file) => sumOf(report.functions, (row) => isIn(row, file))));
  }
  const is = shares((file) => truth[file] ?? 0);
  const naively = shares((file) => naive.files[file] ?? 0);
  const says = (file) => median(runs.map((of) => of(file)));
  for (const file of files) {
    table.add({
      name: file,
      true: percent(is(file)),
      claimed: percent(says(file)),
      '--cpu-prof': percent(naively(file)),
      limit: `± ${POINTS * 100} points`,
      ok: Math.abs(is(file) - says(file)) <= POINTS,
    });
  }
}

/** Calls and leaf calls of fib(30), exactly. */
async function fib(node) {
  table.heading(`Calls of fib(30) · Node ${node.version}`);
  const { report } = await measured({
    args: [...runtimeOf(node), '--counts'],
    program: [program('fib.cjs')],
  });
  const calls = report.functions.find((row) => row.function === 'fib')?.calls ?? null;
  const leaves = report.lines.find((row) => isIn(row, 'fib.cjs') && row.line === 4)?.hits ?? null;
  exact('calls', 2_692_537, calls);
  exact('leaf calls (line 4)', 1_346_269, leaves);
}

/** Rounds of one synchronous loop, beyond what 32 bits hold. */
async function fiveBillion(node) {
  table.heading(`Rounds of one synchronous loop · Node ${node.version}`);
  const { report } = await measured({
    args: [...runtimeOf(node), '--counts'],
    program: [program('five-billion.cjs')],
  });
  const rounds = report.lines.find((row) => isIn(row, 'five-billion.cjs') && row.line === 5)?.hits ?? null;
  exact('hits of line 5', 5_000_000_000, rounds);
}

function exact(name, is, says) {
  table.add({
    name,
    true: count(is),
    claimed: count(says),
    '--cpu-prof': '?',
    limit: 'exactly',
    ok: is === says,
  });
}

/**
 * Waits of known duration. Each program begins with a line `// truth: {…}`: `call` and, if several are alike,
 * `kind`, `file` or `line`, with `milliseconds`, and `count` where that is known too.
 */
async function waits(node) {
  const programs = path.join(folder, 'waits');
  const names = existsSync(programs)
    ? readdirSync(programs).filter((name) => /\.[cm]?[jt]s$/.test(name))
    : [];
  const withTruth = names.flatMap((name) => {
    const header = /^\/\/ truth: (\{.*\})\s*$/m.exec(readFileSync(path.join(programs, name), 'utf8'));
    return header === null ? [] : [{ name, truth: JSON.parse(header[1]) }];
  });
  table.heading(`Waits of known duration · Node ${node.version}`);
  for (const { name, truth } of withTruth) {
    const { report } = await measured({ args: runtimeOf(node), program: [path.join(programs, name)] });
    for (const expected of [truth].flat()) {
      const found = report.waits.filter(
        (row) =>
          (expected.kind === undefined || row.kind === expected.kind) &&
          (expected.line === undefined || row.line === expected.line) &&
          (expected.target === undefined || row.target === expected.target) &&
          isIn(row, expected.file ?? name),
      );
      const is = expected.milliseconds;
      const says = sumOf(found, () => true, expected.charged === true ? 'charged' : 'time') / 1000;
      const counted = sumOf(found, () => true, 'count');
      const rightCount = expected.count === undefined || expected.count === counted;
      table.add({
        name: `${name}${expected.kind === undefined ? '' : ` (${expected.kind})`}${rightCount ? '' : `: ${counted} of ${expected.count} seen`}`,
        true: milliseconds(is),
        claimed: milliseconds(says),
        '--cpu-prof': '?',
        limit: `± ${OFF * 100} %`,
        ok: rightCount && Math.abs(says - is) <= is * OFF,
      });
    }
  }
}

/** A program that shares its core with another: nobody is charged with what the other computed. */
async function neighbour(node) {
  const taskset = ['/usr/bin/taskset', '/bin/taskset'].find((file) => existsSync(file));
  if (taskset === undefined) {
    table.heading('A busy neighbour on the same core: skipped, there is no taskset here');
    return;
  }
  table.heading(`A busy neighbour on the same core, CPU time · Node ${node.version}`);
  const prefix = [taskset, '--cpu-list', '0'];
  const busy = spawn(taskset, ['--cpu-list', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    const naive = await cpuProf({ node: node.path, program: [program('neighbour.cjs')], prefix });
    const line = [...prefix, node.path, program('neighbour.cjs')];
    // True is what the program's own clock says without us: with us it counts what we cost inside a function.
    // To ask a clock makes the system change programs just there, so it is asked only where the answer is used.
    const { plain, ours } = await interleave(
      {
        plain: async () => JSON.parse((await run([...line, 'clock'])).stdout).used,
        // The command is not bound to the core: only the program and its neighbour share it.
        ours: async () => (await measured({ program: line })).report.functions,
      },
      RUNS,
    );
    for (const name of ['first', 'second']) {
      const is = median(plain.map((used) => used[name]));
      const says = median(ours.map((functions) => sumOf(functions, (row) => row.function === name)));
      table.add({
        name,
        true: milliseconds(is / 1000),
        claimed: milliseconds(says / 1000),
        '--cpu-prof': milliseconds((naive.functions[name] ?? 0) / 1000),
        limit: `± ${OFF * 100} %`,
        ok: Math.abs(says - is) <= is * OFF,
      });
    }
  } finally {
    busy.kill('SIGKILL');
  }
}
