// Programs with known answers, in Python: what Whetstone claims beside what is true, and beside what cProfile,
// line_profiler and a sampler inside the program say of the same. On every CPython that is there.
//
// What is true is told by the program itself: its own clocks, and the system's figures of its threads. A share
// is the median of three runs; what is true and what is claimed are of the same run wherever the program can
// tell both.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { median } from '../harness/statistics.mjs';
import { milliseconds, openTable, percent } from '../harness/table.mjs';
import { measured, run } from '../harness/whetstone.mjs';
import { cpythons } from '../../scripts/pythons.mjs';

/** Points that the share of a line, a function or a collector may be off. */
const POINTS = 0.05;
/** Points of the wall time that a wait may be off. */
const WAIT_POINTS = 0.02;
/** Share that the CPU time of a child may be off. */
const OFF = 0.05;
const RUNS = 3;

const sum = (values) => values.reduce((a, b) => a + b, 0);
const folder = import.meta.dirname;
const program = (name) => path.join(folder, 'programs', name);
const isIn = (row, file) => path.basename(row.file) === file;
const only = process.argv.slice(2);

process.stdout.write(`${machineLine()}\n\n`);
const table = openTable(['name', 'true', 'claimed', 'cProfile', 'line_profiler', 'sampler', 'limit'], {
  name: 34,
  true: 9,
  claimed: 9,
  cProfile: 9,
  sampler: 9,
  limit: 12,
});

const rows = { lines, functions, waits, gil, collector, children };
for (const python of cpythons) {
  if (python.path === null) {
    table.heading(python.title);
    continue;
  }
  for (const [name, measure] of Object.entries(rows)) {
    if (only.length > 0 && !only.includes(name)) continue;
    try {
      await measure(python);
    } catch (error) {
      table.add({ name: `${name}, ${python.title}: ${error.message.split('\n')[0]}`, ok: false });
      process.stderr.write(`${error.message}\n`);
    }
  }
}
process.exitCode = table.exitCode();

/** Lines of a loop that calls nothing, which no sampler inside the program can tell apart. */
async function lines(python) {
  table.heading(`A loop of three lines, share of lines · ${python.title}`);
  const file = program('lines.py');
  const { plain, ours, sampler } = await interleave(
    {
      plain: async () => JSON.parse(await output([python.path, file, '--truth'])),
      ours: async () => {
        const { report } = await measured({ args: ['--runtime', python.path], program: [file] });
        return Object.fromEntries(
          report.lines.filter((row) => isIn(row, 'lines.py')).map((row) => [row.line, row.self]),
        );
      },
      sampler: async () => (await sampled(python, file)).lines,
    },
    RUNS,
  );
  const byLine = await lineTimes(python, file, 'whole');
  const wanted = Object.keys(plain[0]);
  for (const line of wanted) {
    const share = (of) => (of[line] ?? 0) / sum(wanted.map((each) => of[each] ?? 0));
    addShare(`lines.py:${line}`, median(plain.map(share)), median(ours.map(share)), POINTS, {
      line_profiler: byLine === null ? 'not here' : percent(share(byLine)),
      sampler: percent(median(sampler.map(share))),
    });
  }
}

/** A function that loops and one that calls: who is called at each call says that calls are slow. */
async function functions(python) {
  table.heading(`One function loops, one calls a third, share of functions · ${python.title}`);
  const file = program('functions.py');
  const calling = (of) => (of.calling ?? 0) + (of.small ?? 0);
  const share = (of) => calling(of) / (calling(of) + (of.looping ?? 0));
  const { plain, ours, cprofile, sampler } = await interleave(
    {
      plain: async () => JSON.parse(await output([python.path, file])),
      ours: async () => {
        const { report } = await measured({ args: ['--runtime', python.path], program: [file] });
        return Object.fromEntries(report.functions.map((row) => [row.function, row.self]));
      },
      cprofile: async () => cProfile(python, file),
      sampler: async () => (await sampled(python, file)).functions,
    },
    RUNS,
  );
  addShare('calling, with what it calls', median(plain.map(share)), median(ours.map(share)), POINTS, {
    cProfile: percent(median(cprofile.map(share))),
    sampler: percent(median(sampler.map(share))),
  });
}

/** Waits by kind and line. Each program begins with a line `# truth: {…}` and tells how long it waited. */
async function waits(python) {
  table.heading(`Waits, share of the wall time · ${python.title}`);
  const programs = path.join(folder, 'waits');
  for (const name of readdirSync(programs).filter((each) => each.endsWith('.py'))) {
    const header = /^# truth: (\{.*\})\s*$/m.exec(readFileSync(path.join(programs, name), 'utf8'));
    if (header === null) continue;
    const { kind, line } = JSON.parse(header[1]);
    const file = path.join(programs, name);
    const runs = [];
    for (let round = 0; round < RUNS; round++) {
      const { report, stdout } = await measured({ args: ['--runtime', python.path], program: [file] });
      const { waited, wall } = JSON.parse(stdout);
      const found = report.waits.filter(
        (row) => row.kind === kind && (row.line === line || row.line === 0 || !isIn(row, name)),
      );
      runs.push({ is: waited / wall, says: sum(found.map((row) => row.charged)) / 1e6 / wall });
    }
    const { is, says } = middle(runs);
    addShare(`${kind} (${name}:${line})`, is, says, WAIT_POINTS);
  }
}

/** Two threads that compute at the same time: how long either waited for the interpreter's lock. */
async function gil(python) {
  table.heading(`Two threads wait for the lock, share of the wall time · ${python.title}`);
  const runs = { first: [], second: [] };
  for (let round = 0; round < RUNS; round++) {
    const { report, stdout } = await measured({
      args: ['--runtime', python.path],
      program: [program('gil.py')],
    });
    const found = JSON.parse(stdout);
    const waiting = report.threads
      .filter((row) => (row.states.lock ?? 0) > 0)
      .toSorted((a, b) => a.thread - b.thread);
    for (const [i, name] of ['first', 'second'].entries()) {
      const { waited, wall } = found[name];
      const says = (waiting.at(i - 2)?.states.lock ?? 0) / 1e6 / wall;
      runs[name].push({ is: waited / wall, says });
    }
  }
  for (const [name, all] of Object.entries(runs)) {
    const { is, says } = middle(all);
    addShare(`${name} thread`, is, says, WAIT_POINTS);
  }
}

/** How long the collector was at work. */
async function collector(python) {
  table.heading(`The garbage collector, share of the CPU time · ${python.title}`);
  const runs = [];
  for (let round = 0; round < RUNS; round++) {
    const { report, stdout } = await measured({
      args: ['--runtime', python.path],
      program: [program('collector.py')],
    });
    const { collector: spent, cpu } = JSON.parse(stdout);
    runs.push({ is: spent / cpu, says: (report.time.collector ?? 0) / report.time.cpu });
  }
  const { is, says } = middle(runs);
  addShare('collector', is, says, POINTS);
}

/** CPU time in children, by their own clocks. */
async function children(python) {
  table.heading(`Children, CPU time · ${python.title}`);
  const runs = { fork: [], spawn: [], subprocess: [] };
  const naive = await cProfile(python, program('children.py'));
  for (let round = 0; round < RUNS; round++) {
    const { report, stdout } = await measured({
      args: ['--runtime', python.path],
      program: [program('children.py')],
    });
    const used = JSON.parse(stdout);
    const work = sum(report.functions.filter((row) => row.function === 'work').map((row) => row.self)) / 1e6;
    const whole = sum(Object.values(used));
    for (const [name, is] of Object.entries(used)) runs[name].push({ is, says: (work * is) / whole });
  }
  const total = Object.values(runs).map((all) => middle(all));
  const [is, says] = [sum(total.map((each) => each.is)), sum(total.map((each) => each.says))];
  table.add({
    name: 'work in fork, spawn, subprocess',
    true: milliseconds(is * 1000),
    claimed: milliseconds(says * 1000),
    cProfile: milliseconds((naive.work ?? 0) * 1000),
    line_profiler: '?',
    sampler: '?',
    limit: `± ${OFF * 100} %`,
    ok: Math.abs(is - says) <= is * OFF,
  });
}

/** A row of shares: what is, what was claimed within so many points, and what others say where they were asked. */
function addShare(name, is, says, limit, others = {}) {
  table.add({
    name,
    true: percent(is),
    claimed: percent(says),
    cProfile: '?',
    line_profiler: '?',
    sampler: '?',
    ...others,
    limit: `± ${limit * 100} points`,
    ok: Math.abs(is - says) <= limit,
  });
}

/** The run whose difference is the middle one. */
function middle(runs) {
  return runs.toSorted((a, b) => a.says - a.is - (b.says - b.is))[runs.length >> 1];
}

async function output(line) {
  const { stdout, stderr, code } = await run(line);
  if (code !== 0) throw new Error(`${line.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Own time by function, as cProfile has it. */
async function cProfile(python, file) {
  const script = `
import cProfile, json, pstats, runpy, sys, io, contextlib
profile = cProfile.Profile()
sys.argv = [sys.argv[1]]
with contextlib.redirect_stdout(io.StringIO()):
    profile.enable()
    runpy.run_path(sys.argv[0], run_name="__main__")
    profile.disable()
print(json.dumps({key[2]: value[2] for key, value in pstats.Stats(profile).stats.items() if key[0] == sys.argv[0]}))
`;
  return JSON.parse(await output([python.path, '-c', script, file]));
}

/** What a sampler inside the program counts. */
async function sampled(python, file) {
  const printed = await output([python.path, path.join(folder, 'peers/sampler.py'), file]);
  return JSON.parse(printed.trim().split('\n').at(-1));
}

/** Time by line of one function, by line_profiler; `null` where it is not installed. */
async function lineTimes(python, file, name) {
  const { stdout, code } = await run([python.path, path.join(folder, 'peers/line_times.py'), file, name]);
  return code === 0 ? JSON.parse(stdout.trim().split('\n').at(-1)) : null;
}
