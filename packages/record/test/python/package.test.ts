import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pythons } from '../../../../scripts/pythons.mjs';
import { pythonMarksEnvironment, readPythonMarks } from '../../src/python/agent-marks.ts';
import { pythonPrograms } from './run-pass.ts';

const programs = pythonPrograms();
const repository = fileURLToPath(new URL('../../../../python', import.meta.url));

for (const python of pythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    async function run(args: readonly string[], entry: string | null) {
      return await programs.run(python.path!, args, {
        env: { PYTHONPATH: '/nowhere' },
        environment: (folder, environment) =>
          pythonMarksEnvironment(
            folder,
            environment,
            { given: args, kind: 'python', command: python.path!, args, entry },
            programs.home,
          ),
      });
    }

    test('takes regions and marked functions, of threads and forked children too', async () => {
      const file = programs.program('marks/marked.py', marked);
      const ran = await run([file], file);
      expect(ran).toMatchObject({ stderr: '', stdout: '42\n', code: 0 });
      const marks = readPythonMarks(ran.folder);
      const regions = marks.filter(({ kind }) => kind === 'region');
      expect(regions.map(({ name }) => name).toSorted()).toEqual(['child', 'inner', 'outer', 'thread']);
      const functions = marks.filter(({ kind }) => kind === 'function');
      expect(functions.map(({ name }) => name.replace('.<locals>', ''))).toEqual([
        'answer',
        'A.method',
        'A.fixed',
        'A.value',
        'wrapped',
      ]);
      const [inner, outer] = ['inner', 'outer'].map((name) => regions.find((each) => each.name === name)!);
      expect(outer!.start).toBeLessThanOrEqual(inner!.start);
      expect(outer!.start + outer!.duration).toBeGreaterThanOrEqual(inner!.start + inner!.duration);
      expect(regions.find(({ name }) => name === 'thread')!.tid).not.toBe(outer!.tid);
      expect(regions.find(({ name }) => name === 'child')!.process).not.toBe(outer!.process);
    });

    test('is found by -c and -m, and by a program whose other files import it', async () => {
      programs.program('deep/inner/uses.py', 'import os, whetstone\nprint(whetstone.region("x"))\n');
      const main = programs.program('deep/main.py', 'import inner.uses\n');
      for (const [args, entry] of [
        [['-c', 'import sys; import whetstone; print(whetstone.region("x"))'], null],
        [['-m', 'deep.inner.uses'], null],
        [[main], main],
      ] as const) {
        const ran = await run(args, entry);
        expect(ran.stderr).toBe('');
        expect(ran.stdout).toMatch(/^<whetstone\._marks\.Region/);
      }
    });

    test('costs no object without a recorder, and leaves marked functions as they are', async () => {
      const ran = await programs.run(python.path!, ['-c', without], { env: { PYTHONPATH: repository } });
      expect(ran).toMatchObject({ stderr: '', stdout: 'True True []\n' });
    });
  });
}

test('leaves the environment of programs that do not import it as it is', () => {
  const entry = programs.program('plain/plain.py', '# import whetstone, some day\nimport whetstones\n');
  const environment = { A: '1' };
  const target = { given: [entry], kind: 'python', command: 'python3', args: [entry], entry } as const;
  expect(pythonMarksEnvironment('/folder', environment, target, programs.home)).toBe(environment);
});

const marked = `import functools, os, threading
import whetstone
@whetstone.profile
def answer(): return 42
class A:
    @whetstone.profile
    def method(self): pass
    @whetstone.profile
    @staticmethod
    def fixed(): pass
    @whetstone.profile
    @property
    def value(self): pass
def around(function):
    @functools.wraps(function)
    def inside(*args): return function(*args)
    return inside
@whetstone.profile
@around
def wrapped(): pass
def work():
    with whetstone.region('thread'): pass
pid = os.fork()
if pid == 0:
    with whetstone.region('child'): pass
    os._exit(0)
os.waitpid(pid, 0)
with whetstone.region('outer'):
    with whetstone.region('inner'):
        result = answer()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(result)
`;

const without = `
import sys
before = set(sys.modules)
import whetstone
def f(): pass
print(whetstone.profile(f) is f, whetstone.region('a') is whetstone.region('b'), sorted(set(sys.modules) - before - {'whetstone', 'whetstone._marks'} - set(sys.builtin_module_names)))
`;
