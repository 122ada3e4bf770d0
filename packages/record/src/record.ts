import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Influence, ProfileWarning } from '@whetstone/profile';
import { assemble } from './assemble.ts';
import { compareOutputs } from './compare-outputs.ts';
import { comparedRuns } from './influence-check.ts';
import { estimatedInfluence, measuredInfluence, withEstimatedInfluence } from './influence.ts';
import { agentFolder } from './node/start-node.ts';
import { countedFunctions } from './python/counted-functions.ts';
import type { FurtherPass, RawRecording, RecordOptions, Recording, Target } from './recording.ts';
import { revisionOf } from './revision-of.ts';
import { runProgram, type RunOptions } from './run-program.ts';
import { inherited, kept, replayed } from './streams.ts';
import { makeTemporaryFolder, removeFolder } from './temporary-folders.ts';

/**
 * Runs the program, measures it, and makes a profile of what was seen.
 *
 * Its streams are the caller's own. Counts, memory and deoptimisations take a run each besides: then all go through pipes, and
 * where stdin is a terminal all read `/dev/null`. With `checkInfluence` it runs several times more, unseen. It
 * ends as without us; the caller is told how, and may end in the same way.
 *
 * @throws {@link RecordError} if the program cannot be started
 */
export async function record(target: Target, options: RecordOptions): Promise<Recording> {
  const passes = furtherPasses(options, target);
  const again = passes.length > 0 || options.checkInfluence;
  const cache = cacheFolder();
  const folder = again || cache === null ? makeTemporaryFolder() : null;
  try {
    const runOptions: RunOptions = {
      pass: 'time',
      workingDirectory: options.workingDirectory,
      interval: options.interval,
      for: options.for,
      waits: options.waits,
      countLines: [],
      cacheFolder: cache ?? path.join(folder!, 'compiled'),
      streams: !again || folder === null ? inherited : kept(folder, passes.length > 0),
      onProgress: progressOf(options, 'measuring'),
    };
    const warnings: ProfileWarning[] = [];
    if (options.deopts && target.kind !== 'node') {
      warnings.push({
        code: 'no-deopts',
        message:
          'Deoptimisations are traced for a file that Node runs: for other programs, and scripts of package.json, they are not known.',
      });
    }
    if (passes.length > 0 && process.stdin.isTTY) {
      warnings.push({
        code: 'input-empty',
        message: 'Several runs cannot read the same from a terminal: all read an empty input instead.',
      });
    }
    const raw = await runProgram(target, runOptions);

    const lost = runOptions.streams.lost?.() ?? null;
    if (lost !== null) {
      const message = `What the program read and printed could not be kept for another run of it (${lost}), so there was none.`;
      warnings.push({ code: 'not-run-again', message });
    }
    // A Python that ended before the first sample can be counted all the same.
    const known = raw.runtime.name !== 'other';
    const runAgain = folder !== null && known && lost === null;
    const further: { [P in FurtherPass]?: RawRecording } = {};
    for (const pass of runAgain ? passes : []) {
      const run = await furtherRun(pass, raw, target, runOptions, options, folder!);
      if ((run.raw.missed ?? null) === null) further[pass] = run.raw;
      warnings.push(...run.warnings);
    }

    let influence: Influence = estimatedInfluence(raw);
    if (options.checkInfluence && runAgain) {
      options.onProgress?.({
        elapsed: raw.end - raw.begin,
        samples: 0,
        stage: 'comparing with the plain program',
      });
      // Nobody would send it again, and without it the program may not end.
      const pairs = raw.interrupted
        ? 'a signal came, and without it the program would not end as it did'
        : await comparedRuns(target, runOptions, () => replayed(folder, 'unseen', false), raw.exit);
      if (typeof pairs === 'string') {
        warnings.push({
          code: 'influence-unknown',
          message: `What measuring cost could not be measured: ${pairs}.`,
        });
      } else influence = measuredInfluence(raw, pairs);
    }

    options.onProgress?.({ elapsed: raw.end - raw.begin, samples: 0, stage: 'assembling' });
    const profile = assemble(raw, further, {
      sources: options.sources,
      modes: {
        counts: further.counts !== undefined,
        waits: options.waits,
        deopts: (further.deopts?.deopts ?? null) !== null,
        attached: false,
      },
      influence,
      readText,
      agentFolder,
      revision: revisionOf(options.workingDirectory),
      warnings,
    });
    return {
      profile: influence.kind === 'measured' ? profile : withEstimatedInfluence(profile, raw),
      exit: raw.exit as Recording['exit'],
    };
  } finally {
    if (folder !== null) removeFolder(folder);
  }
}

/** In the order in which they run. The engine's traces need options that only a Node of our own starting gets. */
function furtherPasses({ counts, memory, deopts }: RecordOptions, { kind }: Target): FurtherPass[] {
  const wanted = { counts, memory, deopts: deopts && kind === 'node' };
  return (Object.keys(wanted) as FurtherPass[]).filter((pass) => wanted[pass]);
}

/** What a further run does, for sentences. */
const doing: Readonly<Record<FurtherPass, { readonly did: string; readonly stage: string }>> = {
  counts: { did: 'counted', stage: 'counting' },
  memory: { did: 'traced memory', stage: 'tracing memory' },
  deopts: { did: 'traced deoptimisations', stage: 'tracing deoptimisations' },
};

/** Runs the program again on the same input, its output hidden, and compares what it did with the first run. */
async function furtherRun(
  pass: FurtherPass,
  first: RawRecording,
  target: Target,
  runOptions: RunOptions,
  options: RecordOptions,
  folder: string,
): Promise<{ readonly raw: RawRecording; readonly warnings: readonly ProfileWarning[] }> {
  const { did, stage } = doing[pass];
  const streams = replayed(folder, pass, true);
  const raw = await runProgram(target, {
    ...runOptions,
    pass,
    for: null,
    countLines: options.countLines == null ? [] : countedFunctions(first.python, options.countLines),
    streams,
    onProgress: progressOf(options, stage),
  });
  const missed = raw.missed ?? null;
  if (missed !== null)
    return {
      raw,
      warnings: [{ code: 'further-run-empty', message: `The run that ${did} saw nothing. ${missed}.` }],
    };
  const unseen = streams.lost?.() ?? null;
  if (unseen === null) {
    // The engine puts parts of its traces between what the program prints.
    const compared = pass === 'deopts' ? (['stderr'] as const) : (['stdout', 'stderr'] as const);
    return { raw, warnings: compareOutputs(folder, pass, did, first.exit, raw.exit, compared) };
  }
  const message = `Whether the run that ${did} printed the same is not known (${unseen}).`;
  return { raw, warnings: [{ code: 'outputs-unknown', message }] };
}

function progressOf({ onProgress }: RecordOptions, stage: string): RunOptions['onProgress'] {
  return onProgress && ((elapsed, samples) => onProgress({ elapsed, samples, stage }));
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
