// Requests per second of a Python application behind our front and behind named peers, with as many Python processes.
//
// All servers run at once and are loaded in turn: those that wait cost nothing. Nothing is pinned, and wrk shares the
// machine; ours has the front beside its Python processes, whose CPU per request is printed too.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { interleave } from '../harness/interleave.mjs';
import { median, medianInterval } from '../harness/statistics.mjs';
import { count, openTable, ratio, ratioInterval } from '../harness/table.mjs';
import { command } from '../harness/whetstone.mjs';
import { answers } from './answers.mjs';
import { cpuTime, endAll, portFree, tree } from './processes.mjs';
import { programs } from './servers.mjs';

const CONNECTIONS = 64;
const FIRST_PORT = 18_100;
const PYTHON = '/usr/bin/python3';
const paths = { hello: '/', user: '/user/42?name=whetstone' };
const WSGI = 'whetstone, WSGI';
const ASGI = 'whetstone, ASGI';

/** Ours ÷ theirs in requests per second, at least. */
const limits = {
  'gunicorn (sync)': { ours: WSGI, least: 3 },
  'uvicorn (h11)': { ours: ASGI, least: 3 },
  'uvicorn (uvloop, httptools)': { ours: ASGI, least: 1 },
};

/** Prints the tables of Python applications; resolves to how many limits were not met. */
export async function pythonTable({ rounds, seconds }) {
  const modules = 'import gunicorn, uvicorn, h11, uvloop, httptools';
  if (spawnSync(PYTHON, ['-c', modules], { stdio: 'ignore' }).status !== 0) {
    process.stderr.write(
      'The Python tables need apt-get install gunicorn uvicorn python3-h11 python3-uvloop python3-httptools\n',
    );
    return Object.keys(limits).length;
  }
  process.stdout.write(
    `\nPython applications: ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections; medians with 95 % intervals\n` +
      'CPU: µs per request of all processes but wrk; front: of ours, what is not Python\n',
  );
  let over = 0;
  for (const processes of [1, 2]) {
    const servers = await start(processes);
    try {
      for (const [what, target] of Object.entries(paths)) {
        for (const { port } of Object.values(servers)) {
          await answers(port, target);
          load(port, target, 1);
        }
        const runs = Object.fromEntries(
          Object.entries(servers).map(([name, server]) => [name, () => measure(server, target, seconds)]),
        );
        process.stdout.write(`\n${what}, ${processes} Python ${processes === 1 ? 'process' : 'processes'}\n`);
        over += print(await interleave(runs, rounds));
      }
    } finally {
      await endAll(Object.values(servers).map(({ child }) => child));
    }
  }
  return over;
}

/** Each server on a port of its own. gunicorn runs uvicorn's workers, as its manual advises for more than one. */
async function start(processes) {
  const gunicorn = (port, worker, app) => [
    'gunicorn',
    ['-w', processes, '-k', worker, '-b', `127.0.0.1:${port}`, '--backlog', 2048, `applications:${app}`],
  ];
  const ours = (port, app) => [
    process.execPath,
    [command, 'serve', '--python', PYTHON, '--workers', processes, '--port', port, `applications.py:${app}`],
  ];
  const commands = {
    'gunicorn (sync)': (port) => gunicorn(port, 'sync', 'wsgi'),
    'uvicorn (h11)': (port) => gunicorn(port, 'uvicorn.workers.UvicornH11Worker', 'asgi'),
    'uvicorn (uvloop, httptools)': (port) => gunicorn(port, 'uvicorn.workers.UvicornWorker', 'asgi'),
    [WSGI]: (port) => ours(port, 'wsgi'),
    [ASGI]: (port) => ours(port, 'asgi'),
  };
  const ports = Object.keys(commands).map((_, i) => FIRST_PORT + i);
  await Promise.all(ports.map(portFree));
  return Object.fromEntries(
    Object.entries(commands).map(([name, of], i) => {
      const port = ports[i];
      const [file, args] = of(port);
      const env = { ...process.env, PATH: `${path.dirname(PYTHON)}:${process.env.PATH}` };
      const child = spawn(file, args.map(String), {
        cwd: programs,
        env,
        stdio: ['ignore', 'ignore', name.startsWith('whetstone') ? 'inherit' : 'ignore'],
      });
      return [name, { port, child, ours: name.startsWith('whetstone') }];
    }),
  );
}

function load(port, target, time) {
  const url = `http://127.0.0.1:${port}${target}`;
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${time}s`, '-H', 'X-Agent: wrk', url];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (/Non-2xx/.test(stdout)) throw new Error(`wrk had errors:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(took) };
}

function measure({ port, child, ours }, target, time) {
  const pids = tree([child]);
  const front = ours ? [child.pid] : [];
  const [before, frontBefore] = [cpuTime(pids), cpuTime(front)];
  const { requests, seconds } = load(port, target, time);
  if (child.exitCode !== null) throw new Error(`a server ended by itself: is port ${port} free?`);
  return {
    rate: requests / seconds,
    cpu: (cpuTime(pids) - before) / requests,
    front: (cpuTime(front) - frontBefore) / requests,
  };
}

function print(results) {
  const table = openTable(['name', 'requests/s', 'CPU', 'front', 'limit', 'ours ÷ it', 'interval'], {
    name: 28,
    interval: 18,
    limit: 8,
    CPU: 8,
    front: 8,
  });
  for (const [name, runs] of Object.entries(results)) {
    const limit = limits[name];
    // Of runs of the same round: what slows the machine slows both.
    const by = limit && medianInterval(runs.map((run, i) => results[limit.ours][i].rate / run.rate));
    const front = median(runs.map((run) => run.front));
    table.add({
      name,
      'requests/s': count(Math.round(median(runs.map((run) => run.rate)))),
      CPU: median(runs.map((run) => run.cpu)).toFixed(1),
      front: front > 0 ? front.toFixed(1) : '',
      limit: limit ? `≥ ${limit.least.toFixed(1)}` : '',
      'ours ÷ it': by ? ratio(by.value) : '',
      interval: by ? ratioInterval(by) : '',
      ok: by ? by.value >= limit.least : null,
    });
  }
  return table.exitCode();
}
