// The time that answers take at a quarter of what Go's net/http can do at most: the 99th percentile, by h2load.
//
// All servers run on both cores, beside h2load, and get the same requests per second, which h2load spreads evenly; one is
// loaded at a time.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { median, medianInterval } from '../harness/statistics.mjs';
import { count, openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { answers } from './answers.mjs';
import { endAll, portFree } from './processes.mjs';
import { PORT, candidates } from './servers.mjs';

const CONNECTIONS = 64;
const TARGET = '/json';
const GO = 'Go net/http';
const OURS = ['whetstone (native)', 'whetstone (typescript)'];

/** Ours ÷ Go's, at most. */
const MOST = 1;

/** Prints the table of latencies; resolves to how many limits were not met. */
export async function latencyTable({ rounds, seconds }) {
  const servers = candidates();
  if (spawnSync('h2load', ['--version']).error || !servers[GO]) {
    process.stderr.write('The table of latencies needs apt-get install nghttp2-client golang-go\n');
    return OURS.length;
  }
  const cores = availableParallelism();
  const most = await using(servers[GO], cores, () => h2load(seconds).rate);
  const each = Math.max(1, Math.floor(most / 4 / CONNECTIONS));
  process.stdout.write(
    `\nLatency: ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections, ${TARGET} on ${cores} cores; ${GO} does ${count(Math.round(most))} requests/s\n` +
      `at most, all get ${count(each * CONNECTIONS)}; milliseconds, medians with 95 % intervals of the 99th percentile\n`,
  );
  const chosen = [...OURS, GO, 'Go fasthttp', 'node:http'].filter((name) => servers[name]);
  const runs = Object.fromEntries(
    chosen.map((name) => [name, () => using(servers[name], cores, () => h2load(seconds, each))]),
  );
  return OURS.filter((name) => !servers[name]).length + print(await interleave(runs, rounds));
}

function print(results) {
  const table = openTable(
    ['name', 'median', '99 %', 'interval', 'requests/s', 'limit', '÷ Go', 'interval of ÷'],
    { name: 24, interval: 18, 'interval of ÷': 18, median: 8, '99 %': 8, limit: 8, '÷ Go': 8 },
  );
  for (const [name, runs] of Object.entries(results)) {
    const late = medianInterval(runs.map((run) => run.late));
    const by = medianInterval(runs.map((run, i) => run.late / results[GO][i].late));
    // The limit is for the engine that serves where it is built; the other one stands beside it.
    const limited = name === OURS[0];
    table.add({
      name,
      median: median(runs.map((run) => run.middle)).toFixed(2),
      '99 %': late.value.toFixed(2),
      interval: `${late.low.toFixed(2)} … ${late.high.toFixed(2)}`,
      'requests/s': count(Math.round(median(runs.map((run) => run.rate)))),
      limit: limited ? `≤ ${MOST.toFixed(1)}` : '',
      '÷ Go': ratio(by.value),
      'interval of ÷': ratioInterval(by),
      ok: limited ? by.value <= MOST : null,
    });
  }
  return table.exitCode();
}

/** Runs a server for as long as `load` takes, warm. */
async function using(server, cores, load) {
  await portFree(PORT);
  const [file, args, env = {}, kind] = server(cores);
  const processes = Array.from({ length: kind === 'each' ? cores : 1 }, () =>
    spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }),
  );
  try {
    await answers(PORT, TARGET);
    h2load(1);
    return load();
  } finally {
    await endAll(processes);
  }
}

/**
 * Loads for so long, with `each` requests per second on each connection, or as fast as it goes. Milliseconds.
 *
 * @param {number} seconds
 * @param {number | null} each
 */
function h2load(seconds, each = null) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const log = path.join(folder, 'log');
    const args = ['--h1', '-t1', `-c${CONNECTIONS}`, `-D${seconds}`, `--log-file=${log}`];
    if (each !== null) args.push(`--rps=${each}`);
    const { stdout } = spawnSync('h2load', [...args, `http://127.0.0.1:${PORT}${TARGET}`], {
      encoding: 'utf8',
    });
    const [, failed, errored, timedOut] = /(\d+) failed, (\d+) errored, (\d+) timeout/.exec(stdout);
    if (Number(failed) + Number(errored) + Number(timedOut) > 0)
      throw new Error(`h2load had errors:\n${stdout}`);
    const times = Float64Array.from(
      readFileSync(log, 'utf8').trimEnd().split('\n'),
      (line) => Number(line.split('\t')[2]) / 1000,
    ).sort();
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return { rate: times.length / seconds, middle: at(0.5), late: at(0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
