import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PackError } from '../pack-error.ts';
import { type DynamicLoad, dynamicLoads } from './dynamic-loads.ts';

/** What a run loaded. */
export interface Trace {
  /** Files that it loaded or opened, real paths, sorted. */
  readonly files: readonly string[];
  /** Places in them that load what only a run knows: another run may need files that this one did not. */
  readonly dynamic: readonly DynamicLoad[];
}

/**
 * Runs a shell command and notes each file that its Node and Python processes load or open: children, workers,
 * addons and data files among them. What the command prints goes to stderr.
 *
 * @param folder where it runs; files of places that are traced are below `within`
 * @param within only files below these folders are told; absolute
 * @throws {@link PackError} `PACK_TOOL_FAILED` where the command fails: it may then have loaded too little
 */
export async function traceRun(
  command: string,
  folder: string,
  within: readonly string[] = [folder],
): Promise<Trace> {
  const notes = mkdtempSync(path.join(tmpdir(), 'whetstone-trace-'));
  try {
    await runTraced(command, folder, notes);
    const tops = within.map((one) => realpathSync(one));
    const files = new Set<string>();
    for (const name of readdirSync(notes))
      for (const file of readFileSync(path.join(notes, name), 'utf8').split('\0')) {
        const real = realFile(file);
        if (real !== undefined && tops.some((top) => real.startsWith(`${top}/`))) files.add(real);
      }
    const sorted = [...files].toSorted();
    return { files: sorted, dynamic: await dynamicLoads(sorted) };
  } finally {
    rmSync(notes, { recursive: true, force: true });
  }
}

const agents = fileURLToPath(new URL('agents', import.meta.url));

async function runTraced(command: string, folder: string, notes: string): Promise<void> {
  const { NODE_OPTIONS = '', PYTHONPATH = '' } = process.env;
  const preload = JSON.stringify(path.join(agents, 'preload.cjs'));
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: folder,
    // stdout is the build's own.
    stdio: ['inherit', 2, 2],
    env: {
      ...process.env,
      WHETSTONE_PACK_TRACE: notes,
      NODE_OPTIONS: `${NODE_OPTIONS} --require ${preload}`.trim(),
      PYTHONPATH: [agents, PYTHONPATH].filter((one) => one !== '').join(path.delimiter),
    },
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? 128 + constants.signals[signal!]));
  });
  if (code !== 0)
    throw new PackError(
      'PACK_TOOL_FAILED',
      `The traced run '${command}' ended with ${code}: a run that fails may have loaded too little.`,
    );
}

function realFile(file: string): string | undefined {
  if (file === '' || !existsSync(file)) return undefined;
  const real = realpathSync(file);
  return statSync(real).isFile() ? real : undefined;
}
