import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pythonNamed, pythons } from '../../../../scripts/pythons.mjs';
import { project, reportIn, whetstone } from './command.ts';

const packageFolder = fileURLToPath(new URL('../../../../python', import.meta.url));

for (const python of pythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    test('a program that is not told of us finds the package, and its marks select', async () => {
      const folder = project({ 'marked.py': marked });
      const args = ['run', '--quiet', '--no-save', '--json', 'report.json', '--runtime', python.path!];
      const { stdout, code } = await whetstone([...args, 'marked.py'], { cwd: folder });
      expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
      const report = reportIn(folder);
      expect(report.regions).toMatchObject([{ name: 'load', count: 2 }]);
      expect(report.marked.map((each) => each.function)).toEqual(['work']);
    });

    test('every pass finds it', async () => {
      const folder = project({ 'counted.py': counted });
      const args = ['run', '--quiet', '--no-save', '--counts', '--memory', '--json', 'report.json'];
      const { stdout, code } = await whetstone([...args, '--runtime', python.path!, 'counted.py'], {
        cwd: folder,
      });
      expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
      const work = reportIn(folder).functions.find((each) => each.function === 'work');
      expect(work?.calls).toBe(2);
    });
  });
}

const system = pythonNamed('cpython')!;
const canInstall =
  system.path !== null &&
  spawnSync(system.path, ['-c', 'import setuptools, pip, wheel'], { stdio: 'ignore' }).status === 0;

test.skipIf(!canInstall)(
  canInstall ? 'pip installs the package from its folder' : 'skipped: no pip with setuptools and wheel',
  () => {
    const folder = project({});
    cpSync(packageFolder, path.join(folder, 'python'), { recursive: true });
    const options = ['--no-build-isolation', '--no-index', '--no-deps', '--quiet', '--target', 'site'];
    execFileSync(system.path!, ['-m', 'pip', 'install', ...options, './python'], {
      cwd: folder,
      stdio: 'pipe',
    });
    expect(existsSync(path.join(folder, 'site/whetstone/_magics.py'))).toBe(true);
    const told = execFileSync(system.path!, ['-c', 'import whetstone; print(whetstone.__file__)'], {
      cwd: folder,
      env: { PYTHONPATH: 'site' },
      encoding: 'utf8',
    });
    expect(told.trim()).toBe(path.join(folder, 'site/whetstone/__init__.py'));
  },
);

/** Regions would select their time, of which nothing was counted. */
const counted = `import whetstone
@whetstone.profile
def work():
    return sum(range(3_000_000))
work()
work()
print('done')
`;

const marked = `import time, whetstone
@whetstone.profile
def work():
    end = time.process_time() + 0.3
    number = 0
    while time.process_time() < end:
        number += 1
for _ in range(2):
    with whetstone.region('load'):
        work()
print('done')
`;
