import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Influence, ProfileWarning } from '@whetstone/profile';
import { compareOutputs } from './compare-outputs.ts';
import { comparedRuns } from './influence-check.ts';
import { estimatedInfluence, measuredInfluence } from './influence.ts';
import { assemble } from './assemble.ts';
import { agentFolder } from './node/start-node.ts';
import type { RawRecording, RecordOptions, Recording, Target } from './recording.ts';
import { revisionOf } from './revision-of.ts';
import { runProgram, type RunOptions } from './run-program.ts';
import { inherited, kept, replayed } from './streams.ts';
import { makeTemporaryFolder, removeFolder } from './temporary-folders.ts';

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
  const cache = cacheFolder();
  const folder = again || cache === null ? makeTemporaryFolder() : null;
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
      cacheFolder: cache ?? path.join(folder!, 'compiled'),
      streams: !again || folder === null ? inherited : kept(folder, options.counts),
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

    const lost = runOptions.streams.lost?.() ?? null;
    if (lost !== null) {
      const message = `What the program read and printed could not be kept for another run of it (${lost}), so there was none.`;
      warnings.push({ code: 'not-run-again', message });
    }
    const runAgain = folder !== null && raw.threads.length > 0 && lost === null;
    let counts: RawRecording | null = null;
    if (options.counts && runAgain) {
      const second = replayed(folder, 'second', true);
      counts = await runProgram(target, {
        ...runOptions,
        pass: 'counts',
        for: null,
        deopts: false,
        streams: second,
        onProgress: options.onProgress && progress('counting'),
      });
      const unseen = second.lost?.() ?? null;
      if (unseen === null) warnings.push(...compareOutputs(folder, raw.exit, counts.exit));
      else {
        const message = `Whether the second run, which counted, printed the same is not known (${unseen}).`;
        warnings.push({ code: 'outputs-unknown', message });
      }
    }

    let influence: Influence = estimatedInfluence(raw);
    if (options.checkInfluence && runAgain) {
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

/**
 * Where compiled TypeScript is kept between runs; `null` where there is no such place. One that others could
 * write to will not do: what lies there is run.
 */
function cacheFolder(): string | null {
  const folder = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'whetstone');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
