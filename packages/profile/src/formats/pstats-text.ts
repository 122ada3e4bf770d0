import { ProfileError, type Profile } from '../profile.ts';
import { latin1, malformed } from './binary-reader.ts';
import { everyCallMeasured, profileOfCallGraph, type GraphFunction } from './call-graph.ts';
import { readUtf8 } from '../utf8.ts';

/** What a program printed may stand before the table. */
const TABLE_WITHIN = 1 << 16;

/** A row is a path and a name. */
const LONGEST_LINE = 1 << 14;

const heading = /^ *ncalls +tottime +percall +cumtime +percall +filename:lineno\(function\)\s*$/;
const number = String.raw`-?\d+\.\d+`;
/** Calls, of them primitive, own time, per call, total, per call, function: no times per call where there were no calls. */
const row = new RegExp(
  String.raw`^ *(\d{1,15})(?:/(\d{1,15}))? +(${number}) +(?:${number} +)?(${number}) +(?:${number} +)?(\S.*)$`,
);
const summary = /^ *\d+ function calls (?:\(\d+ primitive calls\) )?in (\d+\.\d+) /;

/**
 * Reads the table that `pstats`, `%prun` and `python -m cProfile` print; what stands before and after it is
 * passed over.
 *
 * Times are in whole milliseconds, as printed, and there is nothing of who called whom.
 *
 * @throws {@link ProfileError} `PROFILE_EMPTY` or `PROFILE_MALFORMED`
 */
export function readPstatsText(bytes: Uint8Array): Profile {
  const functions: GraphFunction[] = [];
  let wall = 0;
  let inTable = false;
  let ended = false;
  for (const { at, text } of linesOf(bytes)) {
    if (ended) break;
    if (!inTable) {
      wall = Number(summary.exec(text)?.[1] ?? wall / 1e6) * 1e6;
      inTable = heading.test(text);
    } else if (text.trim() === '') {
      ended = functions.length > 0;
    } else {
      functions.push(functionOf(text, at));
    }
  }
  if (functions.length === 0) throw new ProfileError('PROFILE_EMPTY', 'The table has no functions.');
  const shown = functions.reduce((sum, { self }) => sum + self, 0);
  return profileOfCallGraph({ functions, arcs: [] }, Math.max(wall, shown), [
    everyCallMeasured,
    {
      code: 'whole-milliseconds',
      message: 'The table has whole milliseconds, and nothing of who called whom: the .prof file has both.',
    },
  ]);
}

/** Whether a file is text with such a table near its beginning. */
export function isPstatsText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, TABLE_WITHIN);
  if (start.includes(0)) return false;
  return latin1(start)
    .split('\n')
    .some((line) => heading.test(line));
}

function functionOf(text: string, at: number): GraphFunction {
  const found = text.length <= LONGEST_LINE ? row.exec(text) : null;
  if (found === null) throw malformed(at, 'calls, times and a function');
  const [, calls, primitive = calls, self, total, place] = found as unknown as [
    string,
    string,
    string | undefined,
    string,
    string,
    string,
  ];
  return {
    ...placeOf(place.trim()),
    calls: Number(calls),
    primitive: Math.min(Number(primitive), Number(calls)),
    self: microseconds(self),
    total: microseconds(total),
  };
}

/** `app.py:12(parse)`, or for a function written in C `{built-in method len}`. */
function placeOf(text: string): { name: string; file: string; line: number } {
  const [, file, line, name] = /^(.*?):(\d{1,9})\((.*)\)$/.exec(text) ?? [];
  if (file !== undefined && line !== undefined && name !== undefined) {
    return file === '~' ? { name, file: '', line: 0 } : { name, file, line: Number(line) };
  }
  return { name: text.replace(/^\{(.*)\}$/, '<$1>'), file: '', line: 0 };
}

function microseconds(text: string): number {
  return Math.min(1e15, Math.max(0, Math.round(Number(text) * 1e6)));
}

function* linesOf(bytes: Uint8Array): Generator<{ at: number; text: string }, void, undefined> {
  for (let at = 0; at < bytes.length;) {
    const feed = bytes.indexOf(0x0a, at);
    const end = feed < 0 ? bytes.length : feed;
    const text = readUtf8(bytes, at, end);
    yield { at, text: typeof text === 'string' ? text : latin1(bytes.subarray(at, end)) };
    at = end + 1;
  }
}
