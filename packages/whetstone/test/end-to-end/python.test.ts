import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunReport } from '@whetstone/analyze';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cpythons, pythonNamed } from '../../../../scripts/pythons.mjs';
import { command, project, reportIn, started, whetstone, type Ended } from './command.ts';

/** Enough CPU time that samples fall into it on any machine. */
const burn = `
import os, signal, sys, time

def burn(seconds=0.3):
    until = time.process_time() + seconds
    total = 0
    while time.process_time() < until:
        total += sum(range(100))
    return total

burn()
print('computed', flush=True)
`;

interface Ending {
  readonly program: string;
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
}

const endings: Readonly<Record<string, Ending>> = {
  'its last line': { program: burn, code: 0 },
  'sys.exit': { program: `${burn}\nsys.exit(3)`, code: 3 },
  'os._exit': { program: `${burn}\nos._exit(4)`, code: 4 },
  'an uncaught exception': { program: `${burn}\nraise ValueError('lost')`, code: 1 },
  SIGTERM: { program: `${burn}\nos.kill(os.getpid(), signal.SIGTERM)`, signal: 'SIGTERM' },
  SIGKILL: { program: `${burn}\nos.kill(os.getpid(), signal.SIGKILL)`, signal: 'SIGKILL' },
  'SIGINT, as KeyboardInterrupt': {
    program: `${burn}\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)`,
    signal: 'SIGINT',
  },
  'SIGTERM, which it handles': {
    program: `${burn}\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)`,
    code: 9,
  },
  'a segmentation fault': { program: `${burn}\nimport ctypes\nctypes.string_at(0)`, signal: 'SIGSEGV' },
  'another Python in its place': {
    program: `${burn}\nos.execv(sys.executable, [sys.executable, '-c', 'print("replaced"); raise SystemExit(5)'])`,
    code: 5,
  },
};

/** The same program plain and measured; the report lies in `report.json`. */
async function both(
  folder: string,
  python: string,
  args: readonly string[],
  options: Parameters<typeof started>[2] = {},
): Promise<{ plain: Ended; measured: Ended }> {
  const all = { cwd: folder, ...options };
  const plain = await started(python, args, all).ended;
  const ours = ['run', '--quiet', '--json', 'report.json', python, ...args];
  return { plain, measured: await whetstone(ours, all) };
}

/** What the report warns of, but for what a busy machine brings. */
function warningsOf({ warnings }: RunReport): string[] {
  const busy = ['python-sampled-seldom', 'samples-rejected', 'cpu-unexplained'];
  return warnings.map(({ code }) => code).filter((code) => !busy.includes(code));
}

for (const python of cpythons) {
  describe.skipIf(python.path === null)(python.title, () => {
    const file = python.path!;

    describe('nothing is lost when a program ends by', () => {
      test.each(Object.entries(endings))('%s', async (_name, { program, code = null, signal = null }) => {
        const folder = project({ 'app.py': program });
        const { plain, measured } = await both(folder, file, ['app.py']);
        expect({ code: plain.code, signal: plain.signal }).toEqual({ code, signal });
        expect({ code: measured.code, signal: measured.signal }).toEqual({ code, signal });
        expect(measured.stdout).toBe(plain.stdout);
        // What it says itself comes first and is untouched; our line is the last.
        const lines = measured.stderr.split('\n');
        expect(lines.at(-2)).toMatch(/\.whetstone\/app-\d+\.whet$/);
        expect(lines.slice(0, -2).join('\n')).toBe(plain.stderr.trimEnd());
        const report = reportIn(folder);
        expect(report.about).toMatchObject({ exit: { code, signal }, runtime: { name: 'cpython' } });
        expect(report.functions.find((row) => row.function === 'burn')).toMatchObject({
          file: 'app.py',
          category: 'own',
        });
      });
    });

    test('a program in an endless loop ends by a signal to the whole group, and the report names the line', async () => {
      const folder = project({
        'app.py': `print('ready', flush=True)\ndef spin():\n    while True:\n        x = 1\nspin()\n`,
      });
      const run = started(
        process.execPath,
        [command, 'run', '--quiet', '--json', 'report.json', file, 'app.py'],
        { cwd: folder, detached: true },
      );
      await run.prints('ready');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      process.kill(-run.child.pid!, 'SIGTERM');
      expect(await run.ended).toMatchObject({ signal: 'SIGTERM', stdout: 'ready\n' });
      const report = reportIn(folder);
      expect(report.functions[0]).toMatchObject({ function: 'spin', file: 'app.py' });
      expect([3, 4]).toContain(report.lines[0]?.line);
    });

    test('a program lives on when its measuring ends', async () => {
      const folder = project({
        'app.py': `import time\ndef spin(seconds):\n    until = time.process_time() + seconds\n    while time.process_time() < until: pass\ndef early(): spin(2)\ndef late(): spin(0.5)\nearly()\ntime.sleep(1)\nlate()\nprint('lived on')\n`,
      });
      const { stdout, code } = await whetstone(
        ['run', '--quiet', '--for', '1s', '--json', 'report.json', file, 'app.py'],
        { cwd: folder },
      );
      expect({ stdout, code }).toEqual({ stdout: 'lived on\n', code: 0 });
      const names = reportIn(folder).functions.map((row) => row.function);
      expect(names).toContain('early');
      expect(names).not.toContain('late');
    });

    test('nothing of ours is inside the program', async () => {
      const folder = project({
        'app.py': `import gc, json, os, signal, sys, threading
print(json.dumps([sorted(sys.modules), sys.path, sys.argv, sys.flags, sorted(sys._xoptions), dict(os.environ), __file__, __name__]))
print(sys.getprofile(), sys.gettrace(), gc.callbacks, threading.enumerate(), sys.getswitchinterval(), sys.meta_path == sys.meta_path)
print([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPROF, signal.SIGALRM)], signal.getitimer(signal.ITIMER_PROF))
print(os.getcwd(), sorted(os.listdir('/proc/self/fd')), os.getpgrp() == os.getpgid(os.getppid()))
`,
      });
      const env = { PYTHONPATH: '/nowhere', PYTHONHASHSEED: '0', LOUD: 'yes' };
      const { plain, measured } = await both(folder, file, ['-X', 'dev', 'app.py', 'one', '--two'], { env });
      expect(plain.code).toBe(0);
      const steady = (text: string) => text.replaceAll(/0x[0-9a-f]+|MainThread, started \d+/g, '');
      expect(steady(measured.stdout)).toBe(steady(plain.stdout));
    });

    test('stdin, stdout and stderr pass byte for byte', async () => {
      const folder = project({
        'app.py': `import sys\ndata = sys.stdin.buffer.read()\nsys.stdout.buffer.write(data[::-1])\nsys.stderr.buffer.write(bytes(range(256)))\n`,
      });
      const input = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
        .join('')
        .repeat(50);
      const options = { input, encoding: 'latin1' as const };
      const { plain, measured } = await both(folder, file, ['app.py'], options);
      expect(plain.stdout.length).toBeGreaterThan(10_000);
      expect(measured.stdout).toBe(plain.stdout);
      expect(measured.stderr.startsWith(plain.stderr)).toBe(true);
    });

    test('a program may print much, and change its folder and its name', async () => {
      const folder = project({
        'app.py': `import os, sys\n${burn}\nos.chdir('/')\nopen('/proc/self/comm', 'w').write('another')\nfor _ in range(2000): sys.stdout.write('x' * 10_000)\nburn(0.1)\n`,
      });
      const { plain, measured } = await both(folder, file, ['app.py']);
      expect(measured.stdout.length).toBe(plain.stdout.length);
      const report = reportIn(folder);
      expect(report.functions.find((row) => row.function === 'burn')?.file).toBe('app.py');
    });

    test('threads and children of every kind have rows of their own', async () => {
      const folder = project({
        'app.py': `import multiprocessing, os, subprocess, sys, threading, time
def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until: pass
def in_thread(): burn(0.3)
def in_fork(): burn(0.3)
def in_spawn(): burn(0.3)
if __name__ == '__main__':
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    for kind in ('fork', 'spawn'):
        child = multiprocessing.get_context(kind).Process(target=in_fork if kind == 'fork' else in_spawn)
        child.start()
        child.join()
    subprocess.run([sys.executable, 'child.py'], check=True)
`,
        'child.py': `import app\ndef in_subprocess(): app.burn(0.3)\nin_subprocess()\n`,
      });
      const { measured } = await both(folder, file, ['app.py']);
      expect(measured.code).toBe(0);
      const report = reportIn(folder);
      const names = report.functions.map((row) => row.function);
      for (const name of ['in_thread', 'in_fork', 'in_spawn', 'in_subprocess']) expect(names).toContain(name);
      const busy = report.threads.filter(({ states }) => (states['bytecode'] ?? 0) > 0);
      expect(new Set(busy.map((row) => row.process)).size).toBeGreaterThanOrEqual(4);
      const main = report.threads[0]!.process;
      expect(report.threads.filter((row) => row.process === main).map((row) => row.thread)).toEqual([0, 1]);
    });

    test('waits have names, and the place that waited', async () => {
      const folder = project({
        'app.py': `import os, threading, time\ndef rest():\n    time.sleep(0.4)\ndef read():\n    a, b = os.pipe()\n    threading.Timer(0.4, lambda: os.write(b, b'x')).start()\n    os.read(a, 1)\nrest()\nread()\n`,
      });
      await both(folder, file, ['app.py']);
      const waits = reportIn(folder).waits;
      expect(waits.find((row) => row.kind === 'sleep')).toMatchObject({
        file: 'app.py',
        line: 3,
        function: 'rest',
      });
      expect(waits.find((row) => row.function === 'read')).toMatchObject({ file: 'app.py', line: 7 });
    });

    test('calls are counted exactly in a run of their own, and with =lines the lines too', async () => {
      const folder = project({
        'app.py': `${burn}\ndef fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\nprint(fib(18), sys.stdin.read())\n`,
      });
      const { stdout, stderr } = await whetstone(
        ['run', '--counts=lines', '--lines', 'fib', '--json', 'report.json', file, 'app.py'],
        { cwd: folder, input: 'given twice' },
      );
      expect(stdout).toBe('computed\n2584 given twice\n');
      const report = reportIn(folder);
      expect(warningsOf(report)).toEqual(['counting-cost']);
      expect(stderr).toMatch(/Counting took a run of its own, [\d.]+ times as long/);
      expect(report.functions.find((row) => row.function === 'fib')?.calls).toBe(8361);
      const line =
        readFileSync(path.join(folder, 'app.py'), 'utf8').split('\n').indexOf('        return n') + 1;
      expect(report.lines.find((row) => row.file === 'app.py' && row.line === line)?.hits).toBe(4181);
    });

    test('allocations are traced by line in a run of their own', async () => {
      const folder = project({
        'app.py': `${burn}\ndef load():\n    return [bytes(1000) for _ in range(5000)]\nkept = load()\nburn(0.2)\n`,
      });
      const { stdout } = await whetstone(
        ['run', '--quiet', '--memory', '--json', 'report.json', file, 'app.py'],
        { cwd: folder },
      );
      expect(stdout).toBe('computed\n');
      const report = reportIn(folder);
      expect(warningsOf(report)).toEqual(['memory-cost']);
      const text = readFileSync(path.join(folder, 'app.py'), 'utf8').split('\n');
      const line = text.findIndex((each) => each.includes('bytes(1000)')) + 1;
      const row = report.lines.find((each) => each.file === 'app.py' && each.line === line);
      expect(row?.allocated).toBeGreaterThan(5_000_000);
    });
  });
}

const pypy = pythonNamed('pypy')!;

describe.skipIf(pypy.path === null)(pypy.title, () => {
  test('is measured from inside by function, and the report says so', async () => {
    const folder = project({
      'app.py': `${burn}\ndef rest():\n    time.sleep(0.3)\nrest()\nsys.exit(7)\n`,
    });
    const { plain, measured } = await both(folder, pypy.path!, ['app.py']);
    expect(measured).toMatchObject({ code: 7, stdout: plain.stdout });
    const report = reportIn(folder);
    expect(report.about.runtime.name).toBe('pypy');
    expect(report.warnings.map(({ code }) => code)).toContain('measured-inside');
    expect(report.functions.find((row) => row.function === 'burn')).toMatchObject({ file: 'app.py' });
    expect(report.waits.some((row) => row.function === 'rest' || row.call === 'rest')).toBe(true);
  });

  test('cannot be attached to, which is said at once and leaves it alone', async () => {
    const folder = project({ 'app.py': `import time\nprint('ready', flush=True)\ntime.sleep(60)\n` });
    const program = started(pypy.path!, ['app.py'], { cwd: folder });
    onTestFinished(() => void program.child.kill('SIGKILL'));
    await program.prints('ready');
    const { code, stdout, stderr } = await whetstone(['attach', String(program.child.pid)], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^whetstone: Process \d+ cannot be measured\. PyPy .*whetstone run.*\n$/);
    expect(program.child.exitCode ?? program.child.signalCode).toBe(null);
  });

  test('has its calls counted', async () => {
    const folder = project({
      'app.py': `${burn}\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(15)\n`,
    });
    const ours = ['run', '--quiet', '--counts', '--json', 'report.json'];
    const { code } = await whetstone([...ours, pypy.path!, 'app.py'], { cwd: folder });
    expect(code).toBe(0);
    expect(reportIn(folder).functions.find((row) => row.function === 'fib')?.calls).toBe(1973);
  });
});

describe.skipIf(cpythons[0]!.path === null)(`the command with ${cpythons[0]!.title}`, () => {
  const file = cpythons[0]!.path!;
  const quiet = ['run', '--quiet', '--no-save', '--json', 'report.json'];

  test('-m runs a module, and -c a program', async () => {
    const folder = project({
      'tool/__init__.py': '',
      'tool/__main__.py': `import sys\ndef main():\n    x = 0\n    for i in range(3_000_000): x += i\nmain()\nprint(sys.argv[1:])\n`,
    });
    const module = await whetstone([...quiet, '--runtime', file, '-m', 'tool', '-m', 'x'], { cwd: folder });
    expect(module).toMatchObject({ stdout: `['-m', 'x']\n`, code: 0 });
    expect(reportIn(folder).functions.find((row) => row.function === 'main')?.file).toBe('tool/__main__.py');
    expect(reportIn(folder).about.command).toEqual(['-m', 'tool', '-m', 'x']);
    const text = `import sys; sum(range(10**7)); print(sys.argv)`;
    const program = await whetstone([...quiet, '--runtime', file, '-c', text, 'y'], { cwd: folder });
    expect(program).toMatchObject({ stdout: `['-c', 'y']\n`, code: 0 });
    expect(reportIn(folder).functions.find((row) => row.file === '<string>')?.category).toBe('own');
  });

  test('a Python below a shell is measured', async () => {
    const folder = project({ 'app.py': burn, 'run.sh': `true\n"${file}" app.py; exit 6\n` });
    const { stdout, code } = await whetstone([...quiet, 'sh', 'run.sh'], { cwd: folder });
    expect({ stdout, code }).toEqual({ stdout: 'computed\n', code: 6 });
    const report = reportIn(folder);
    expect(report.about.runtime.name).toBe('cpython');
    expect(report.functions.find((row) => row.function === 'burn')?.file).toBe('app.py');
  });

  test('Node and Python below one shell are told apart', async () => {
    const folder = project({
      'app.py': burn,
      'app.js': 'function spin() { const until = Date.now() + 600; while (Date.now() < until); } spin();',
      'run.sh': `"${process.execPath}" app.js\n"${file}" app.py\n`,
    });
    const { code } = await whetstone([...quiet, 'sh', 'run.sh'], { cwd: folder });
    expect(code).toBe(0);
    const report = reportIn(folder);
    const named = (name: string) => report.functions.find((row) => row.function === name)?.file;
    expect([named('spin'), named('burn')]).toEqual(['app.js', 'app.py']);
    expect(new Set(report.threads.map((row) => row.process)).size).toBeGreaterThanOrEqual(3);
  });

  test('a Python that a Node starts is measured', async () => {
    const folder = project({
      'app.py': burn.replace('0.3', '1.5'),
      'app.js': `require('child_process').spawnSync(${JSON.stringify(file)}, ['app.py'], { stdio: 'inherit' });`,
    });
    const { code, stdout } = await whetstone([...quiet, 'app.js'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'computed\n' });
    const report = reportIn(folder);
    expect(report.about.runtime.name).toBe('node');
    expect(report.functions.find((row) => row.function === 'burn')?.file).toBe('app.py');
  });

  test('a shim starts as without us, and what it asks first is not in the report', async () => {
    const folder = project({
      'app.py': burn,
      'shims/python3': `#!/bin/sh\nsh -c 'sleep 0.05; exit 0'\nexec '${file}' "$@"\n`,
    });
    chmodSync(path.join(folder, 'shims/python3'), 0o755);
    const env = { PATH: `${path.join(folder, 'shims')}:${process.env['PATH']}` };
    const { code, stdout } = await whetstone([...quiet, 'app.py'], { cwd: folder, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'computed\n' });
    const report = reportIn(folder);
    expect(report.about.runtime).toMatchObject({ name: 'cpython' });
    expect(report.functions.find((row) => row.function === 'burn')?.file).toBe('app.py');
    expect(report.threads.map((row) => row.name)).not.toContain('sleep');
    expect(report.threads.map((row) => row.name)).not.toContain('sh');
  });

  test('a program runs in its virtual environment', async ({ skip }) => {
    const folder = project({ 'app.py': `import sys\nprint(sys.prefix)\n` });
    const made = spawnSync(file, ['-m', 'venv', '--without-pip', '.venv'], { cwd: folder });
    if (made.status !== 0) skip('this Python has no venv');
    const { stdout } = await whetstone([...quiet, 'app.py'], { cwd: folder });
    expect(stdout).toBe(`${path.join(folder, '.venv')}\n`);
  });

  test('where Python reads nothing of ours, the report says that nothing was counted', async () => {
    const folder = project({ 'app.py': burn });
    await whetstone([...quiet, '--counts', file, '-I', 'app.py'], { cwd: folder });
    const report = reportIn(folder);
    expect(warningsOf(report)).toEqual(['further-run-empty']);
    expect(report.about.modes.counts).toBe(false);
    expect(report.functions.some((row) => row.function === 'burn')).toBe(true);
  });

  test('a program that cannot be read from outside is measured from inside', async ({ skip }) => {
    const nobody = ['--reuid', '65534', '--clear-groups', process.execPath, command];
    if (process.getuid?.() !== 0 || spawnSync('setpriv', [...nobody, '--version']).status !== 0)
      skip('needs root, setpriv, and a checkout that others can read');
    // What a user may run and not read, the system lets nobody of that user look into.
    const folder = project({ 'app.py': burn });
    const hidden = path.join(folder, 'python3');
    copyFileSync(file, hidden);
    chmodSync(hidden, 0o711);
    chmodSync(folder, 0o777);
    const ended = await started('setpriv', [...nobody, ...quiet, '--runtime', hidden, 'app.py'], {
      cwd: folder,
      env: { PYTHONHOME: '/usr', HOME: folder },
    }).ended;
    expect(ended).toMatchObject({ code: 0, stdout: 'computed\n' });
    const report = reportIn(folder);
    expect(report.warnings.find(({ code }) => code === 'measured-inside')?.message).toMatch(/forbids/);
    expect(report.functions.find((row) => row.function === 'burn')).toMatchObject({ file: 'app.py' });
  });

  test('a program that ends at once has a report that says so', async () => {
    const folder = project({ 'app.py': '' });
    const { code, stdout, stderr } = await whetstone([...quiet, '--runtime', file, 'app.py'], {
      cwd: folder,
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(reportIn(folder).about.wall).toBeGreaterThan(0);
  });

  test('errors say what is wrong before anything runs', async () => {
    const folder = project({ 'app.py': 'print(1)', 'app.js': '' });
    for (const [args, says, code] of [
      [['--runtime', 'python9.9', 'app.py'], /no runtime python9\.9\. Found: .*python3/, 127],
      [['--runtime', '/bin/ls', 'app.py'], /\/bin\/ls does not answer like a Python/, 127],
      [['-m'], /-m needs a module/, 127],
      [['ap.py'], /Did you mean app\.py/, 127],
      [['--memory', 'app.js'], /--memory is for programs of Python, and app\.js is one of Node/, 2],
      [['--deopts', 'app.py'], /--deopts is for programs of Node, and app\.py is one of Python/, 2],
    ] as const) {
      const ended = await whetstone(['run', ...args], { cwd: folder });
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(/^whetstone: .*\n$/);
      expect(ended.stderr).toMatch(says);
    }
  });

  test('attach measures a running program until Ctrl-C and does not touch it', async () => {
    const folder = project({
      'app.py': `import sys, time\ndef spin():\n    until = time.monotonic() + 0.03\n    while time.monotonic() < until: pass\nprint('ready', flush=True)\nwhile True:\n    spin()\n    time.sleep(0.01)\n`,
    });
    const program = started(file, ['app.py'], { cwd: folder });
    onTestFinished(() => void program.child.kill('SIGKILL'));
    await program.prints('ready');
    const tool = started(
      process.execPath,
      [command, 'attach', '--quiet', '--no-save', '--json', 'report.json', String(program.child.pid)],
      { cwd: folder },
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    tool.child.kill('SIGINT');
    expect(await tool.ended).toMatchObject({ stdout: '', stderr: '', code: 0 });
    const report = reportIn(folder);
    expect(report.functions.find((row) => row.function === 'spin')?.file).toBe('app.py');
    expect(report.warnings.map(({ code }) => code)).toContain('attached-late');
    expect(report.about.modes.attached).toBe(true);
    expect(program.child.exitCode).toBe(null);
    program.child.kill('SIGTERM');
    expect((await program.ended).signal).toBe('SIGTERM');
  });
});
