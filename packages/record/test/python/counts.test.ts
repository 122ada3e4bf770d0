import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { pythonCountsEnvironment, readPythonCounts, type CountedFunction } from '../../src/python/counts.ts';
import { pythons } from '../../../../scripts/pythons.mjs';
import { pythonPrograms } from './run-pass.ts';

const programs = pythonPrograms();

for (const python of pythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    const way =
      python.implementation === 'pypy' ? 'hook' : /3\.1[2-9]/.test(python.title) ? 'monitoring' : 'profile';

    async function counted(text: string, lines: readonly CountedFunction[] = [], signal?: NodeJS.Signals) {
      const file = programs.program('counted.py', text);
      const ran = await programs.run(python.path!, [file], {
        environment: (folder, environment) => pythonCountsEnvironment(folder, environment, { lines }),
        ...(signal && { signal, ready: (folder) => callsOf(folder, file)['work'] === 1000 }),
      });
      const counts = readPythonCounts(ran.folder);
      return { ...ran, file, counts, calls: callsOf(ran.folder, file) };
    }

    test('counts every call of a recursion', async () => {
      const { stdout, stderr, calls, counts } = await counted(fib(24));
      expect(stderr).toBe('');
      expect(stdout).toBe('46368\n');
      expect(calls).toEqual({ fib: 150_049, '<module>': 1 });
      expect(counts.processes).toMatchObject([{ way, ended: true, disturbed: false }]);
    });

    test('counts in threads', async () => {
      const { stderr, calls } = await counted(threads);
      expect(stderr).toBe('');
      expect(calls).toMatchObject({ work: 5000, start: 5, run: 1, '<module>': 1 });
    });

    // A named pipe opens when somebody writes to it: until then the main thread runs no Python at all.
    test.skipIf(way !== 'profile')('counts in a program whose file opens late', async () => {
      const file = programs.program('late.py', '');
      rmSync(file);
      execFileSync('mkfifo', [file]);
      const running = programs.run(python.path!, [file], {
        environment: (folder, environment) => pythonCountsEnvironment(folder, environment, { lines: [] }),
      });
      await setTimeout(500);
      await writeFile(file, 'def work(): pass\nfor _ in range(7): work()\n');
      const { stderr, folder } = await running;
      expect(stderr).toBe('');
      expect(callsOf(folder, file)).toEqual({ work: 7, '<module>': 1 });
    });

    test('counts in children of every kind, each once', async () => {
      const { stdout, stderr, calls, counts } = await counted(children);
      expect(stderr).toBe('');
      expect(stdout.trim().split('\n').toSorted()).toEqual([
        'forked 7',
        'plain',
        'pool 12',
        'replaced',
        'shell',
        'spawned',
      ]);
      expect(counts.processes.length).toBeGreaterThanOrEqual(8);
      expect(calls).toMatchObject({ before: 3, inChild: 2, square: 4, forks: 1, told: 5 });
    });

    test('loses nothing when a program leaves by os._exit', async () => {
      const { code, calls, counts } = await counted(`
import os
def leave(depth):
    if depth == 0: os._exit(3)
    leave(depth - 1)
leave(9)
`);
      expect(code).toBe(3);
      expect(calls).toEqual({ leave: 10, '<module>': 1 });
      expect(counts.processes).toMatchObject([{ ended: way === 'profile' }]);
    });

    test.each(['SIGTERM', 'SIGKILL'] as const)(
      'keeps what was counted when %s ends the program',
      async (name) => {
        const { signal, calls, counts } = await counted(
          `
import time
def work(): pass
for _ in range(1000): work()
time.sleep(600)
`,
          [],
          name,
        );
        expect(signal).toBe(name);
        expect(calls['work']).toBe(1000);
        expect(counts.processes).toMatchObject([{ ended: false }]);
      },
    );

    test('counts hits of the lines that are asked for', async () => {
      const { file, counts, stderr } = await counted(lines, [
        { file: null, name: python.implementation === 'pypy' ? 'work' : 'Worker.work', line: null },
        { file: null, name: 'twice', line: 10 },
      ]);
      expect(stderr).toBe('');
      const hits = Object.fromEntries(counts.hits.map(({ line, hits }) => [line, hits]));
      expect(counts.hits.every((each) => each.file === file)).toBe(true);
      expect(hits).toMatchObject({ 4: 3, 6: 300, 7: 300, 8: 3, 12: 6 });
      expect(
        Object.keys(hits)
          .map(Number)
          .every((line) => line < 13),
      ).toBe(true);
      expect(hits[5]).toBeGreaterThanOrEqual(300);
    });

    test('tells that a program took the hook for itself', async () => {
      const { counts, stdout } = await counted(`
import sys
def hook(*_): pass
sys.setprofile(hook)
print(sys.getprofile() is hook)
`);
      expect(stdout).toBe('True\n');
      expect(counts.processes).toMatchObject([{ disturbed: way === 'profile' }]);
    });

    test('leaves the program what it sees', async () => {
      const module = programs.program('inside/__main__.py', seen);
      programs.program('inside/sitecustomize.py', 'own = "sitecustomize of the program"\n');
      for (const args of [
        [module, 'a', 'b'],
        ['-m', 'inside', 'a'],
        ['-c', seen, 'a'],
        ['-W', 'error', module],
      ]) {
        for (const env of [{}, { PYTHONPATH: 'inside:/nowhere' }]) {
          const plain = await programs.run(python.path!, args, { env });
          const measured = await programs.run(python.path!, args, {
            env,
            environment: (folder, environment) => pythonCountsEnvironment(folder, environment, { lines: [] }),
          });
          expect(plain.stderr).toBe('');
          expect({ ...measured, folder: '' }).toEqual({ ...plain, folder: '' });
          expect(readPythonCounts(measured.folder).processes).toHaveLength(3);
        }
      }
    }, 180_000);
  });
}

function callsOf(folder: string, file: string): Record<string, number> {
  const own = readPythonCounts(folder).calls.filter((each) => each.file === file);
  return Object.fromEntries(own.map(({ name, calls }) => [name, calls]));
}

const fib = (n: number) => `
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(${n}))
`;

const threads = `
import threading
class Own(threading.Thread):
    def run(self):
        start(600)
def work(): pass
def start(times):
    for _ in range(times): work()
own = Own()
all = [own] + [threading.Thread(target=start, args=(1100,)) for _ in range(4)]
for each in all: each.start()
for each in all: each.join()
`;

const children = `
import multiprocessing, os, subprocess, sys
def before(): pass
def inChild(): pass
def square(n): return n * n
def told(text): print(text, flush=True)
def forks():
    pid = os.fork()
    if pid == 0:
        inChild()
        inChild()
        told('forked 7')
        os._exit(0)
    os.waitpid(pid, 0)
if __name__ == '__main__':
    if sys.argv[1:]:
        told(sys.argv[1])
        if sys.argv[1] == 'spawned': os.execv(sys.executable, [sys.executable, __file__, 'replaced'])
        sys.exit()
    for _ in range(3): before()
    forks()
    subprocess.run([sys.executable, __file__, 'spawned'], env={**os.environ, 'X': '1'})
    subprocess.run(['sh', '-c', '"$0" "$1" shell', sys.executable, __file__], env={'PYTHONPATH': '/nowhere'})
    os.environ['PYTHONPATH'] = '/elsewhere'
    os.spawnv(os.P_WAIT, sys.executable, [sys.executable, __file__, 'plain'])
    with multiprocessing.get_context('spawn').Pool(2) as pool:
        pool.map(square, [1])
        pool.close()
        pool.join()
    with multiprocessing.get_context('fork').Pool(2) as pool:
        print('pool', sum(pool.map(square, [1, 1, 3])) + 1)
        pool.close()
        pool.join()
`;

const lines = `
class Worker:
    def work(self, times):
        total = 0
        for number in range(times):
            total += number
            total -= 1
        return total

@staticmethod
def twice(n):
    return 2 * n
def other():
    pass
worker = Worker()
for _ in range(3): worker.work(100)
twice = getattr(twice, '__func__', twice)
for _ in range(6): twice(1)
other()
`;

const seen = `
import sys, os, inspect
def module(name):
    try: return getattr(__import__(name), 'own', 'of the system')
    except ImportError as error: return str(error)
print(sys.argv, __name__, globals().get('__file__'), __package__, type(__spec__).__name__, sys.path, sys.flags)
print(sorted(os.environ.items()), os.getenv('PYTHONPATH'), module('sitecustomize'), 'sitecustomize' in sys.modules)
print(sorted(name for name in sys.modules if 'whetstone' in name), sorted(sys.path_importer_cache.keys() - sys.path))
print(len(inspect.stack()), sys.getrecursionlimit(), sys.dont_write_bytecode)
import subprocess, signal, warnings
print([signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF)], warnings.filters)
subprocess.run([sys.executable, '-c', 'import os, sys; print(os.environ.get("PYTHONPATH"), sys.path)'])
pid = os.fork()
if pid == 0:
    print('child', flush=True)
    os._exit(0)
os.waitpid(pid, 0)
raise SystemExit(5)
`;
