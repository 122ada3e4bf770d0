import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cpythons } from '../../../../scripts/pythons.mjs';
import { startPythonSampler } from '../../src/python/start-python-sampler.ts';
import { sampleProgram, type Seen } from './sample-program.ts';

/** New threads and processes are searched for every 100 ms at least; so many looks, or milliseconds, take longer. */
const longerThanASearch = 300;

/** Different stacks of the program's own part, below a function. */
function stacksIn(rows: readonly Seen[], name: string): string[] {
  const own = rows
    .map(({ stack }) => stack.slice(stack.findIndex((frame) => frame.startsWith(`${name}:`))))
    .filter(([first]) => first?.startsWith(`${name}:`));
  return [...new Set(own.map((stack) => stack.join(' ')))].sort();
}

const linesIn = (rows: readonly Seen[], name: string): Set<number> =>
  new Set(
    rows
      .map(({ stack }) => stack.at(-1) ?? '')
      .filter((frame) => frame.startsWith(`${name}:`))
      .map((frame) => Number(frame.split(':').at(-1))),
  );

describe.each(cpythons)('$title', ({ path }) => {
  const python = path ?? '';
  const measured = test.skipIf(path === null);

  measured('finds every function by name, file and line, with those that called it', async () => {
    const { raw, rows, exit } = await sampleProgram(
      python,
      `from steps import step

class Box:
    def method(self):
        while step(0):
            sum(range(1000))

def outer():
    def inner():
        Box().method()
    inner()

(lambda: outer())()
`,
      { steps: 1 },
    );
    expect(exit).toBe(0);
    expect(rows.map(({ stack }) => stack.join(' '))).toContain(
      '<module>:13 <lambda>:13 outer:11 outer.<locals>.inner:10 Box.method:6',
    );
    const lines = linesIn(rows, 'Box.method');
    expect([...lines].filter((line) => ![5, 6].includes(line))).toEqual([]);
    const inside = rows.find(({ stack }) => stack.at(-1) === 'Box.method:6');
    expect(inside?.files.map((file) => file.split('/').at(-1))).toEqual(Array(5).fill('program.py'));
    const row = [...raw.codes.qualname].findIndex((name) => raw.strings[name] === 'Box.method');
    expect([raw.strings[raw.codes.name[row]!], raw.codes.firstLine[row], raw.codes.lastLine[row]]).toEqual([
      'method',
      4,
      6,
    ]);
    expect(raw.processes).toHaveLength(1);
    expect(raw.processes[0]).toMatchObject({ measured: true, reason: null, parent: 0 });
    expect(raw.processes[0]?.version).toMatch(/^3\.\d+\.\d+$/);
  });

  measured('tells code from other code that lay where it lies', async () => {
    const { rows } = await sampleProgram(
      python,
      `from steps import step
def one(): sum(range(300))
def two(): sum(range(300))
while step(0):
    # Alike but for their length: what the first one occupied, the second one gets.
    for name, calls in [('one', 100), ('two', 99)]:
        exec(compile(f'{name}()\\n' * calls, f'{name}.py', 'exec'))
`,
      { steps: 1, looks: 500 },
    );
    const seen = rows
      .filter(({ stack }) => /^(one|two):/.test(stack.at(-1) ?? ''))
      .map(({ stack, files }) => `${files.at(-2)} ${stack.at(-1)?.slice(0, 3)}`);
    expect(seen).toEqual(expect.arrayContaining(['one.py one', 'two.py two']));
  });

  measured('follows a stack over all its pieces', async () => {
    const { rows } = await sampleProgram(
      python,
      `import sys
from steps import step
sys.setrecursionlimit(10000)
def deeper(n):
    if n == 0:
        while step(0): pass
        return
    deeper(n - 1)
deeper(3000)
`,
      { steps: 1 },
    );
    const depths = new Set(
      rows.map(({ stack }) => stack.filter((frame) => frame.startsWith('deeper:')).length),
    );
    expect(depths).toContain(3001);
    const deepest = rows.find(({ stack }) => stack[3001] === 'deeper:6');
    expect(deepest?.stack[0]).toBe('<module>:9');
    expect(new Set(deepest?.stack.slice(1, 3001))).toEqual(new Set(['deeper:8']));
  });

  measured('follows generators, coroutines and calls through C', async () => {
    const { rows } = await sampleProgram(
      python,
      `import asyncio
from steps import step
def spin(n):
    while step(n): pass
def generator():
    yield spin(0)
def delegate():
    yield from generator()
async def awaited():
    spin(1)
async def coroutine():
    await awaited()
def key(x):
    spin(2)
    return x
class Called:
    def __call__(self): spin(3)
for _ in delegate(): pass
asyncio.run(coroutine())
sorted([1], key=key)
Called()()
`,
      { steps: 4 },
    );
    // A call of \`step\` from \`spin\` hides it now and then: the rest of the stack stands.
    const seen = rows.map(({ stack }) => stack.join(' '));
    const some = (part: string) => seen.some((stack) => stack.includes(part));
    expect(some('<module>:18 delegate:8 generator:6 spin:4')).toBe(true);
    expect(some('coroutine:12 awaited:10 spin:4')).toBe(true);
    expect(some('<module>:20 key:14 spin:4')).toBe(true);
    expect(some('<module>:21 Called.__call__:17 spin:4')).toBe(true);
  });

  measured('never shows a call that is not in the program, however fast it calls', async () => {
    const { rows, raw } = await sampleProgram(
      python,
      `from steps import step
def leaf_a(): return 1
def leaf_b(): return 2
def caller_a(): return leaf_a()
def caller_b(): return leaf_b()
def run():
    for _ in range(1000):
        caller_a()
        caller_b()
while step(0): run()
`,
      { steps: 1, looks: 500 },
    );
    const possible = new Set(['run caller_a', 'run caller_b', 'caller_a leaf_a', 'caller_b leaf_b']);
    const callsIn = ({ stack }: Seen): string[] => {
      const names = stack
        .map((frame) => frame.split(':')[0])
        .filter((name) => /^(leaf|caller)_|^run$/.test(name ?? ''));
      return names.slice(1).map((name, index) => `${names[index]} ${name}`);
    };
    const impossible = rows.filter((row) => callsIn(row).some((call) => !possible.has(call)));
    // A frame that has gone and come back between the two looks at it cannot be told: one in a thousand.
    expect(impossible.length).toBeLessThan(rows.length / 50);
    expect(rows.flatMap(callsIn)).toContain('run caller_a');
    expect(rows.flatMap(callsIn)).toContain('run caller_b');
    const thread = raw.threads.find(({ main }) => main);
    expect(thread?.taken).toBeGreaterThan(0);
  });

  measured('tells what each moment was spent on', async () => {
    const { rows } = await sampleProgram(
      python,
      `import gc, threading, time, zlib
from steps import step
def bytecode():
    while step(0):
        x = 0
        for i in range(3000): x += i
def c_code():
    while step(1): sum(range(30000))
def native():
    data = bytes(3_000_000)
    while step(2): zlib.crc32(data)
def collector():
    kept = [[] for _ in range(200_000)]
    while step(3): gc.collect()
def fight():
    others = [threading.Thread(target=rival) for _ in range(2)]
    for other in others: other.start()
    rival()
    for other in others: other.join()
def rival():
    while step(4):
        for i in range(1000): pass
bytecode(); c_code(); native(); collector(); fight()
`,
      { steps: 5, looks: 150 },
    );
    const statesOf = (name: string) =>
      new Set(
        rows
          .filter(({ stack }) => stack.some((frame) => frame.startsWith(`${name}:`)))
          .map(({ state }) => state),
      );
    expect(statesOf('bytecode')).toContain('bytecode');
    expect(statesOf('c_code')).toContain('c-code');
    expect(statesOf('native')).toContain('native');
    expect(statesOf('collector')).toContain('collector');
    expect(statesOf('rival')).toContain('lock');
    expect(statesOf('rival')).toContain('bytecode');
    expect(new Set(rows.filter(({ state }) => state === 'lock').map(({ wait }) => wait))).toEqual(
      new Set(['lock GIL ']),
    );
  });

  measured('names waits by kind, call and target', async () => {
    const { rows, stdout } = await sampleProgram(
      python,
      `import asyncio, os, queue, select, signal, socket, subprocess, sys, threading, time
from steps import step
def sleeps_long():
    # On a busy machine the main thread may get a core long after this one.
    with open(f'/proc/self/task/{os.getpid()}/stat') as file: state = file.read().split(') ')[1][0]
    return state == 'S'
def until(n, action):
    def wait():
        seen = 0
        while seen < 10:
            time.sleep(0.01)
            seen = seen + 1 if sleeps_long() else 0
        while step(n): time.sleep(0.01)
        action()
    threading.Thread(target=wait).start()

def receives():
    server = socket.create_server(('127.0.0.1', 0))
    print('port', server.getsockname()[1], flush=True)
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    until(0, lambda: accepted.send(b'x'))
    client.recv(1)
def takes_lock():
    lock = threading.Lock(); lock.acquire()
    until(1, lock.release)
    with lock: pass
def takes_from_queue():
    items = queue.Queue()
    until(2, lambda: items.put(1))
    items.get()
def reads_pipe():
    reading, writing = os.pipe()
    until(3, lambda: os.write(writing, b'x'))
    os.read(reading, 1)
def waits_for_child():
    child = subprocess.Popen(['sleep', '1000'])
    until(4, child.kill)
    child.wait()
def sleeps():
    while step(5): time.sleep(0.05)
def watches():
    a, b = socket.socketpair(); c, d = os.pipe()
    until(6, lambda: b.send(b'x'))
    select.select([a, c], [], [])
def event_loop():
    async def main():
        while step(7): await asyncio.sleep(0.05)
    asyncio.run(main())
def reads_fifo():
    os.mkfifo('fifo')
    until(8, lambda: open('fifo', 'w').close())
    open('fifo').close()
def pauses():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    until(9, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    signal.pause()
for function in [receives, takes_lock, takes_from_queue, reads_pipe, waits_for_child, sleeps, watches, event_loop, reads_fifo, pauses]:
    function()
`,
      { steps: 10, looks: 40 },
    );
    const waitsIn = (name: string) =>
      new Set(
        rows
          .filter(({ stack, wait }) => wait !== '' && stack.some((frame) => frame.startsWith(`${name}:`)))
          .map(({ wait }) => wait),
      );
    const port = /port (\d+)/.exec(stdout)?.[1];
    expect(waitsIn('receives')).toContain(`socket recv 127.0.0.1:${port}`);
    expect(waitsIn('takes_lock')).toContain('lock acquire ');
    expect(waitsIn('takes_from_queue')).toContain('lock Queue.get ');
    expect(waitsIn('reads_pipe')).toContain('pipe read ');
    expect(waitsIn('waits_for_child')).toContain('child wait sleep 1000');
    expect(waitsIn('sleeps')).toContain('sleep sleep ');
    expect([...waitsIn('watches')].filter((wait) => wait.startsWith('pipe select'))).not.toEqual([]);
    expect(
      [...waitsIn('event_loop')].filter((wait) => /^sleep (epoll_wait|poll|select)/.test(wait)),
    ).not.toEqual([]);
    expect(
      [...waitsIn('reads_fifo')].filter((wait) => wait.startsWith('file open ') && wait.endsWith('fifo')),
    ).not.toEqual([]);
    expect(waitsIn('pauses')).toContain('signal pause ');
  });

  measured('sees every thread, each in time order and without overlaps', async () => {
    const { raw, rows } = await sampleProgram(
      python,
      `import threading, time
from steps import step
def one():
    while step(0): time.sleep(0.001)
def two():
    while step(0): sum(range(1000))
threads = [threading.Thread(target=each) for each in [one, two, one]]
for thread in threads: thread.start()
for thread in threads: thread.join()
`,
      { steps: 1, looks: longerThanASearch },
    );
    const threads = raw.threads.filter(({ python: isPython }) => isPython);
    expect(threads).toHaveLength(4);
    expect(threads.filter(({ main }) => main)).toHaveLength(1);
    const tidsIn = (name: string) =>
      new Set(
        rows.filter(({ stack }) => stack.some((frame) => frame.startsWith(`${name}:`))).map(({ tid }) => tid),
      );
    expect([tidsIn('one').size, tidsIn('two').size]).toEqual([2, 1]);
    for (const { tid } of raw.threads) {
      const own = rows.filter((row) => row.tid === tid);
      for (const [index, { time, duration }] of own.entries()) {
        expect(duration).toBeGreaterThanOrEqual(0);
        const next = own[index + 1];
        // Microseconds since the machine began do not fit a float exactly: a thousandth is lost.
        if (next) expect(next.time).toBeGreaterThanOrEqual(time + duration - 0.01);
      }
    }
  });

  measured('finds what the program starts: forks, children, and what replaces it', async () => {
    const { raw, rows } = await sampleProgram(
      python,
      `import multiprocessing, os, subprocess, sys
from steps import step
def forked():
    while step(0): pass
def spawned():
    while step(1): pass
if __name__ == '__main__':
    child = os.fork()
    if child == 0:
        forked()
        os._exit(0)
    os.waitpid(child, 0)
    process = multiprocessing.get_context('spawn').Process(target=spawned)
    process.start(); process.join()
    subprocess.run([sys.executable, '-c', 'from steps import step\\ndef command():\\n  while step(2): pass\\ncommand()'])
    subprocess.run(['sh', '-c', '"$0" -c "from steps import step\\ndef shell():\\n  while step(3): pass\\nshell()"; true', sys.executable])
    os.execv(sys.executable, [sys.executable, '-c', 'from steps import step\\ndef replaced():\\n  while step(4): pass\\nreplaced()'])
`,
      { steps: 5, looks: longerThanASearch },
    );
    const [root] = raw.processes;
    const processOf = (name: string) => {
      const pids = new Set(
        rows.filter(({ stack }) => stack.some((frame) => frame.startsWith(`${name}:`))).map(({ pid }) => pid),
      );
      expect(pids.size, name).toBe(1);
      return raw.processes.filter(({ pid }) => pids.has(pid));
    };
    for (const name of ['forked', 'spawned', 'command']) {
      const [found] = processOf(name);
      expect(found).toMatchObject({ parent: root?.pid, measured: true });
      expect(found?.pid).not.toBe(root?.pid);
    }
    const shell = raw.processes.find(({ pid }) => pid === processOf('shell')[0]?.parent);
    expect(shell).toMatchObject({ measured: false, parent: root?.pid, reason: { code: 'not-python' } });
    const replaced = processOf('replaced');
    expect(replaced.map(({ pid }) => pid)).toEqual([root?.pid, root?.pid]);
    expect(replaced[1]?.command.join(' ')).toContain('def replaced');
  });

  measured('keeps what it saw, however the program ends', async () => {
    const text = (end: string) => `import os, signal, sys
from steps import step
def work():
    while step(0): pass
work()
${end}
`;
    const ends = [
      ['sys.exit(3)', 3],
      ['os._exit(4)', 4],
      ['raise ValueError("expected by the test") from None', 1],
      ['os.kill(os.getpid(), signal.SIGKILL)', 'SIGKILL'],
      ['os.kill(os.getpid(), signal.SIGSEGV)', 'SIGSEGV'],
      ['os.execv("/bin/true", ["/bin/true"])', 0],
    ] as const;
    for (const [end, code] of ends) {
      const { rows, exit } = await sampleProgram(python, text(`sys.stderr = open(os.devnull, 'w')\n${end}`), {
        steps: 1,
        looks: 20,
      });
      expect(exit, end).toBe(code);
      expect(
        stacksIn(rows, '<module>').some((stack) => stack.startsWith('<module>:5 work:4')),
        end,
      ).toBe(true);
    }
  });

  measured('charges memory to the line that took it', async () => {
    const { raw } = await sampleProgram(
      python,
      `from steps import step
kept = []
def grow():
    for _ in range(200):
        kept.append(b'x' * 1_000_000)
def rest():
    while step(0): pass
rest()
grow()
while step(1): pass
`,
      { steps: 2 },
    );
    const { samples, stacks, codes, strings, resident } = raw;
    const grownIn = (name: string) =>
      [...samples.grown]
        .filter((_, row) => strings[codes.qualname[stacks.code[samples.stack[row]!]!]!] === name)
        .reduce((sum, bytes) => sum + bytes, 0);
    expect(Math.max(...resident.value)).toBeGreaterThan(200_000_000);
    expect(grownIn('grow')).toBeGreaterThan(grownIn('rest'));
  });
});

describe.each(cpythons)('behind a shell: $title', ({ path }) => {
  test.skipIf(path === null)('begins when a Python is seen, and not before', async () => {
    const sampler = await startPythonSampler({ interval: 1000, until: Infinity, isPython: false });
    const script = 'read line; "$0" -c "while True: pass"; exit';
    const shell = spawn('sh', ['-c', script, path!], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    try {
      sampler.watch(shell.pid!);
      await setTimeout(longerThanASearch);
      expect(sampler.progress().looks).toBe(0);
      shell.stdin.end('go on\n');
      while (sampler.progress().samples === 0) await setTimeout(5);
    } finally {
      process.kill(-shell.pid!, 'SIGKILL');
    }
    const { processes } = await sampler.stop();
    expect(processes.map(({ pid, measured }) => [pid === shell.pid, measured])).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});

test('ends where no Python was ever seen', async () => {
  const sampler = await startPythonSampler({ interval: 1000, until: Infinity, isPython: false });
  const shell = spawn('sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'inherit'] });
  sampler.watch(shell.pid!);
  await setTimeout(longerThanASearch);
  shell.stdin.end('go on\n');
  expect(await sampler.stop()).toMatchObject({ processes: [], looks: 0 });
});

test('leaves out the process that measures, where the measured one has started it', async () => {
  const sampler = await startPythonSampler({ interval: 1000, until: Infinity, isPython: true });
  sampler.watch(process.ppid);
  // Long enough for a search of its children.
  await setTimeout(500);
  const pids = (await sampler.stop()).processes.map(({ pid }) => pid);
  expect(pids).toContain(process.ppid);
  expect(pids).not.toContain(process.pid);
});
