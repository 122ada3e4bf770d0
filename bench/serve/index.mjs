// Our server against named peers: CPU per request, Python behind it, p99 at a quarter of Go's maximum, idle connections.
//
// `--only cpu,python,latency,idle` chooses tables. Environment: ROUNDS, SECONDS, PORT, ONLY=native,node:http (parts of names) and
// TITLE='user, 2 cores' (part of a title), both of the first tables alone. Exit code 1 where a limit is not met, 2 where wrk is missing.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { machineLine } from '../harness/machine.mjs';
import { cpuTable } from './cpu.mjs';
import { idleTable } from './idle.mjs';
import { latencyTable } from './latency.mjs';
import { pythonTable } from './python.mjs';

const rounds = Number(process.env.ROUNDS ?? 5);
const seconds = Number(process.env.SECONDS ?? 2);
const only = process.env.ONLY?.split(',');
const title = process.env.TITLE;
const tables = {
  cpu: () => cpuTable({ rounds, seconds, only, title }),
  python: () => pythonTable({ rounds, seconds }),
  latency: () => latencyTable({ rounds, seconds }),
  idle: () => idleTable({ rounds: Math.min(rounds, 3) }),
};
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? Object.keys(tables);
const unknown = chosen.find((name) => !(name in tables));

if (unknown !== undefined) {
  process.stderr.write(`No table '${unknown}'. Tables: ${Object.keys(tables).join(', ')}\n`);
  process.exitCode = 2;
} else if (spawnSync('wrk', ['--version']).error) {
  process.stderr.write('bench/serve needs wrk: apt-get install wrk\n');
  process.exitCode = 2;
} else {
  process.stdout.write(`${machineLine()}\n`);
  let over = 0;
  for (const name of chosen) over += await tables[name]();
  process.exitCode = over > 0 ? 1 : 0;
}
