// What a server's processes cost, by /proc: all of them, with those that they started.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';

/** Ticks of the kernel's clock in a second: `getconf CLK_TCK`. */
const TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/** These child processes and all below them, by pid. */
export function tree(processes) {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = stat(pid)?.[1];
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const all = [];
  const queue = processes.map(({ pid }) => String(pid));
  while (queue.length > 0) {
    const pid = queue.shift();
    all.push(Number(pid));
    queue.push(...(children.get(pid) ?? []));
  }
  return all;
}

/** User and system time that these pids have used, in microseconds. */
export function cpuTime(pids) {
  const ticks = pids.reduce((sum, pid) => {
    const fields = stat(String(pid));
    return fields ? sum + Number(fields[11]) + Number(fields[12]) : sum;
  }, 0);
  return (ticks / TICKS) * 1e6;
}

/** Kills these child processes with all below them, and resolves when they have ended. */
export async function endAll(processes) {
  for (const pid of tree(processes)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended with its parent.
    }
  }
  await Promise.all(
    processes.map((one) => (one.exitCode ?? one.signalCode) || new Promise((done) => one.on('exit', done))),
  );
}

/** Resolves once nobody listens on this port any more: the last thread of a process that was killed may hold it for a while. */
export async function portFree(port) {
  for (;;) {
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The fields of /proc/<pid>/stat behind the name: state, parent, … */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
