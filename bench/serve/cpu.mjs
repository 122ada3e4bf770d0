// CPU per request of our server and named peers, interleaved: hello, JSON, and a path's parameter with a query and a
// header as JSON, with 64 connections of wrk, on one core and on two.
//
// `wrk` shares the machine, so requests per second say as much of it as of the server; CPU per request (user and
// system, of the whole process tree, by /proc) does not.
import { spawn, spawnSync } from 'node:child_process';
import { interleave } from '../harness/interleave.mjs';
import { median, medianInterval } from '../harness/statistics.mjs';
import { count, openTable, ratio } from '../harness/table.mjs';
import { answers } from './answers.mjs';
import { cpuTime, endAll, portFree, tree } from './processes.mjs';
import { PORT, candidates } from './servers.mjs';

const CONNECTIONS = 64;
const NATIVE = 'whetstone (native)';
const TYPESCRIPT = 'whetstone (typescript)';
const paths = { hello: '/', JSON: '/json', user: '/user/42?name=whetstone' };

/** A peer's CPU per request ÷ ours, at least, for which paths. */
const limits = {
  'Go net/http': { ours: NATIVE, least: 1.5, of: ['JSON', 'user'] },
  'Go fasthttp': { ours: NATIVE, least: 1, of: ['hello', 'JSON', 'user'] },
  'node:http': { ours: TYPESCRIPT, least: 1.2, of: ['hello', 'JSON', 'user'] },
};
/** A server that used less of its cores than this share waited for wrk. */
const BUSY = 0.9;

/** Prints the tables of CPU per request; resolves to how many limits were not met. `only`: parts of names, `title`: of titles. */
export async function cpuTable({ rounds, seconds, only = null, title = '' }) {
  const servers = candidates();
  const all = Object.keys(servers);
  for (const name of all) if (only && !only.some((part) => name.includes(part))) delete servers[name];
  process.stdout.write(
    `${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections; CPU per request in µs, medians with 95 % intervals\n` +
      'requests/s*: wrk was the bottleneck, the server had time left\n',
  );
  let over = 0;
  let measured = 0;
  for (const cores of [1, 2]) {
    for (const [what, target] of Object.entries(paths)) {
      const full = `${what}, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
      if (!full.includes(title)) continue;
      measured++;
      process.stdout.write(`\n${full}\n`);
      const runs = Object.fromEntries(
        Object.entries(servers).map(([name, server]) => [
          name,
          () => measure(server, target, cores, seconds),
        ]),
      );
      const results = await interleave(runs, rounds);
      over += print(results, what);
    }
  }
  if (!only && !all.includes(NATIVE)) over++;
  if (measured === 0)
    throw new Error(
      `TITLE is '${title}', and no table's title has that: hello, JSON or user, 1 core or 2 cores`,
    );
  return over;
}

function print(results, what) {
  const table = openTable(['name', 'CPU', 'interval', '÷ native', '÷ typescript', 'requests/s', 'limit'], {
    name: 24,
    interval: 18,
    limit: 20,
  });
  for (const [name, runs] of Object.entries(results)) {
    const cpu = medianInterval(runs.map((run) => run.cpu));
    // Of runs of the same round: what slows the machine slows both.
    const by = (ours) =>
      results[ours] ? medianInterval(runs.map((run, i) => run.cpu / results[ours][i].cpu)) : null;
    const limit = limits[name]?.of.includes(what) ? limits[name] : null;
    const measured = limit ? by(limit.ours) : null;
    const shown = (ours) => (results[ours] ? ratio(by(ours).value) : '');
    const waited = median(runs.map((run) => run.busy)) < BUSY;
    table.add({
      name,
      CPU: cpu.value.toFixed(2),
      interval: `${cpu.low.toFixed(2)} … ${cpu.high.toFixed(2)}`,
      '÷ native': shown(NATIVE),
      '÷ typescript': shown(TYPESCRIPT),
      'requests/s': count(Math.round(median(runs.map((run) => run.rate)))) + (waited ? '*' : ''),
      limit: limit ? `${limit.ours === NATIVE ? 'native' : 'typescript'} ≥ ${limit.least.toFixed(1)}` : '',
      ok: measured ? measured.value >= limit.least : null,
    });
  }
  return table.exitCode();
}

/** One run: CPU per request in microseconds, requests per second, and the share of its cores that it used. */
async function measure(server, target, cores, time) {
  await portFree(PORT);
  const [file, args, env = {}, kind] = server(cores);
  const pinned = cores === 1 ? ['taskset', ['-c', '0', file, ...args]] : [file, args];
  const processes = Array.from({ length: kind === 'each' ? cores : 1 }, () =>
    spawn(...pinned, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }),
  );
  try {
    await answers(PORT, target);
    // Compiled and warm, as it is after a minute of service.
    load(target, 1, cores);
    const pids = tree(processes);
    const before = cpuTime(pids);
    const { requests, seconds } = load(target, time, cores);
    const used = cpuTime(pids) - before;
    if (processes.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null))
      throw new Error(`${file} ended by itself: is port ${PORT} free?`);
    return { cpu: used / requests, rate: requests / seconds, busy: used / 1e6 / seconds / cores };
  } finally {
    await endAll(processes);
  }
}

function load(target, seconds, cores) {
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '-H',
    'X-Agent: wrk',
    `http://127.0.0.1:${PORT}${target}`,
  ];
  const { stdout } =
    cores === 1
      ? spawnSync('taskset', ['-c', '1', 'wrk', ...args], { encoding: 'utf8' })
      : spawnSync('wrk', args, { encoding: 'utf8' });
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk had errors:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(took) };
}
