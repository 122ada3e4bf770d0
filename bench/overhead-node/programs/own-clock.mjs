import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Until what a start sets going beside the program, as the recorder's own thread, has settled: milliseconds. */
const START = 300;

/**
 * Times a stretch of the program by the program's own clock, wall and CPU in milliseconds, and leaves the
 * figures in the file that the first argument names, or says them: start-up has a row of its own in the table.
 */
export async function ownClock(work) {
  await setTimeout(START);
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  await work();
  const wall = Number(process.hrtime.bigint() - from) / 1e6;
  const used = process.cpuUsage(cpu);
  const figures = JSON.stringify({ wall, cpu: (used.user + used.system) / 1000 });
  const [, , file] = process.argv;
  if (file === undefined) console.error(figures);
  else writeFileSync(file, figures);
}
