// What a connection costs in memory that is kept and does nothing: PSS of all processes of a server (/proc/<pid>/smaps_rollup)
// with 10,000 of them, less what it had before, once it was warm.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { interleave } from '../harness/interleave.mjs';
import { medianInterval } from '../harness/statistics.mjs';
import { openTable } from '../harness/table.mjs';
import { answers } from './answers.mjs';
import { endAll, portFree, tree } from './processes.mjs';
import { PORT, candidates } from './servers.mjs';

const CONNECTIONS = 10_000;
/** Opened at once: fewer than any server's backlog. */
const AT_ONCE = 100;
const TARGET = '/json';
const NATIVE = 'whetstone (native)';
/** KiB for each connection, less than. */
const MOST = 1;
/** In which what was opened comes to rest, milliseconds. */
const REST = 2000;

/** Prints the table of idle connections; resolves to how many limits were not met. */
export async function idleTable({ rounds }) {
  const servers = candidates();
  const chosen = [NATIVE, 'whetstone (typescript)', 'Go net/http', 'Go fasthttp', 'node:http'];
  process.stdout.write(
    `\nIdle: ${rounds} rounds, ${CONNECTIONS.toLocaleString('en-US')} connections that had one answer each; KiB of PSS for each, medians with 95 % intervals\n`,
  );
  const runs = Object.fromEntries(
    chosen.filter((name) => servers[name]).map((name) => [name, () => measure(servers[name])]),
  );
  const table = openTable(undefined, { name: 24, interval: 18 });
  for (const [name, sizes] of Object.entries(await interleave(runs, rounds))) {
    const size = medianInterval(sizes);
    const limited = name === NATIVE;
    table.add({
      name,
      limit: limited ? `< ${MOST}` : '',
      measured: size.value.toFixed(2),
      interval: `${size.low.toFixed(2)} … ${size.high.toFixed(2)}`,
      ok: limited ? size.value < MOST : null,
    });
  }
  return (servers[NATIVE] ? 0 : 1) + table.exitCode();
}

async function measure(server) {
  await portFree(PORT);
  const [file, args, env = {}] = server(1);
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  const open = [];
  try {
    await answers(PORT, TARGET);
    spawnSync('wrk', ['-t1', '-c64', '-d2s', '-H', 'X-Agent: wrk', `http://127.0.0.1:${PORT}${TARGET}`]);
    await rest();
    const before = memory(child);
    while (open.length < CONNECTIONS)
      open.push(...(await Promise.all(Array.from({ length: AT_ONCE }, answered))));
    await rest();
    const left = open.filter(({ closed }) => closed).length;
    if (left > 0) throw new Error(`${file} closed ${left} of the connections`);
    return (memory(child) - before) / CONNECTIONS;
  } finally {
    for (const socket of open) socket.destroy();
    await endAll([child]);
  }
}

const rest = () => new Promise((resolve) => setTimeout(resolve, REST));

/** A connection that had its answer. */
function answered() {
  return new Promise((resolve, reject) => {
    const socket = connect(PORT, '127.0.0.1');
    socket.on('error', reject);
    socket.once('data', () => resolve(socket));
    socket.write(`GET ${TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Agent: wrk\r\n\r\n`);
  });
}

/** KiB of all processes of a server. */
function memory(child) {
  return tree([child]).reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(text)[1]);
  }, 0);
}
