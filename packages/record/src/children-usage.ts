import { readFileSync } from 'node:fs';

/** Of one tick of /proc/PID/stat, in microseconds: Linux gives all programs 100 a second. */
const TICK = 10_000;

/** CPU time of all processes that we started and that have ended, and of those that they waited for; else `null`. */
export function childrenUsage(): number | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // cutime and cstime, the 16th and 17th field of the line.
    return (Number(fields[13]) + Number(fields[14])) * TICK;
  } catch {
    return null;
  }
}
