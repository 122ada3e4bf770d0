import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './whetstone.mjs';

/**
 * What `node --cpu-prof` says of a program, read as most tools read it: every delta counts in full, and
 * lines and files are taken as they stand. Times in microseconds, by `name`, `file` and `file:line`; `ticks`
 * are samples by file, which gaps between them do not change.
 */
export async function cpuProf({
  node = process.execPath,
  program,
  cwd = process.cwd(),
  prefix = [],
  args = [],
}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, ...args];
    const { stdout } = await run([...prefix, node, ...flags, ...program], cwd);
    const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
    const profile = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    return { stdout, ...naively(profile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function naively({ nodes, samples, timeDeltas }) {
  const self = new Map();
  for (const [i, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + timeDeltas[i]);
  const [functions, files, lines, ticks] = [{}, {}, {}, {}];
  let total = 0;
  const add = (into, key, value) => (into[key] = (into[key] ?? 0) + value);
  for (const { id, callFrame, hitCount = 0, positionTicks = [] } of nodes) {
    const time = self.get(id) ?? 0;
    if (callFrame.functionName !== '(idle)') total += time;
    const name = path.basename(callFrame.url);
    add(functions, callFrame.functionName, time);
    add(files, name, time);
    add(ticks, name, hitCount);
    const all = positionTicks.reduce((sum, tick) => sum + tick.ticks, 0);
    for (const tick of positionTicks) add(lines, `${name}:${tick.line}`, (time * tick.ticks) / all);
  }
  return { functions, files, lines, ticks, total };
}
