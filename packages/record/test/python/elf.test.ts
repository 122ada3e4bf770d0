import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pythonNamed } from '../../../../scripts/pythons.mjs';
import { readElf } from '../../src/python/elf.ts';
import { parseMaps } from '../../src/python/process-maps.ts';

const python = pythonNamed('cpython')?.path ?? null;
const symbols = ['_PyRuntime', 'Py_Version', 'PyCode_Type'];

function fileWith(bytes: Uint8Array): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'whetstone-elf-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'file'), bytes);
  return path.join(folder, 'file');
}

test.skipIf(python === null)('finds the symbols of an interpreter', () => {
  const image = readElf(python!, '.PyRuntime', [...symbols, 'no_such_symbol']);
  expect([...(image?.symbols.keys() ?? [])].sort()).toEqual([...symbols].sort());
  expect(image?.symbols.get('_PyRuntime')).toBeGreaterThan(4096);
  expect([...(image?.sections.keys() ?? [])]).toContain('.text');
});

test('looks for no symbols in a file without the section', () => {
  expect(readElf('/bin/true', '.PyRuntime', ['main'])?.symbols.size).toBe(0);
});

test('takes no other file for one, however short it is cut', () => {
  expect(readElf('/no/such/file', '.PyRuntime', symbols)).toBeNull();
  expect(readElf(os.tmpdir(), '.PyRuntime', symbols)).toBeNull();
  expect(readElf(fileWith(Buffer.from('#!/bin/sh\n')), '.PyRuntime', symbols)).toBeNull();
  const whole = readFileSync(process.execPath).subarray(0, 200_000);
  for (const length of [0, 4, 63, 64, 65, 200, 4096, 200_000]) {
    expect(readElf(fileWith(whole.subarray(0, length)), '.PyRuntime', symbols)).toBeNull();
  }
});

test('survives any damage to its head', () => {
  const whole = readFileSync('/bin/true');
  const file = fileWith(whole);
  expect(readElf(file, '.text', ['main'])).not.toBeNull();
  for (let at = 16; at < 64; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    writeFileSync(file, damaged);
    expect(() => readElf(file, '.text', ['main'])).not.toThrow();
  }
});

test('reads the files that a process has mapped', () => {
  const text = `55e0c1a00000-55e0c1a2d000 r--p 00000000 fe:00 1234     /usr/bin/python3.11
55e0c1a2d000-55e0c1b00000 r-xp 0002d000 fe:00 1234     /usr/bin/python3.11
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
7f1111111000-7f1111112000 r--p 00000000 fe:00 77       /opt/with space/libpython3.12.so.1.0 (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0        [stack]
`;
  expect(parseMaps(text)).toEqual([
    { path: '/usr/bin/python3.11', start: 0x55e0c1a00000 },
    { path: '/opt/with space/libpython3.12.so.1.0', start: 0x7f1111111000 },
  ]);
  expect(parseMaps('')).toEqual([]);
});
