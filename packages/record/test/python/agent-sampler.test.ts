import { describe, expect, test } from 'vitest';
import { pythons } from '../../../../scripts/pythons.mjs';
import { pythonAgentEnvironment, readPythonAgent } from '../../src/python/agent-sampler.ts';
import { pythonStates, type RawPython } from '../../src/python/raw-python.ts';
import { pythonPrograms } from './run-pass.ts';

const programs = pythonPrograms();
const options = { interval: 5000, until: null };

for (const python of pythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    const environment = (folder: string, own: NodeJS.ProcessEnv) =>
      pythonAgentEnvironment(folder, own, options);

    test('tells functions that run from those that wait, in threads and forked children', async () => {
      const file = programs.program('mixed.py', mixed);
      const ran = await programs.run(python.path!, [file], { environment });
      expect(ran).toMatchObject({ stdout: 'child\n', stderr: '', code: 0 });
      const raw = readPythonAgent(ran.folder, options);
      expect(raw.processes.map(({ parent }) => parent)).toEqual([expect.any(Number), raw.processes[0]!.pid]);
      // A thread of a forked PyPy gets its turn so rarely that there may be no sample.
      const isSeen = python.implementation === 'cpython';
      const threads = raw.threads.filter(({ process }) => isSeen || process === 0);
      expect(threads.map(({ process, main, name }) => [process, main, name.split(' ')[0]])).toEqual([
        [0, true, 'MainThread'],
        [0, false, 'Thread-1'],
        ...(isSeen ? [[1, true, 'MainThread']] : []),
      ]);
      expect(raw.warnings.map(({ code }) => code)).toEqual(['python-from-inside']);
      const moments = momentsOf(raw);
      expect(moments).toContain('0 <module> > burn bytecode 0');
      expect(moments).toContain('0 <module> > rest waiting 7');
      expect(moments.some((each) => /^1 .*> rest waiting 7$/.test(each))).toBe(true);
      if (isSeen) expect(moments).toContain('2 <module> > burn bytecode 0');
      expect(moments.some((each) => each.includes('sampler'))).toBe(false);
      for (let i = 0; i < raw.samples.time.length; i++) expect(raw.samples.duration[i]).toBeGreaterThan(0);
    });

    test('keeps what it saw of a program that is killed', async () => {
      const file = programs.program('killed.py', 'import time\ndef rest(): time.sleep(600)\nrest()\n');
      const rests = (folder: string) =>
        momentsOf(readPythonAgent(folder, options)).includes('0 <module> > rest waiting 2');
      const ran = await programs.run(python.path!, [file], { environment, signal: 'SIGKILL', ready: rests });
      expect(ran).toMatchObject({ stdout: '', stderr: '', signal: 'SIGKILL' });
    });
  });
}

/** `thread functions state line` of each kind of moment, callers first. */
function momentsOf({ samples, stacks, codes, strings, waits }: RawPython): string[] {
  const found = new Set<string>();
  for (let i = 0; i < samples.thread.length; i++) {
    const names: string[] = [];
    for (let stack = samples.stack[i]!; stack >= 0; stack = stacks.parent[stack]!) {
      names.unshift(strings[codes.name[stacks.code[stack]!]!]!);
    }
    const state = pythonStates[samples.state[i]!];
    expect(waits[samples.wait[i]!]?.call).toBe(state === 'waiting' ? names.at(-1) : undefined);
    // PyPy starts a program from Python of its own.
    const own = names.slice(Math.max(names.indexOf('<module>'), 0));
    found.add(`${samples.thread[i]} ${own.join(' > ')} ${state} ${samples.line[i]}`);
  }
  return [...found];
}

const mixed = `import os, threading, time
def burn(seconds):
    number, end = 0, time.process_time() + seconds
    while time.process_time() < end:
        number += 1
def rest(seconds):
    time.sleep(seconds)
thread = threading.Thread(target=rest, args=(0.5,))
thread.start()
burn(0.2)
rest(0.2)
thread.join()
pid = os.fork()
if pid == 0:
    burn(0.2)
    print('child', flush=True)
    os._exit(0)
os.waitpid(pid, 0)
`;
