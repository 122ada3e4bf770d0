import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assemble } from './node/assemble.ts';
import { agentFolder } from './node/start-node.ts';
import { estimatedInfluence } from './influence.ts';
import type { RecordOptions, Recording, Target } from './recording.ts';
import { inherited, runProgram } from './run-program.ts';

/**
 * Runs the program, measures it, and makes a profile of what was seen; the program's own streams, exit code
 * and signal are as without us.
 *
 * @throws {@link RecordError} if the program cannot be started
 */
export async function record(target: Target, options: RecordOptions): Promise<Recording> {
  const cacheFolder = path.join(os.homedir(), '.cache', 'whetstone');
  try {
    mkdirSync(cacheFolder, { recursive: true });
  } catch {
    // A read-only home costs the cache, not the run.
  }
  const raw = await runProgram(target, {
    pass: 'time',
    workingDirectory: options.workingDirectory,
    interval: options.interval,
    for: options.for,
    waits: options.waits,
    deopts: options.deopts,
    cacheFolder,
    streams: inherited,
    onProgress: options.onProgress && ((elapsed, samples) => options.onProgress?.({ elapsed, samples, stage: 'measuring' })),
  });
  options.onProgress?.({ elapsed: raw.end - raw.begin, samples: 0, stage: 'assembling' });
  const profile = assemble(raw, null, {
    sources: options.sources,
    modes: { counts: options.counts, waits: options.waits, deopts: options.deopts, attached: false },
    influence: estimatedInfluence(raw),
    readText,
    agentFolder: [agentFolder],
    revision: null,
  });
  return { profile, exit: { code: raw.exit.code, signal: raw.exit.signal as NodeJS.Signals | null } };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
