import { ProfileError, type Profile } from '../profile.ts';
import { nodeDepths } from './node-depths.ts';
import { textChunks } from './text-chunks.ts';
import { threadRuns, type ThreadRuns } from './thread-runs.ts';

/** Frames in all stacks together: more would be a file of gigabytes, which speedscope cannot open. */
const MOST_FRAMES = 2 ** 29;

/**
 * Writes speedscope's JSON: every thread is a sampled profile of its own, in microseconds.
 *
 * Time that is charged to nobody has an empty stack.
 *
 * @see https://www.speedscope.app/file-format-schema.json
 * @throws {@link ProfileError} `PROFILE_TOO_LARGE` where stacks are so deep that the file would be useless
 */
export function writeSpeedscope(profile: Profile): Iterable<Uint8Array> {
  const runs = profile.threads.map((_, thread) => threadRuns(profile, thread));
  const depths = nodeDepths(profile.nodes);
  let frames = 0;
  for (const { node } of runs) for (const row of node) frames += row < 0 ? 0 : (depths[row] as number);
  if (frames > MOST_FRAMES) {
    throw new ProfileError(
      'PROFILE_TOO_LARGE',
      `speedscope's format repeats every stack: expected at most ${MOST_FRAMES} frames, found ${frames}.`,
    );
  }
  return textChunks(speedscopeParts(profile, runs));
}

function* speedscopeParts(profile: Profile, runs: readonly ThreadRuns[]): Generator<string, void, undefined> {
  const title = profile.about.command.join(' ') || 'profile';
  yield '{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"whetstone",';
  yield `"name":${JSON.stringify(title)},"activeProfileIndex":0,"shared":{"frames":[`;
  const { name, file, line, column } = profile.functions;
  for (let f = 0; f < name.length; f++) {
    const frame = {
      name: profile.strings[name[f] as number] || '(anonymous)',
      file: profile.strings[file[f] as number] || undefined,
      line: line[f] || undefined,
      col: column[f] || undefined,
    };
    yield (f === 0 ? '' : ',') + JSON.stringify(frame);
  }
  yield ']},"profiles":[';
  for (const [thread, { start, node, duration }] of runs.entries()) {
    const { name: threadName, process } = profile.threads[thread] as Profile['threads'][number];
    const end = duration.reduce((total, value) => total + value, start);
    yield `${thread === 0 ? '' : ','}{"type":"sampled","name":${JSON.stringify(`${threadName} (process ${process})`)},`;
    yield `"unit":"microseconds","startValue":${start},"endValue":${end},"samples":[`;
    for (let i = 0; i < node.length; i++)
      yield `${i === 0 ? '' : ','}[${stackOf(profile, node[i] as number)}]`;
    yield '],"weights":[';
    for (let i = 0; i < duration.length; i++) yield `${i === 0 ? '' : ','}${duration[i]}`;
    yield ']}';
  }
  yield ']}\n';
}

/** Functions from the root to the leaf. */
function stackOf(profile: Profile, leaf: number): string {
  const { parent, function: functionOf } = profile.nodes;
  const stack: number[] = [];
  for (let row = leaf; row >= 0; row = parent[row] as number) stack.push(functionOf[row] as number);
  return stack.toReversed().join(',');
}
