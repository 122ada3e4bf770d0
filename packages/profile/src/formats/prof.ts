import { ProfileError, type Microseconds, type Profile } from '../profile.ts';
import { latin1, malformed } from './binary-reader.ts';
import {
  everyCallMeasured,
  profileOfCallGraph,
  type GraphArc,
  type GraphFigures,
  type GraphFunction,
} from './call-graph.ts';
import { MarshalReader, type MarshalValue } from './marshal-reader.ts';

/** A thousand years in seconds: sums of all in a file stay exact enough, and finite. */
const LONGEST = 3.2e10;

/**
 * Reads what `cProfile`, `profile` and yappi write: a marshalled table of `pstats`, of Python 2.7 to 3.13
 * and PyPy.
 *
 * Calls, own time and total of every function are those that `pstats` prints. Times are of the clock that the
 * profiler was given: with `cProfile` of the wall, so that a function's waiting is in them.
 *
 * @see https://docs.python.org/3/library/profile.html
 * @throws {@link ProfileError} `PROFILE_EMPTY`, `PROFILE_MALFORMED` or `PROFILE_TRUNCATED`
 */
export function readProf(bytes: Uint8Array): Profile {
  const table = new Functions();
  const arcs: GraphArc[] = [];
  const marshal = new MarshalReader(bytes);
  marshal.enterDict();
  while (marshal.atEntry()) {
    const callee = table.row(marshal.value(), marshal.at);
    marshal.enterTuple(5);
    const [primitive, calls] = [countAt(marshal), countAt(marshal)];
    const figures = figuresOf(calls, primitive, secondsAt(marshal), secondsAt(marshal));
    table.figures[callee] = figures;
    marshal.enterDict();
    while (marshal.atEntry()) {
      const caller = table.row(marshal.value(), marshal.at);
      const at = marshal.at;
      arcs.push({ caller, callee, ...arcFigures(marshal.value(), at, figures) });
    }
  }
  if (marshal.at !== bytes.length) {
    throw malformed(marshal.at, `the end of the file, found ${bytes.length - marshal.at} bytes more`);
  }
  const functions = table.functions();
  if (functions.length === 0) {
    throw new ProfileError('PROFILE_EMPTY', 'The profile has no functions: was anything run in it?');
  }
  const wall = functions.reduce((sum, { self }) => sum + self, 0);
  return profileOfCallGraph({ functions, arcs }, wall, [
    everyCallMeasured,
    {
      code: 'paths-estimated',
      message:
        'The file says who called whom, not by which path: times of functions are exact, how they are shared out over call paths is estimated.',
    },
  ]);
}

/** Whether a file is such a table: a dict whose first key is a tuple, or an empty one. */
export function isProf(bytes: Uint8Array): boolean {
  const [dict, key] = latin1(bytes.subarray(0, 2).map((byte) => byte & 0x7f));
  return dict === '{' && key !== undefined && '()0'.includes(key);
}

/** Functions by file, line and name, in the order in which they come. */
class Functions {
  readonly figures: (GraphFigures | undefined)[] = [];
  readonly #rows = new Map<string, number>();
  readonly #places: { readonly name: string; readonly file: string; readonly line: number }[] = [];

  row(key: MarshalValue, at: number): number {
    const [file, line, name] = typeof key === 'object' && key.length === 3 ? key : [];
    if (typeof file !== 'string' || typeof line !== 'number' || typeof name !== 'string') {
      throw malformed(at, 'a function as file, line and name before');
    }
    const text = `${file}\n${line}\n${name}`;
    let row = this.#rows.get(text);
    if (row === undefined) {
      row = this.#places.push({ name, file: file === '~' ? '' : file, line }) - 1;
      this.#rows.set(text, row);
    }
    return row;
  }

  /** A caller that has no entry of its own has no figures. */
  functions(): GraphFunction[] {
    return this.#places.map((place, row) => ({ ...place, ...(this.figures[row] ?? none) }));
  }
}

const none: GraphFigures = { calls: 0, primitive: 0, self: 0, total: 0 };

/** yappi writes the primitive calls where `pstats` has all of them. */
function figuresOf(calls: number, primitive: number, self: Microseconds, total: Microseconds): GraphFigures {
  return { calls: Math.max(calls, primitive), primitive: Math.min(calls, primitive), self, total };
}

/** Python before 2.5 and `profile` have only the number of calls. */
function arcFigures(value: MarshalValue, at: number, callee: GraphFigures): GraphFigures {
  if (typeof value === 'number') {
    const calls = count(value, at);
    const part = callee.calls > 0 ? Math.min(1, calls / callee.calls) : 0;
    return figuresOf(calls, calls, callee.self * part, callee.total * part);
  }
  if (typeof value !== 'object' || value.length !== 4) throw malformed(at, 'a caller with four figures');
  const [calls, primitive, self, total] = value as [MarshalValue, MarshalValue, MarshalValue, MarshalValue];
  return figuresOf(count(calls, at), count(primitive, at), seconds(self, at), seconds(total, at));
}

function countAt(marshal: MarshalReader): number {
  const { at } = marshal;
  return count(marshal.value(), at);
}

function secondsAt(marshal: MarshalReader): Microseconds {
  const { at } = marshal;
  return seconds(marshal.value(), at);
}

function count(value: MarshalValue, at: number): number {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw malformed(at, 'a number of calls');
}

/** A clock that went back is no time. */
function seconds(value: MarshalValue, at: number): Microseconds {
  if (typeof value === 'number' && Math.abs(value) <= LONGEST) return Math.max(0, value) * 1e6;
  throw malformed(at, `seconds, at most ${LONGEST}`);
}
