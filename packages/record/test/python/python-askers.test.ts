import { ProfileBuilder } from '@whetstone/profile';
import { expect, test } from 'vitest';
import { addPythonStacks } from '../../src/python/python-stacks.ts';
import type { RawPython } from '../../src/python/raw-python.ts';

/** Stacks drawn as `file function line`, root first, each below the one before; the line is where it was called. */
function stacksOf(...frames: readonly (readonly [file: string, name: string, callLine: number])[]) {
  const strings = ['', ...frames.flatMap(([file, name]) => [file, name])];
  const count = frames.length;
  const column = (value: (row: number) => number) =>
    Int32Array.from({ length: count }, (_, row) => value(row));
  const codes = {
    file: column((row) => 1 + row * 2),
    name: column((row) => 2 + row * 2),
    qualname: column((row) => 2 + row * 2),
    firstLine: column(() => 1),
    lastLine: column(() => 99),
  };
  const stacks = {
    parent: column((row) => row - 1),
    code: column((row) => row),
    callLine: column((row) => frames[row]![2]),
  };
  const raw = { strings, codes, stacks } as unknown as RawPython;
  const { asker, askerLine } = addPythonStacks(raw, '/app', new ProfileBuilder());
  return [...asker].map((row, i) => [row, askerLine[i]]);
}

const library = '/usr/lib/python3.11/socket.py';

test('a wait of the standard library belongs to the line of the program that called it', () => {
  expect(stacksOf(['/app/main.py', 'ask', 0], [library, 'create', 7], [library, 'connect', 834])).toEqual([
    [0, 0],
    [0, 7],
    [0, 7],
  ]);
});

test('what the library calls back is the program’s again', () => {
  expect(
    stacksOf(['/app/main.py', 'run', 0], [library, 'serve', 3], ['/app/handle.py', 'handle', 50]),
  ).toEqual([
    [0, 0],
    [0, 3],
    [2, 0],
  ]);
});

test('a thread of the library alone waits where it is', () => {
  expect(stacksOf([library, 'bootstrap', 0], [library, 'wait', 30])).toEqual([
    [0, 0],
    [1, 0],
  ]);
});
