import { Names } from '@whetstone/viewer/names.ts';
import type { Opened } from '@whetstone/viewer/worker/messages.ts';
import { aboutOf } from '@whetstone/profile/testing';
import { expect, test } from 'vitest';

const namesOf = (command: readonly string[], strings: readonly string[] = []) =>
  new Names({ about: aboutOf({ command }), strings } as unknown as Opened);

test.each([
  ['shop.ts', ['node', 'src/shop.ts', 'all']],
  ['main.py', ['src/main.py', '--mend', 'all']],
  ['main.py', ['/usr/bin/python3.11', '-B', 'src/main.py']],
  ['pytest', ['-m', 'pytest', 'tests']],
  ['-c', ['-c', 'print(1)']],
  ['profile', []],
])('calls the program %s', (name, command) => {
  expect(namesOf(command).program()).toBe(name);
});

test.each([
  ['src/a.py', '/app/src/a.py'],
  ['csv/index.js', '/app/node_modules/csv/index.js'],
  ['requests/api.py', '/app/.venv/lib/python3.12/site-packages/requests/api.py'],
  ['concurrent/futures/thread.py', '/usr/lib/python3.11/concurrent/futures/thread.py'],
  ['/elsewhere/b.py', '/elsewhere/b.py'],
])('calls a file %s', (name, file) => {
  expect(namesOf(['app.py'], [file]).file(0)).toBe(name);
});
