import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { profileOf } from '@whetstone/profile/testing';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { keepProfile } from '../src/keep-profile.ts';
import {
  keptProfiles,
  nextProfileFile,
  pruneProfiles,
  savedProfiles,
  saveProfile,
} from '../src/profile-store.ts';
import { profilesFolder } from '../src/project-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'store-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('profiles lie beside the nearest package.json', () => {
  mkdirSync(path.join(root, 'a/b/c'), { recursive: true });
  writeFileSync(path.join(root, 'a/package.json'), '{}');
  expect(profilesFolder(path.join(root, 'a/b/c'))).toBe(path.join(root, 'a/.whetstone'));
});

test('numbers grow over all programs, and names are safe', () => {
  const folder = path.join(root, '.whetstone');
  saveProfile(nextProfileFile(folder, 'src/app.ts'), new Uint8Array(1));
  saveProfile(nextProfileFile(folder, 'a b/../x;y.js'), new Uint8Array(2));
  expect(savedProfiles(folder).map(({ name, bytes }) => [name, bytes])).toEqual([
    ['x-y-2', 2],
    ['app-1', 1],
  ]);
  expect(readFileSync(path.join(folder, '.gitignore'), 'utf8')).toBe('*\n');
});

test(`the last ${keptProfiles} are kept`, () => {
  const folder = path.join(root, '.whetstone');
  for (let i = 0; i < keptProfiles + 3; i++) saveProfile(nextProfileFile(folder, 'app'), new Uint8Array(1));
  expect(savedProfiles(folder)).toHaveLength(keptProfiles);
  expect(savedProfiles(folder).at(-1)!.name).toBe('app-4');
  expect(pruneProfiles(folder, 1)).toHaveLength(keptProfiles - 1);
  expect(savedProfiles(folder).map(({ name }) => name)).toEqual([`app-${keptProfiles + 3}`]);
});

test('what another run has saved meanwhile stays', async () => {
  writeFileSync(path.join(root, 'package.json'), '{}');
  vi.spyOn(process, 'cwd').mockReturnValue(root);
  onTestFinished(() => void vi.restoreAllMocks());
  const profile = profileOf('main 10');
  const kept = await Promise.all([keepProfile(profile, 'app.ts'), keepProfile(profile, 'app.ts')]);
  const names = ['.whetstone/app-1.whet', '.whetstone/app-2.whet'];
  expect(new Set(kept.map(({ about }) => about.saved))).toEqual(new Set(names));
  expect(readdirSync(path.join(root, '.whetstone')).toSorted()).toEqual([
    '.gitignore',
    'app-1.whet',
    'app-2.whet',
  ]);
});

test('a .gitignore that a full disk left empty is written anew, and one of the user stays', () => {
  const folder = path.join(root, '.whetstone');
  const ignore = path.join(folder, '.gitignore');
  const ignoredAfter = (text: string) => {
    writeFileSync(ignore, text);
    saveProfile(nextProfileFile(folder, 'app'), new Uint8Array(1));
    return readFileSync(ignore, 'utf8');
  };
  mkdirSync(folder);
  expect(ignoredAfter('')).toBe('*\n');
  expect(ignoredAfter('*\n!app-1.whet\n')).toBe('*\n!app-1.whet\n');
  expect(readdirSync(folder).toSorted()).toEqual(['.gitignore', 'app-1.whet', 'app-2.whet']);
});

test('a folder that is a link to nowhere is named', async () => {
  writeFileSync(path.join(root, 'package.json'), '{}');
  symlinkSync('nowhere', path.join(root, '.whetstone'));
  vi.spyOn(process, 'cwd').mockReturnValue(root);
  onTestFinished(() => void vi.restoreAllMocks());
  const { about } = await keepProfile(profileOf('main 10'), 'app.ts');
  expect(about.warnings.map(({ message }) => message)).toEqual([
    'The profile could not be saved in .whetstone: .whetstone is a link to what does not exist. To keep it elsewhere: --json FILE or --html FILE.',
  ]);
});

test('a write that fails leaves nothing behind', () => {
  const folder = path.join(root, '.whetstone');
  mkdirSync(path.join(folder, 'app-1.whet'), { recursive: true });
  expect(() => saveProfile(path.join(folder, 'app-1.whet'), new Uint8Array(1))).toThrow();
  expect(readdirSync(folder).toSorted()).toEqual(['.gitignore', 'app-1.whet']);
});
