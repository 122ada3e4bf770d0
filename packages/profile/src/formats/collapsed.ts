import { ProfileError, type Profile } from '../profile.ts';
import { selfByNode } from '../totals.ts';
import { textChunks } from './text-chunks.ts';

/** Characters in all lines together: every line repeats its whole stack. */
const LARGEST = 2 ** 32;

/**
 * Writes folded stacks, one line a call path: `main;parse (/app/parse.ts:12) 3000`, in whole
 * microseconds. Threads are one stack below their name where there is more than one.
 *
 * @see https://github.com/brendangregg/FlameGraph
 * @throws {@link ProfileError} `PROFILE_TOO_LARGE` where stacks are so deep that the file would be useless
 */
export function writeCollapsed(profile: Profile): Iterable<Uint8Array> {
  const frames = Array.from(profile.functions.name, (_, f) => frameOf(profile, f));
  const threads = profile.threads.length > 1 ? profile.threads.map((_, thread) => thread) : [undefined];
  let size = 0;
  const lengths = new Float64Array(profile.nodes.parent.length);
  for (let row = 0; row < lengths.length; row++) {
    const parent = profile.nodes.parent[row] as number;
    const above = parent < 0 ? 0 : (lengths[parent] as number) + 1;
    lengths[row] = above + (frames[profile.nodes.function[row] as number] as string).length;
  }
  const columns = threads.map((thread) => selfByNode(profile, thread));
  for (const self of columns) {
    for (let row = 0; row < self.length; row++)
      if (Math.round(self[row] as number) > 0) size += lengths[row] as number;
  }
  if (size > LARGEST) {
    throw new ProfileError(
      'PROFILE_TOO_LARGE',
      `Folded stacks repeat every stack: expected at most ${LARGEST} characters, found ${size}.`,
    );
  }
  return textChunks(collapsedParts(profile, frames, threads, columns));
}

function* collapsedParts(
  profile: Profile,
  frames: readonly string[],
  threads: readonly (number | undefined)[],
  columns: readonly Float64Array[],
): Generator<string, void, undefined> {
  const { parent, function: functionOf } = profile.nodes;
  for (const [i, self] of columns.entries()) {
    const thread = profile.threads[threads[i] ?? -1];
    const first =
      thread === undefined ? '' : `${clean(thread.name)} (process ${thread.process} thread ${thread.thread})`;
    for (let leaf = 0; leaf < self.length; leaf++) {
      const time = Math.round(self[leaf] as number);
      if (time <= 0) continue;
      const stack: string[] = [];
      for (let row = leaf; row >= 0; row = parent[row] as number) {
        stack.push(frames[functionOf[row] as number] as string);
      }
      if (first !== '') stack.push(first);
      yield `${stack.toReversed().join(';')} ${time}\n`;
    }
  }
}

function frameOf(profile: Profile, f: number): string {
  const { name, file, line } = profile.functions;
  const path = profile.strings[file[f] as number] as string;
  const called = profile.strings[name[f] as number] || '(anonymous)';
  if (path === '') return clean(called);
  return clean(`${called} (${path}${line[f] === 0 ? '' : `:${line[f]}`})`);
}

/** A semicolon ends a frame and a line end a stack. */
function clean(text: string): string {
  return text.replace(/;/g, ',').replace(/[\r\n\u2028\u2029]+/g, ' ');
}
