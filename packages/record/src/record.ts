import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Influence, ProfileWarning } from '@whetstone/profile';
import { compareOutputs } from './compare-outputs.ts';
import { comparedRuns } from './influence-check.ts';
import { estimatedInfluence, measuredInfluence } from './influence.ts';
import { assemble } from './node/assemble.ts';
import { agentFolder } from './node/start-node.ts';
import type { RawRecording, RecordOptions, Recording, Target } from './recording.ts';
import { revisionOf } from './revision-of.ts';
import { runProgram, type RunOptions } from './run-program.ts';
import { inherited, kept, replayed } from './streams.ts';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from './temporary-folders.ts';

/**
 * Runs the program, measures it, and makes a profile of what was seen.
 *
 * Its streams are the caller's own; with `counts` it runs twice, both times through pipes, and where stdin is
 * a terminal both runs read `/dev/null`. With `checkInfluence` it runs several times more, unseen. It ends as
 * without us; the caller is told how, and may end in the same way.
 *
 * @throws {@link RecordError} if the program cannot be started
 */
export async function record(target: Target, options: RecordOptions): Promise<Recording> {
  const again = options.counts || options.checkInfluence;
  const folder = again ? makeTemporaryFolder() : null;
  const progress = (stage: string) => (elapsed: number, samples: number) =>
    options.onProgress?.({ elapsed, samples, stage });
  try {
    const runOptions: RunOptions = {
      pass: 'time',
      workingDirectory: options.workingDirectory,
      interval: options.interval,
      for: options.for,
      waits: options.waits,
      deopts: options.deopts,
      cacheFolder: cacheFolder(),
      streams: folder === null ? inherited : kept(folder, options.counts),
      onProgress: options.onProgress && progress('measuring'),
    };
    const warnings: ProfileWarning[] = [];
    if (options.counts && process.stdin.isTTY) {
      warnings.push({
        code: 'input-empty',
        message: 'Two runs cannot read the same from a terminal: both read an empty input instead.',
      });
    }
    const raw = await runProgram(target, runOptions);

    let counts: RawRecording | null = null;
    if (options.counts && folder !== null && raw.threads.length > 0) {
      counts = await runProgram(target, {
        ...runOptions,
        pass: 'counts',
        for: null,
        deopts: false,
        streams: replayed(folder, 'second', true),
        onProgress: options.onProgress && progress('counting'),
      });
      warnings.push(...compareOutputs(folder, raw.exit, counts.exit));
    }

    let influence: Influence = estimatedInfluence(raw);
    if (options.checkInfluence && folder !== null && raw.threads.length > 0) {
      options.onProgress?.({
        elapsed: raw.end - raw.begin,
        samples: 0,
        stage: 'comparing with the plain program',
      });
      const pairs = await comparedRuns(target, runOptions, () => replayed(folder, 'unseen', false), raw.exit);
      if (typeof pairs === 'string') {
        warnings.push({
          code: 'influence-unknown',
          message: `What measuring cost could not be measured: ${pairs}.`,
        });
      } else influence = measuredInfluence(raw, pairs);
    }

    options.onProgress?.({ elapsed: raw.end - raw.begin, samples: 0, stage: 'assembling' });
    const profile = assemble(raw, counts, {
      sources: options.sources,
      modes: { counts: counts !== null, waits: options.waits, deopts: options.deopts, attached: false },
      influence,
      readText,
      agentFolder,
      revision: revisionOf(options.workingDirectory),
      warnings,
    });
    return { profile, exit: raw.exit as Recording['exit'] };
  } finally {
    if (folder !== null) removeFolder(folder);
  }
}

/** Where compiled TypeScript is kept between runs; without a place for it, each run compiles. */
function cacheFolder(): string {
  const folder = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'whetstone');
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return path.join(temporaryFolder(), 'whetstone-cache');
  }
  return folder;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
