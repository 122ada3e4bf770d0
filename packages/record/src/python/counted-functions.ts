import { pythonCategory } from '@whetstone/profile';
import path from 'node:path';
import type { CountedFunction } from './counts.ts';
import { pythonFunctionName } from './python-stacks.ts';
import type { RawPython } from './raw-python.ts';
import { isBusy } from './sampled-times.ts';

/** Lines cost the most to count: this many functions hold nearly all of a program's own time. */
const HOTTEST = 10;

/**
 * The functions whose lines are counted: those that people named, and those of the program's own and of its
 * dependencies that took most time.
 *
 * @param python what was seen running, `null` for nothing
 * @param names as a report shows them: `Reader.parse`, `parse`, `parse.py:84` for the function that begins there
 */
export function countedFunctions(python: RawPython | null, names: readonly string[]): CountedFunction[] {
  const seen = python === null ? [] : allSeen(python);
  return [...names.flatMap((name) => namedFunctions(name, seen)), ...hottest(python, seen)];
}

interface SeenFunction extends CountedFunction {
  readonly shown: string;
}

function allSeen({ codes, strings }: RawPython): SeenFunction[] {
  return Array.from(codes.name, (name, code) => ({
    file: strings[codes.file[code] as number] ?? '',
    name: strings[name] ?? '',
    line: codes.firstLine[code] as number,
    shown: pythonFunctionName(strings[codes.qualname[code] as number] ?? ''),
  }));
}

function namedFunctions(name: string, seen: readonly SeenFunction[]): CountedFunction[] {
  const place = /^(?:.*\()?([^()]+):(\d+)\)?$/.exec(name);
  if (place !== null) {
    return seen.filter(
      ({ file, line }) =>
        line === Number(place[2]) && path.basename(file ?? '') === path.basename(place[1] ?? ''),
    );
  }
  const shown = seen.filter((each) => each.shown === name);
  // A function that took no time to speak of was not seen, and is found by its name when it runs.
  return shown.length > 0 ? shown : [{ file: null, name: name.split('.').at(-1) ?? name, line: null }];
}

function hottest(python: RawPython | null, seen: readonly SeenFunction[]): CountedFunction[] {
  if (python === null) return [];
  const { samples, stacks } = python;
  const times = new Map<number, number>();
  for (let row = 0; row < samples.stack.length; row++) {
    const stack = samples.stack[row] as number;
    if (stack < 0 || !isBusy[samples.state[row] as number]) continue;
    const code = stacks.code[stack] as number;
    times.set(code, (times.get(code) ?? 0) + (samples.duration[row] as number));
  }
  return [...times]
    .toSorted((a, b) => b[1] - a[1])
    .flatMap(([code]) => seen[code] ?? [])
    .filter(({ file }) => pythonCategory(file ?? '') !== 'runtime')
    .slice(0, HOTTEST);
}
