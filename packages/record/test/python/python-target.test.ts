import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { resolveTarget } from '@whetstone/record';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(os.tmpdir(), 'python-target-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text = '', mode = 0o644): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  chmodSync(full, mode);
  return full;
}

/** A program that answers `--version` as interpreters do. */
const interpreter = `#!/bin/sh\necho 'Python 3.99.0'\n`;
/** A shim of a version that is not chosen. */
const refusing = `#!/bin/sh\necho 'command not found' >&2; exit 127\n`;

const onPath = file('path/python3', interpreter, 0o755);
const numbered = file('path/python3.98', interpreter, 0o755);
file('path/python3.97', refusing, 0o755);
const installed = file('pyenv/versions/3.97.1/bin/python3.97', interpreter, 0o755);
const tool = file('path/tool', '#!/usr/bin/env python3\n', 0o755);
const shell = file('path/shell', '#!/bin/sh\necho hello\n', 0o755);
const app = file('plain/app.py');
const script = file('plain/script', '#!/usr/bin/env -S python3 -u\n');
const fixed = file('plain/fixed.py', `#!${numbered}\n`, 0o755);
file('plain/gone', '#!/nowhere/bin/python3\n', 0o755);
file('plain/wrong.py', '#!/bin/sh\n');
const inVenv = file('with/.venv/bin/python', interpreter, 0o755);
const python3InVenv = file('with/.venv/bin/python3', interpreter, 0o755);
const console_ = file('with/.venv/bin/pytest', `#!${inVenv}\n`, 0o755);
file('with/app.py');
const packageMain = file('plain/pkg/__main__.py');
const other = file('plain/tool/__main__.py');
file('plain/empty/nothing.txt');
const archive = file('plain/app.zip', '#!/usr/bin/env python3\nPK\x03\x04', 0o644);
const active = file('active/bin/python3', interpreter, 0o755);
file('active/bin/python', interpreter, 0o755);

interface Options {
  readonly in?: string;
  readonly runtime?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

function find(args: readonly string[], { in: within = 'plain', runtime, environment }: Options = {}) {
  return resolveTarget(args, {
    workingDirectory: path.join(folder, within),
    runtime: runtime ?? null,
    environment: {
      PATH: path.join(folder, 'path'),
      PYENV_ROOT: path.join(folder, 'pyenv'),
      ...environment,
    },
  });
}

describe('resolveTarget for Python', () => {
  test('starts a file by the PATH’s python3, under the name that was typed', () => {
    expect(find(['app.py', '-x'])).toEqual({
      given: ['app.py', '-x'],
      kind: 'python',
      command: onPath,
      args: ['app.py', '-x'],
      entry: app,
    });
  });

  test.each([
    ['-m', 'pytest'],
    ['-c', 'print(1)'],
  ])('begins a program at %s', (option, program) => {
    expect(find([option, program, '--version'])).toEqual({
      given: [option, program, '--version'],
      kind: 'python',
      command: onPath,
      args: [option, program, '--version'],
      entry: null,
    });
    expect(() => find([option])).toThrow(/needs a (module|program) behind it/);
  });

  test('reads a first line, with its options', () => {
    expect(find(['./script', 'a'])).toMatchObject({
      kind: 'python',
      command: onPath,
      args: ['-u', './script', 'a'],
      entry: script,
    });
  });

  test('runs a folder with __main__.py as Python does', () => {
    for (const name of ['pkg', './pkg', 'pkg/'])
      expect(find([name, 'a'])).toEqual({
        given: [name, 'a'],
        kind: 'python',
        command: onPath,
        args: [name, 'a'],
        entry: packageMain,
      });
    expect(find(['pkg'], { runtime: 'python3.98' }).command).toBe(numbered);
    // As with every folder, a command of this name comes first.
    expect(find(['tool'])).toMatchObject({ entry: tool });
    expect(find(['./tool'])).toMatchObject({ entry: other });
    for (const name of ['empty', './empty', '..'])
      expect(() => find([name])).toThrow(`${name} is a folder without __main__.py: name the file to run.`);
  });

  test('runs an archive that names a Python', () => {
    expect(find(['app.zip'])).toMatchObject({ kind: 'python', args: ['app.zip'], entry: archive });
  });

  test('takes the interpreter that an executable names by its path', () => {
    expect(find(['fixed.py'])).toMatchObject({ command: numbered, args: ['fixed.py'], entry: fixed });
    expect(() => find(['./gone'])).toThrow(
      expect.objectContaining({
        code: 'RUNTIME_NOT_FOUND',
        message: expect.stringContaining('/nowhere/bin/python3') as string,
      }),
    );
  });

  test('takes the local virtual environment, and the active one before it', () => {
    expect(find(['app.py'], { in: 'with' }).command).toBe(python3InVenv);
    const environment = { VIRTUAL_ENV: path.join(folder, 'active') };
    expect(find(['app.py'], { in: 'with', environment }).command).toBe(active);
    expect(find(['-m', 'x'], { environment }).command).toBe(active);
  });

  test('takes commands of a virtual environment before those of the PATH', () => {
    expect(find(['pytest', '-q'], { in: 'with' })).toEqual({
      given: ['pytest', '-q'],
      kind: 'python',
      command: inVenv,
      args: [console_, '-q'],
      entry: console_,
    });
  });

  test('leaves an interpreter that is named as the shell would', () => {
    expect(find(['python3', 'app.py'])).toMatchObject({
      kind: 'python',
      command: onPath,
      args: ['app.py'],
      entry: app,
    });
    expect(find(['python3', 'app.py'], { in: 'with' }).command).toBe(onPath);
    expect(find(['python3.98', '-m', 'x'])).toMatchObject({ kind: 'python', command: numbered, entry: null });
    expect(find(['python3', '-W', 'error', '-X', 'utf8', 'app.py'])).toMatchObject({ entry: app });
    expect(find(['python3', '-Wi', '-c', 'app.py'])).toMatchObject({ entry: null });
    expect(find([path.join(folder, 'with/.venv/bin/python'), 'app.py'])).toMatchObject({
      kind: 'python',
      command: inVenv,
    });
  });

  test('finds scripts on the PATH', () => {
    expect(find(['tool', 'a'])).toMatchObject({
      kind: 'python',
      command: onPath,
      args: [tool, 'a'],
      entry: tool,
    });
  });

  test('runs by another Python where one is named, by its version, too', () => {
    for (const runtime of ['python3.98', '3.98', numbered]) {
      expect(find(['app.py'], { runtime }).command).toBe(numbered);
      expect(find(['python3', 'app.py'], { runtime }).command).toBe(numbered);
      expect(find(['fixed.py'], { runtime }).command).toBe(numbered);
      expect(find(['tool'], { runtime })).toMatchObject({ command: numbered, args: [tool] });
    }
  });

  test('finds a Python of pyenv’s that is not chosen', () => {
    expect(find(['app.py'], { runtime: '3.97' }).command).toBe(installed);
  });

  test('lists the Pythons there are if the one asked for is not', () => {
    expect(() => find(['app.py'], { runtime: 'python4' })).toThrow(
      expect.objectContaining({
        code: 'RUNTIME_NOT_FOUND',
        message: expect.stringContaining(numbered) as string,
      }),
    );
    expect(() => find(['app.py'], { runtime: shell })).toThrow(/does not answer like a Python/);
    expect(() => find(['app.py'], { environment: { PATH: '' } })).toThrow(/no python3 on the PATH/);
  });
});
