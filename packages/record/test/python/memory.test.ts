import { describe, expect, test } from 'vitest';
import { cpythons, pythonNamed } from '../../../../scripts/pythons.mjs';
import { pythonMemoryEnvironment, readPythonMemory } from '../../src/python/memory.ts';
import { pythonPrograms } from './run-pass.ts';

const programs = pythonPrograms();
const environment = pythonMemoryEnvironment;

for (const python of cpythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    test('tells what each line holds at the end and near the peak, with its function', async () => {
      const file = programs.program('allocates.py', allocates);
      const ran = await programs.run(python.path!, [file], { environment });
      expect(ran).toMatchObject({ stdout: 'done\n', stderr: '', code: 0 });
      const [main, ...others] = readPythonMemory(ran.folder).processes;
      expect(others).toEqual([]);
      expect(main).toMatchObject({ traced: true, ended: true, implementation: 'cpython' });
      expect(main!.peak).toBeGreaterThan(9_000_000);
      expect(main!.peakSeen).toBeLessThanOrEqual(main!.peak);
      const at = (line: number) => main!.lines.find((each) => each.file === file && each.line === line);
      const kept = at(6)!;
      expect(kept.function).toEqual({
        name: 'keep',
        qualname: 'Keeper.keep',
        line: 5,
      });
      expect(kept.endBytes).toBeGreaterThan(5_000_000);
      expect(kept.endBytes).toBeLessThan(5_100_000);
      expect(kept.endBlocks).toBeGreaterThanOrEqual(200);
      const temporary = at(8)!;
      expect(temporary.peakBytes).toBeGreaterThan(4_000_000);
      expect(temporary.endBytes).toBeLessThan(100_000);
      expect(main!.lines.some((each) => each.file.startsWith(ran.folder))).toBe(false);
    });

    test('keeps the last look of a program that is killed, and has one of each child', async () => {
      const file = programs.program('children.py', children);
      const held = (folder: string) =>
        readPythonMemory(folder).processes.map(
          ({ lines }) => lines.find((each) => each.file === file && each.endBytes > 3_000_000)?.line,
        );
      const ran = await programs.run(python.path!, [file], {
        environment,
        signal: 'SIGKILL',
        ready: (folder) => held(folder).join() === '3,7',
      });
      expect(ran).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      const processes = readPythonMemory(ran.folder).processes;
      expect(processes.map(({ ended }) => ended)).toEqual([false, true]);
      expect(processes[1]!.parent).toBe(processes[0]!.pid);
    });
  });
}

const pypy = pythonNamed('pypy')!;

test.skipIf(pypy.path === null)(`tells that there is no tracemalloc: ${pypy.title}`, async () => {
  const ran = await programs.run(pypy.path!, ['-c', 'print(1)'], { environment });
  expect(ran).toMatchObject({ stdout: '1\n', stderr: '' });
  expect(readPythonMemory(ran.folder).processes).toMatchObject([{ traced: false, peak: 0, lines: [] }]);
});

const allocates = `import time
class Keeper:
    def __init__(self):
        self.kept = []
    def keep(self, n):
        self.kept.append(bytearray(n))
def temporary():
    big = [bytearray(100_000) for _ in range(50)]
    time.sleep(1)
    return len(big)
keeper = Keeper()
for _ in range(100): keeper.keep(50_000)
temporary()
print('done')
`;

const children = `import os, time
def work():
    return bytearray(4_000_000)
held = work()
pid = os.fork()
if pid == 0:
    more = bytearray(5_000_000)
    os._exit(0)
os.waitpid(pid, 0)
time.sleep(600)
`;
