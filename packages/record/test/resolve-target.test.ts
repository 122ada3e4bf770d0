import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { resolveTarget, runtimesFound } from '@whetstone/record';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(path.join(os.tmpdir(), 'resolve target '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text = '', mode = 0o644): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  chmodSync(full, mode);
  return full;
}

file(
  'package.json',
  JSON.stringify({ name: 'x', scripts: { build: 'node build.js', 'app.js': 'echo script' } }),
);
const app = file('app.js');
const typed = file('src/app.ts');
const script = file('tool', '#!/usr/bin/env node\n');
const shell = file('run.sh', '#!/bin/sh\n', 0o755);
file('plain.txt', 'text');
const tool = file('node_modules/tool/bin.js', '#!/usr/bin/env node\n', 0o755);
mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
symlinkSync(tool, path.join(folder, 'node_modules/.bin/installed'));

const find = (...args: string[]) => resolveTarget(args, { workingDirectory: folder, runtime: null });

describe('resolveTarget', () => {
  test('takes an existing file before a script of the same name', () => {
    expect(find('app.js', '--x', 'y')).toEqual({
      given: ['app.js', '--x', 'y'],
      kind: 'node',
      command: process.execPath,
      args: [app, '--x', 'y'],
      entry: app,
    });
  });

  test('runs TypeScript and files with a line for node by node', () => {
    expect(find('src/app.ts')).toMatchObject({ kind: 'node', entry: typed });
    expect(find('./tool')).toMatchObject({ kind: 'node', entry: script });
  });

  test('runs an executable as it is', () => {
    expect(find('./run.sh', 'a')).toMatchObject({ kind: 'command', command: shell, args: ['a'] });
  });

  test('runs a script of package.json in a shell, with the arguments quoted', () => {
    expect(find('build', "it's", 'b')).toMatchObject({
      kind: 'script',
      command: '/bin/sh',
      args: ['-c', "node build.js 'it'\\''s' b"],
    });
  });

  test('runs an installed command by node, from folders below, too', () => {
    const link = path.join(folder, 'node_modules/.bin/installed');
    const below = resolveTarget(['installed', '-p'], {
      workingDirectory: path.join(folder, 'src'),
      runtime: null,
    });
    expect(below).toMatchObject({ kind: 'node', args: [link, '-p'], entry: link });
  });

  test('keeps the options of a first line, and the Node that it names by path', () => {
    const options = file('with-options', '#!/usr/bin/env -S node --expose-gc --no-warnings\n');
    expect(find('./with-options', 'x')).toMatchObject({
      kind: 'node',
      args: ['--expose-gc', '--no-warnings', options, 'x'],
    });
    // A first line has no blanks in its path, as the folder of these tests has.
    const bare = mkdtempSync(path.join(os.tmpdir(), 'node-'));
    try {
      symlinkSync(process.execPath, path.join(bare, 'node'));
      file('with-path', `#!${bare}/node\n`);
      expect(find('./with-path')).toMatchObject({ kind: 'node', command: `${bare}/node` });
    } finally {
      rmSync(bare, { recursive: true });
    }
    // Another program, whatever its name ends with.
    file('other-loader', '#!/usr/bin/env ts-node\n', 0o755);
    expect(find('./other-loader')).toMatchObject({ kind: 'command' });
  });

  test('has scripts and commands find the Node that was asked for', () => {
    const asked = (...args: string[]) =>
      resolveTarget(args, { workingDirectory: folder, runtime: process.execPath });
    expect(asked('build')).toMatchObject({ kind: 'script', runtime: process.execPath });
    expect(asked('sh', '-c', 'node app.js')).toMatchObject({ kind: 'command', runtime: process.execPath });
    expect(asked('app.js')).not.toHaveProperty('runtime');
  });

  test('takes the file behind the options of node for the program', () => {
    expect(find('node', '-r', './tool', '--no-warnings', 'app.js')).toMatchObject({ entry: app });
  });

  test('runs commands of the PATH, and node itself', () => {
    expect(find('sh', '-c', 'true')).toMatchObject({ kind: 'command', args: ['-c', 'true'] });
    expect(find('node', '--test')).toMatchObject({ kind: 'node', args: ['--test'], entry: null });
    expect(find('node', 'app.js')).toMatchObject({ kind: 'node', args: ['app.js'], entry: app });
  });

  test('says what was meant', () => {
    expect(() => find('ap.js')).toThrow(/app\.js/);
    expect(() => find('biuld')).toThrow(/Did you mean build/);
    expect(() => find('src/ap.ts')).toThrow(/src\/app\.ts/);
    expect(() => find('-e', '1')).toThrow(/whetstone run node -e 1/);
  });

  test('refuses what cannot run', () => {
    expect(() => find('plain.txt')).toThrow(expect.objectContaining({ code: 'TARGET_NOT_EXECUTABLE' }));
    expect(() => find('.')).toThrow(expect.objectContaining({ code: 'TARGET_NOT_EXECUTABLE' }));
    expect(() => find('nothing-like-it')).toThrow(expect.objectContaining({ code: 'TARGET_NOT_FOUND' }));
  });

  test('lists the runtimes there are if the one asked for is not', () => {
    expect(() => resolveTarget(['app.js'], { workingDirectory: folder, runtime: 'node999' })).toThrow(
      expect.objectContaining({
        code: 'RUNTIME_NOT_FOUND',
        message: expect.stringContaining(runtimesFound()[0] ?? 'none') as string,
      }),
    );
  });
});
