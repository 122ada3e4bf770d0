// What a server's processes cost, by /proc: all of them, with those that they started.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

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

/** Kills these child processes with all below them, and resolves when the last has ended: until then they hold their port. */
export async function endAll(processes) {
  const pids = tree(processes);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended with its parent.
    }
  }
  const lives = (pid) => {
    const fields = stat(String(pid));
    return fields !== null && fields[0] !== 'Z';
  };
  while (pids.some(lives)) await new Promise((resolve) => setTimeout(resolve, 20));
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
