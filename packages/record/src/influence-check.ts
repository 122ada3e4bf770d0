import { spawn } from 'node:child_process';
import { now } from './now.ts';
import { makeAgentFolder, withAgent } from './node/start-node.ts';
import { meanWithInterval } from './influence.ts';
import type { Target } from './recording.ts';
import { pythonPackageEnvironment } from './python/agent-marks.ts';
import { passSignals } from './pass-signals.ts';
import { runProgram, type ProgramRun, type RunOptions } from './run-program.ts';
import { environmentOf, scriptFolder } from './resolve-target.ts';
import type { Streams } from './streams.ts';
import { leaveFolder } from './temporary-folders.ts';

const FEWEST_PAIRS = 3;
const MOST_PAIRS = 10;
/** No further pair is begun after so long, in microseconds. */
const PATIENCE = 60e6;
/** An interval of ± 2 % is enough. */
const ENOUGH = 0.02;

/**
 * Runs the program without us and with us in turn.
 *
 * @returns wall times `[measured, plain]` of each pair, or why they cannot be compared
 */
export async function comparedRuns(
  target: Target,
  options: RunOptions,
  streams: () => Streams,
  exit: { readonly code: number | null; readonly signal: string | null },
): Promise<(readonly [number, number])[] | string> {
  const pairs: (readonly [number, number])[] = [];
  const began = now();
  while (pairs.length < MOST_PAIRS) {
    const walls = { measured: 0, plain: 0 };
    // The order changes, so that a machine that slows down does not speak for one side.
    const order =
      pairs.length % 2 === 0 ? (['plain', 'measured'] as const) : (['measured', 'plain'] as const);
    for (const which of order) {
      const run =
        which === 'plain'
          ? await plainRun(target, options, streams())
          : await runProgram(target, { ...options, streams: streams(), onProgress: undefined });
      if (run.interrupted) return 'a signal came while it was run again';
      const { code, signal } = run.exit;
      if (code !== exit.code || signal !== exit.signal)
        return `${which === 'plain' ? 'without us' : 'when run again'} the program ended with ${signal ?? `exit code ${code}`}`;
      walls[which] = run.wall;
    }
    pairs.push([walls.measured, walls.plain]);
    if (pairs.length < FEWEST_PAIRS) continue;
    const { half } = meanWithInterval(pairs.map(([measured, plain]) => Math.log(measured / plain)));
    if (half < ENOUGH || now() - began > PATIENCE) break;
  }
  return pairs;
}

/** Once without measuring; TypeScript still needs our loader, as it would need another without us. */
async function plainRun(
  target: Target,
  options: RunOptions,
  streams: Streams,
): Promise<Pick<ProgramRun, 'wall' | 'exit' | 'interrupted'>> {
  const own = environmentOf(target, options.workingDirectory, process.env);
  const loader = target.entry !== null && /\.([cm]?ts|[jt]sx)$/.test(target.entry);
  const agent = loader ? makeAgentFolder({ ...options, pass: 'plain', until: null }) : null;
  try {
    const begin = now();
    const child = spawn(target.command, [...target.args], {
      stdio: streams.stdio,
      cwd: target.kind === 'script' ? scriptFolder(options.workingDirectory) : options.workingDirectory,
      env:
        agent === null
          ? pythonPackageEnvironment(own, target, options.workingDirectory)
          : withAgent(own, agent.preload),
    });
    const connected = streams.connect?.(child);
    const signals = passSignals(child, null);
    const exit = await new Promise<ProgramRun['exit']>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    }).finally(() => signals.stop());
    const wall = now() - begin;
    await connected;
    return { wall, exit, interrupted: signals.interrupted };
  } finally {
    if (agent !== null) leaveFolder(agent.folder, agent.preload);
  }
}
