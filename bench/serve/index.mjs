// CPU per request of our server and named peers, interleaved: hello, JSON, and a path's parameter with a query and a
// header as JSON, with 64 connections of wrk, on one core and on two.
//
// `wrk` shares the machine, so requests per second say as much of it as of the server; CPU per request (user and
// system, of the whole process tree, by /proc) does not. Options: ROUNDS, SECONDS, ONLY=ours,node-http.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { median, medianInterval } from '../harness/statistics.mjs';
import { count, openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { cpuTime, endAll, tree } from './processes.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 2);
const CONNECTIONS = 64;
const PORT = 18_080;
const OURS = 'whetstone (typescript)';
/** node:http's CPU per request ÷ ours, at least, on one core of the same Node. */
const NODE_LIMIT = 1.2;

const programs = path.join(import.meta.dirname, 'programs');
const cache = path.resolve(import.meta.dirname, '../.cache/serve');
const paths = { hello: '/', JSON: '/json', user: '/user/42?name=whetstone' };
const expected = {
  '/': 'hello',
  '/json': '{"message":"hello","number":42}',
  '/user/42?name=whetstone': '{"id":"42","name":"whetstone","agent":"wrk"}',
};

if (spawnSync('wrk', ['--version']).error) {
  process.stderr.write('bench/serve needs wrk: apt-get install wrk\n');
  process.exit(2);
}

const servers = candidates();
const only = process.env.ONLY?.split(',');
for (const name of Object.keys(servers))
  if (only && !only.some((part) => name.includes(part))) delete servers[name];
process.stdout.write(`${machineLine()}\n`);
process.stdout.write(
  `${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections; CPU per request in µs, medians with 95 % intervals\n`,
);

let over = 0;
for (const cores of [1, 2]) {
  for (const [what, target] of Object.entries(paths)) {
    process.stdout.write(`\n${what}, ${cores} ${cores === 1 ? 'core' : 'cores'}\n`);
    const runs = Object.fromEntries(
      Object.entries(servers).map(([name, server]) => [name, () => measure(server, target, cores)]),
    );
    const results = await interleave(runs, ROUNDS);
    const table = openTable(['name', 'CPU', 'interval', 'CPU ÷ ours', 'requests/s', 'limit'], {
      interval: 18,
    });
    for (const [name, rounds] of Object.entries(results)) {
      const cpu = medianInterval(rounds.map((round) => round.cpu));
      const ratios =
        results[OURS] && medianInterval(rounds.map((round, i) => round.cpu / results[OURS][i].cpu));
      const limited = cores === 1 && name === 'node:http';
      table.add({
        name,
        CPU: cpu.value.toFixed(2),
        interval: `${cpu.low.toFixed(2)} … ${cpu.high.toFixed(2)}`,
        'CPU ÷ ours': ratios ? ratio(ratios.value) : '',
        'requests/s': count(Math.round(median(rounds.map((round) => round.rate)))),
        limit: limited ? `≥ ${NODE_LIMIT}` : '',
        ok: limited && ratios ? ratios.value >= NODE_LIMIT : null,
      });
      if (limited && ratios) process.stdout.write(`  interval of the ratio: ${ratioInterval(ratios)}\n`);
    }
    over += table.exitCode();
  }
}
process.exitCode = over > 0 ? 1 : 0;

/** What is there to compare with; what cannot be had is named on stderr, and left out. */
function candidates() {
  const node = (file) => (cores) => [
    process.execPath,
    [path.join(programs, file), String(PORT), String(cores)],
  ];
  const list = {
    [OURS]: node('ours.mjs'),
    'node:http': node('node-http.mjs'),
    Fastify: node('fastify.mjs'),
    Hono: node('hono.mjs'),
  };
  for (const [name, file] of [
    ['Go net/http', 'nethttp.go'],
    ['Go fasthttp', 'fasthttp.go'],
  ]) {
    const binary = goProgram(file);
    if (binary) list[name] = (cores) => [binary, [String(PORT)], { GOMAXPROCS: String(cores) }];
    else
      process.stderr.write(
        `${name} is left out: apt-get install golang-go golang-github-valyala-fasthttp-dev\n`,
      );
  }
  const bun = bunProgram();
  // One process of Bun is one core; two listen on the same port.
  if (bun) list.Bun = () => [bun, [path.join(programs, 'bun.mjs'), String(PORT)], {}, 'each'];
  else process.stderr.write('Bun is left out: npm has it not for this system.\n');
  return list;
}

function goProgram(file) {
  const binary = path.join(cache, path.basename(file, '.go'));
  mkdirSync(cache, { recursive: true });
  // Debian's libraries for Go lie in a path of the old kind.
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOFLAGS: '',
    GOCACHE: path.join(cache, 'go'),
  };
  const { status } = spawnSync('go', ['build', '-o', binary, path.join(programs, file)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? binary : null;
}

function bunProgram() {
  const name = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`;
  const file = path.join(cache, 'node_modules', name, 'bin', 'bun');
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    spawnSync(
      'npm',
      ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', cache, name],
      { stdio: 'ignore' },
    );
  }
  return existsSync(file) && spawnSync(file, ['--version']).status === 0 ? file : null;
}

/** One run: CPU per request in microseconds, and requests per second. */
async function measure(server, target, cores) {
  const [file, args, env = {}, kind] = server(cores);
  const pinned = cores === 1 ? ['taskset', ['-c', '0', file, ...args]] : [file, args];
  const processes = Array.from({ length: kind === 'each' ? cores : 1 }, () =>
    spawn(...pinned, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }),
  );
  try {
    await answers(target);
    // Compiled and warm, as it is after a minute of service.
    load(target, 1, cores);
    const pids = tree(processes);
    const before = cpuTime(pids);
    const { requests, seconds } = load(target, SECONDS, cores);
    return { cpu: (cpuTime(pids) - before) / requests, rate: requests / seconds };
  } finally {
    await endAll(processes);
  }
}

async function answers(target) {
  for (let tries = 0; ; tries++) {
    try {
      const response = await fetch(`http://127.0.0.1:${PORT}${target}`, { headers: { 'x-agent': 'wrk' } });
      const text = await response.text();
      if (text !== expected[target]) throw new Error(`${target} is answered with ${text}`);
      return;
    } catch (error) {
      if (tries > 100 || !/fetch failed/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
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
