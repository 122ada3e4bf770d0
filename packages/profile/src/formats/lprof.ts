import { ProfileBuilder } from '../profile-builder.ts';
import { ProfileError, type Profile } from '../profile.ts';
import { latin1, malformed } from './binary-reader.ts';
import { foreignAbout, foreignThread } from './foreign.ts';
import { pythonCategory } from '../python-category.ts';
import { PickledDict, PickledObject, unpickle, type Pickled } from './unpickle.ts';

/** A thousand years: sums of all lines stay finite. */
const LONGEST = 3.2e16;

/** The class's name stands at the beginning. */
const NAME_WITHIN = 256;

/**
 * Reads what line_profiler writes: a pickle of its `LineStats`, read without importing anything.
 *
 * A line's time is with what the line calls, as line_profiler shows it.
 *
 * @see https://github.com/pyutils/line_profiler
 * @throws {@link ProfileError} `PROFILE_EMPTY`, `PROFILE_MALFORMED` or `PROFILE_TRUNCATED`
 */
export function readLprof(bytes: Uint8Array): Profile {
  const { timings, unit } = lineStats(unpickle(bytes), bytes.length);
  const builder = new ProfileBuilder();
  const thread = builder.addThread(foreignThread(0, 0));
  const self = builder.measure('self', 'microseconds', 'measured', 'node');
  const hits = builder.measure('hits', 'count', 'measured', 'function');
  let longest = 0;
  let rows = 0;
  for (const [key, lines] of timings.entries) {
    const [file, first, name] = Array.isArray(key) ? key : [];
    if (typeof file !== 'string' || typeof first !== 'number' || typeof name !== 'string') {
      throw wrong(bytes.length, 'functions as file, first line and name');
    }
    if (!Array.isArray(lines)) throw wrong(bytes.length, 'lines of a function as a list');
    // A list that several functions share would stand for more than the file can hold.
    rows += lines.length;
    if (rows > bytes.length) throw wrong(bytes.length, `at most ${bytes.length} lines`);
    const f = builder.functionRow(name, file, first, 0, pythonCategory(file));
    const node = builder.nodeRow(-1, f);
    let total = 0;
    for (const line of lines) {
      const [at, count, time] = Array.isArray(line) ? line : [];
      if (!isCount(at) || !isCount(count) || typeof time !== 'number') {
        throw wrong(bytes.length, 'lines as number, hits and time');
      }
      const spent = Math.max(0, time * unit * 1e6);
      if (!(spent <= LONGEST)) throw wrong(bytes.length, `times of at most ${LONGEST} µs`);
      self.add(node, at, thread, spent);
      hits.add(f, at, -1, count);
      total += spent;
    }
    longest = Math.max(longest, total);
  }
  if (rows === 0) {
    throw new ProfileError('PROFILE_EMPTY', 'The profile has no lines: was a function with @profile called?');
  }
  builder.replaceThread(thread, foreignThread(longest, 0));
  const about = foreignAbout('cpython', longest, 0);
  return builder.build({
    ...about,
    modes: { ...about.modes, counts: true },
    warnings: [
      ...about.warnings,
      {
        code: 'every-line-measured',
        message:
          'line_profiler stopped at every line: short lines that run often look slower than they are, against calls of functions that it did not look into.',
      },
      {
        code: 'lines-with-callees',
        message:
          'Times of lines are with what they call: where one of these functions calls another, that time is counted in both.',
      },
    ],
  });
}

/** Whether a file is a pickle of line_profiler's. */
export function isLprof(bytes: Uint8Array): boolean {
  const [start, protocol] = bytes;
  if (start !== 0x80 || protocol === undefined || protocol < 2 || protocol > 5) return false;
  return latin1(bytes.subarray(0, NAME_WITHIN)).includes('LineStats');
}

function lineStats(root: Pickled, end: number): { timings: PickledDict; unit: number } {
  if (!(root instanceof PickledObject && root.className.endsWith('LineStats'))) {
    throw wrong(end, 'a LineStats of line_profiler');
  }
  const { state } = root;
  const timings = state instanceof PickledDict ? state.get('timings') : undefined;
  const unit = state instanceof PickledDict ? state.get('unit') : undefined;
  if (!(timings instanceof PickledDict)) throw wrong(end, 'timings as a dict');
  if (typeof unit !== 'number' || !(unit > 0 && unit <= 1e6)) throw wrong(end, 'a unit in seconds');
  return { timings, unit };
}

/** A pickle is understood when it has been read to its end. */
function wrong(end: number, expected: string): ProfileError {
  return malformed(end, `${expected} in what was read`);
}

function isCount(value: Pickled | undefined): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
