import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pythonStates, type RawPython } from '../../src/python/raw-python.ts';
import { startPythonSampler } from '../../src/python/start-python-sampler.ts';

/** One row of samples in words. */
export interface Seen {
  readonly pid: number;
  readonly tid: number;
  /** `function:line`, outermost first; the lines of callers are those of their calls. */
  readonly stack: readonly string[];
  readonly files: readonly string[];
  readonly state: string;
  /** `kind call target`, or the empty string. */
  readonly wait: string;
  readonly time: number;
  readonly duration: number;
}

export interface SampledProgram {
  readonly raw: RawPython;
  readonly rows: readonly Seen[];
  readonly stdout: string;
  readonly exit: number | string | null;
  readonly folder: string;
}

/**
 * Runs a program of Python and samples it.
 *
 * In the program `step(n)` is true until the sampler has seen enough of step `n`, so that it can say
 * `while step(0): …`: nothing depends on how fast the machine is.
 */
export async function sampleProgram(
  python: string,
  text: string,
  {
    steps = 0,
    looks = 60,
    args = [],
    signal,
  }: { steps?: number; looks?: number; args?: readonly string[]; signal?: NodeJS.Signals } = {},
): Promise<SampledProgram> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'whetstone-sampled-'));
  try {
    const program = path.join(folder, 'program.py');
    writeFileSync(path.join(folder, 'steps.py'), stepsModule);
    writeFileSync(program, text);
    const sampler = await startPythonSampler({ interval: 1000, until: Infinity, isPython: true });
    const child = spawn(python, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = new Promise<number | string | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, by) => resolve(code ?? by));
    });
    if (child.pid !== undefined) sampler.watch(child.pid);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const runs = () => child.exitCode === null && child.signalCode === null;
    for (let step = 0; step < steps && runs(); step++) {
      // The program says that it has come so far by beginning to write there.
      while (runs() && !stdout.includes(`step ${step}\n`)) await setTimeout(5);
      const before = sampler.progress().looks;
      while (runs() && sampler.progress().looks < before + looks) await setTimeout(5);
      writeFileSync(path.join(folder, `done-${step}`), '');
    }
    if (signal !== undefined) child.kill(signal);
    const code = await exit;
    const raw = await sampler.stop();
    return { raw, rows: rowsOf(raw), stdout, exit: code, folder };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const stepsModule = `
import os, sys
_folder = os.path.dirname(os.path.abspath(__file__))
_told = set()
def step(n):
    if n not in _told:
        _told.add(n)
        os.write(1, b'step %d\\n' % n)
    return not os.path.exists(f'{_folder}/done-{n}')
`;

function rowsOf({ processes, threads, samples, stacks, codes, strings, waits }: RawPython): Seen[] {
  return Array.from(samples.thread, (thread, row) => {
    const stack: string[] = [];
    const files: string[] = [];
    let line = samples.line[row];
    for (let node = samples.stack[row] ?? -1; node !== -1; node = stacks.parent[node] ?? -1) {
      const code = stacks.code[node] ?? 0;
      stack.unshift(`${strings[codes.qualname[code] ?? 0]}:${line}`);
      files.unshift(strings[codes.file[code] ?? 0] ?? '');
      line = stacks.callLine[node];
    }
    const wait = waits[samples.wait[row] ?? -1];
    return {
      pid: processes[threads[thread]?.process ?? 0]?.pid ?? 0,
      tid: threads[thread]?.tid ?? 0,
      stack,
      files,
      state: pythonStates[samples.state[row] ?? 0] ?? '',
      wait: wait === undefined ? '' : `${wait.kind} ${wait.call} ${wait.target}`,
      time: samples.time[row] ?? 0,
      duration: samples.duration[row] ?? 0,
    };
  });
}
