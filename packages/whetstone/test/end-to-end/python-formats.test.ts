import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { project, whetstone } from './command.ts';

const fixtures = new URL('../../../profile/test/fixtures/', import.meta.url);
const files = ['python2.7.prof', 'pypy7.3.prof', 'yappi.pstat', 'words.lprof', 'python3.6.pstats.txt'];

function folderWithFiles(): string {
  const folder = project({});
  for (const file of files) copyFileSync(new URL(file, fixtures), path.join(folder, file));
  return folder;
}

test('profiles of Python’s own tools are explained, shown and converted', async () => {
  const folder = folderWithFiles();
  const run = async (...args: string[]) => await whetstone(args, { cwd: folder });
  for (const file of files) {
    const explained = await run('explain', file);
    expect([file, explained.code]).toEqual([file, 0]);
    expect(explained.stdout).toContain('wall');
    expect(explained.stdout).toMatch(/stopped at every (?:call|line)/);
  }
  expect((await run('explain', 'python2.7.prof')).stdout).toContain('time.sleep');
  expect((await run('explain', 'words.lprof')).stdout).toMatch(/marked\.py:\d+/);
  expect((await run('convert', 'python2.7.prof', '--to', 'prof', '-o', 'again.prof')).code).toBe(0);
  expect(readFileSync(path.join(folder, 'again.prof'), 'latin1')).toContain('words.py');
  expect((await run('convert', 'words.lprof', '--to', 'collapsed', '-o', 'words.folded')).code).toBe(0);
  expect(readFileSync(path.join(folder, 'words.folded'), 'utf8')).toContain('main (marked.py:');
  expect((await run('view', 'yappi.pstat', '--html', 'page.html')).code).toBe(0);
  expect(existsSync(path.join(folder, 'page.html'))).toBe(true);
});

test('damaged ones are refused in one line that names the byte', async () => {
  const folder = folderWithFiles();
  for (const file of files.slice(0, 4)) {
    const whole = readFileSync(path.join(folder, file));
    writeFileSync(path.join(folder, `cut-${file}`), whole.subarray(0, whole.length - 40));
    const { code, stdout, stderr } = await whetstone(['explain', `cut-${file}`], { cwd: folder });
    expect([file, code, stdout]).toEqual([file, 1, '']);
    expect(stderr).toMatch(/^whetstone: 'cut-\S+': Expected .* at byte \d+.*\n$/);
  }
});

test('rules that gain nothing are named when asked for, with their figures', async () => {
  const folder = folderWithFiles();
  const { stdout } = await whetstone(['explain', '--myths', 'python2.7.prof'], { cwd: folder });
  expect(stdout).toMatch(/Rules that gain nothing on CPython: not known/);
  expect((await whetstone(['explain', 'python2.7.prof'], { cwd: folder })).stdout).not.toContain(
    'Rules that',
  );
});
