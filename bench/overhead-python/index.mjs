// What measuring costs a Python program: each program plain and under `whetstone run`, in turn, timed by the
// program's own clock after its start. A figure is the median over the rounds of measured ÷ plain, with the
// 95 % interval of that median. Beside it what the passes that count cost, and what other tools do.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { medianInterval } from '../harness/statistics.mjs';
import { openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { command } from '../harness/whetstone.mjs';
import { cpythons } from '../../scripts/pythons.mjs';

/** Measured ÷ plain. */
const LIMIT = 1.02;
/** Work that takes about a second. */
const work = { calls: 700, loops: 300, mixed: 3500 };

const programs = path.join(import.meta.dirname, 'programs');
const sampler = path.resolve(import.meta.dirname, '../truth-python/peers/sampler.py');
const folder = mkdtempSync(path.join(tmpdir(), 'overhead-'));
/** `--rounds 3` for a quick look, `--only calls` for some of the programs, `--plain` without the passes and peers. */
const given = (name) => process.argv.includes(`--${name}`);
const option = (name) => process.argv[process.argv.indexOf(`--${name}`) + 1];
const rounds = given('rounds') ? Number(option('rounds')) : 15;
const only = given('only') ? option('only').split(',') : Object.keys(work);

process.stdout.write(`${machineLine()}\n${rounds} rounds\n\n`);
const table = openTable();
try {
  for (const python of cpythons) {
    table.heading(python.title);
    if (python.path === null) continue;
    for (const name of only) {
      await cost(python.path, name);
      if (!given('plain')) await dearer(python.path, name);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = table.exitCode();

async function cost(python, name) {
  const runs = await interleave(
    {
      plain: () => figures([python, file(name)], name).at(-1),
      measured: () => figures(measuring(python, name), name).at(-1),
    },
    rounds,
  );
  for (const figure of ['cpu', 'wall']) add(`${name}: ${figure}`, runs, figure, LIMIT);
}

/** The passes that count, whose times are thrown away, and other tools: no limit, fewer rounds. */
async function dearer(python, name) {
  const candidates = {
    plain: () => figures([python, file(name)], name).at(-1),
    // The last time that the program ran is the pass that counts.
    '--counts': () => figures(measuring(python, name, '--counts'), name).at(-1),
    '--counts=lines': () => figures(measuring(python, name, '--counts=lines'), name).at(-1),
    '--memory': () => figures(measuring(python, name, '--memory'), name).at(-1),
    cProfile: () =>
      figures([python, '-m', 'cProfile', '-o', path.join(folder, 'out.prof'), file(name)], name).at(-1),
    'sampler inside, 1 ms': () => figures([python, sampler, file(name)], name).at(-1),
  };
  const runs = await interleave(candidates, Math.max(3, Math.round(rounds / 5)));
  for (const measured of Object.keys(candidates).slice(1)) {
    add(`${name}, ${measured}: cpu`, { plain: runs.plain, measured: runs[measured] }, 'cpu', null);
  }
}

function add(name, { plain, measured }, figure, limit) {
  const interval = medianInterval(measured.map((run, i) => run[figure] / plain[i][figure]));
  table.add({
    name,
    limit: limit === null ? '' : ratio(limit),
    measured: ratio(interval.value),
    interval: ratioInterval(interval),
    ok: limit === null ? null : interval.value <= limit,
  });
}

function measuring(python, name, ...options) {
  return [
    process.execPath,
    command,
    'run',
    '--quiet',
    '--no-save',
    '--runtime',
    python,
    ...options,
    file(name),
  ];
}

function file(name) {
  return path.join(programs, `${name}.py`);
}

/** Runs a program and reads what its clock told, one row for each time that it ran. */
function figures(line, name) {
  const out = path.join(folder, 'figures');
  rmSync(out, { force: true });
  const { status, error } = spawnSync(line[0], [...line.slice(1), `${work[name]}`, out], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  });
  if (error || status !== 0) throw new Error(`${line.join(' ')} ended with ${status}`, { cause: error });
  return readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
}
