import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { command, processesOf, project, reportIn, started, whetstone, nodes } from './command.ts';

const run = ['run', '--quiet', '--no-save', '--json', 'report.json'] as const;

describe('stdin', () => {
  const reads = `const fs = require('fs'); const stat = fs.fstatSync(0); console.log(stat.isFIFO(), stat.isFile(), stat.isCharacterDevice(), stat.isSocket());
    let text = ''; process.stdin.setEncoding('latin1').on('data', (chunk) => { text += chunk }).on('end', () => console.log(JSON.stringify(text))).on('error', (error) => console.log(error.code));`;
  test.each(['< input.txt', '< /dev/null', '<&-', '| cat'])(
    'of a shell is the program’s own: %s',
    async (redirection) => {
      const folder = project({ 'app.js': reads, 'input.txt': 'a\u0000b\n' });
      const outputs = [];
      for (const start of [['app.js'], [command, ...run, 'app.js']]) {
        const words = [process.execPath, ...start].map((word) => `'${word}'`).join(' ');
        outputs.push(await started('bash', ['-c', `${words} ${redirection}`], { cwd: folder }).ended);
      }
      expect(outputs[1]).toEqual(outputs[0]);
    },
  );

  test('is given to both runs of --counts, though the first does not read all of it', async () => {
    const folder = project({
      'app.js': `const first = require('fs').readSync(0, Buffer.alloc(4)); console.log('read', first); process.exit(2)`,
    });
    const { stdout, code } = await whetstone([...run, '--counts', 'app.js'], {
      cwd: folder,
      input: 'x'.repeat(1e6),
    });
    expect({ stdout, code }).toEqual({ stdout: 'read 4\n', code: 2 });
    expect(reportIn(folder).warnings.map((warning) => warning.code)).not.toContain('outputs-differ');
  });
});

test('a program that fails in its second run only is reported with the first', async () => {
  const folder = project({
    'app.js': `const fs = require('fs'); if (fs.existsSync('been')) throw new Error('again'); fs.writeFileSync('been', ''); console.log('once')`,
  });
  const { stdout, stderr, code } = await whetstone([...run, '--counts', 'app.js'], { cwd: folder });
  expect({ stdout, stderr, code }).toEqual({ stdout: 'once\n', stderr: '', code: 0 });
  const codes = reportIn(folder).warnings.map((warning) => warning.code);
  expect(codes).toContain('outputs-differ');
  expect(codes).toContain('exits-differ');
});

describe('a signal', () => {
  const listens = `for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGQUIT']) process.on(name, () => { console.log('heard', name); if (name === 'SIGTERM') process.exit(5) }); setInterval(() => {}, 1000); console.log('ready');`;

  test('to the command alone is passed on once', async () => {
    const folder = project({ 'app.js': listens });
    const program = started(process.execPath, [command, ...run, 'app.js'], { cwd: folder });
    await program.prints('ready');
    let printed = 'ready\n';
    for (const name of ['SIGHUP', 'SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      await pause(200);
      program.child.kill(name);
      printed += `heard ${name}\n`;
      await program.prints(printed);
    }
    expect(await program.ended).toMatchObject({ stdout: printed, code: 5 });
  });

  test('SIGINT twice ends a program that does not listen, and the report is there', async () => {
    const folder = project({ 'app.js': `console.log('ready'); for (;;);` });
    const program = started(process.execPath, [command, ...run, 'app.js'], { cwd: folder, detached: true });
    await program.prints('ready');
    process.kill(-program.child.pid!, 'SIGINT');
    await pause(50);
    process.kill(-program.child.pid!, 'SIGINT');
    expect((await program.ended).signal).toBe('SIGINT');
    expect(reportIn(folder).about.exit.signal).toBe('SIGINT');
  });

  test('SIGKILL to the command leaves the program to itself', async () => {
    const folder = project({
      'app.js': `const { execFileSync } = require('child_process'); console.log('ready'); let turns = 0;
        setInterval(() => { turns++; if (turns === 30) { console.log(execFileSync(process.execPath, ['-p', '"a child " + process.env.NODE_OPTIONS'], { encoding: 'utf8' })); console.log('lived on'); process.exit(0); } const until = Date.now() + 40; while (Date.now() < until); }, 60);`,
      'out.txt': '',
    });
    const temporary = project({});
    const out = openSync(path.join(folder, 'out.txt'), 'w');
    const child = spawn(process.execPath, [command, ...run, 'app.js'], {
      cwd: folder,
      stdio: ['ignore', out, out],
      env: { ...process.env, TMPDIR: temporary },
    });
    closeSync(out);
    const printed = () => readFileSync(path.join(folder, 'out.txt'), 'utf8');
    await until(() => printed().includes('ready'));
    child.kill('SIGKILL');
    await until(() => printed().includes('lived on'));
    expect(printed()).toBe('ready\na child undefined\n\nlived on\n');
    await until(() => processesOf(path.join(folder, 'app.js')).length === 0);
  });
});

test('children that outlive the program live on, and nothing of ours does', async () => {
  const folder = project({
    'app.js': `const { spawn } = require('child_process'); const child = spawn(process.execPath, ['daemon.js'], { detached: true, stdio: 'ignore' }); child.unref(); console.log('pid', child.pid); setTimeout(() => {}, 300)`,
    'daemon.js': `setInterval(() => { require('fs').writeFileSync('alive', String(Date.now())); }, 50)`,
  });
  const { stdout, code } = await whetstone([...run, 'app.js'], { cwd: folder });
  expect(code).toBe(0);
  const pid = Number(/pid (\d+)/.exec(stdout)![1]);
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  const alive = () => Number(readFileSync(path.join(folder, 'alive'), 'utf8'));
  await until(() => readdirSync(folder).includes('alive'));
  const before = alive();
  await until(() => alive() > before);
  // No port of the daemon's listens.
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8')).join('');
  const sockets = readdirSync(`/proc/${pid}/fd`).map((name) => linkOf(`/proc/${pid}/fd/${name}`));
  const listening = [...tables.matchAll(/^ *\d+: \S+ \S+ 0A (?:\S+ ){5} *(\d+)/gm)].map(
    ([, inode]) => `socket:[${inode}]`,
  );
  expect(sockets.filter((socket) => listening.includes(socket))).toEqual([]);
});

test('a gigabyte of output passes without being kept in memory', async () => {
  const folder = project({
    'app.js': `const block = Buffer.alloc(1 << 20); let left = 1024; (function next() { while (left-- > 0) if (!process.stdout.write(block)) return process.stdout.once('drain', next); })();`,
  });
  const child = spawn(process.execPath, [command, ...run, 'app.js'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let bytes = 0;
  let peak = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    if (bytes % (64 << 20) < chunk.length) peak = Math.max(peak, residentOf(child.pid!));
    bytes += chunk.length;
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  expect(bytes).toBe(2 ** 30);
  expect(peak).toBeLessThan(300 * 2 ** 20);
});

test('very many and very long arguments arrive', async () => {
  const folder = project({ 'app.js': `console.log(process.argv.length, process.argv.at(-1).length)` });
  const many = Array.from({ length: 5000 }, (_, i) => `argument ${i}`);
  const { stdout, code } = await whetstone([...run, 'app.js', ...many, 'x'.repeat(100_000)], { cwd: folder });
  expect({ stdout, code }).toEqual({ stdout: '5003 100000\n', code: 0 });
});

/** A disk of its own below the folder; unmount it after. */
function smallDisk(folder: string, size: string, skip: (note: string) => void): string {
  const small = path.join(folder, 'small');
  mkdirSync(small);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', small], { stdio: 'ignore' });
  } catch {
    skip('only root may mount a small disk');
  }
  return small;
}

describe('a temporary folder', () => {
  const app = `const until = Date.now() + 100; while (Date.now() < until); console.log('done')`;

  test.each(['missing', 'blank s', 'a file'])(
    'that cannot be used is replaced by another: %s',
    async (kind) => {
      const folder = project({ 'app.js': app, file: '' });
      mkdirSync(path.join(folder, 'blank s'));
      const TMPDIR = path.join(folder, kind === 'a file' ? 'file' : kind);
      const { stdout, stderr, code } = await whetstone([...run, 'app.js'], { cwd: folder, env: { TMPDIR } });
      expect({ stdout, stderr, code }).toEqual({ stdout: 'done\n', stderr: '', code: 0 });
      expect(reportIn(folder).warnings.map((warning) => warning.code)).not.toContain('only-operating-system');
      expect(readdirSync(path.join(folder, 'blank s'))).toEqual([]);
    },
  );

  test('that is full costs the second run, and not the report', async ({ skip }) => {
    const folder = project({ 'app.js': `${app}; process.stdout.write('x'.repeat(3e6))` });
    const small = smallDisk(folder, '64k', skip);
    try {
      const link = path.join('/tmp', `whetstone-test-${process.pid}`);
      execFileSync('mkdir', [link]);
      execFileSync('mount', ['--bind', small, link]);
      try {
        const { stdout, code } = await whetstone([...run, '--counts', 'app.js'], {
          cwd: folder,
          env: { TMPDIR: link },
        });
        expect({ length: stdout.length, code }).toEqual({ length: 3_000_005, code: 0 });
        expect(reportIn(folder).warnings.map((warning) => warning.code)).toContain('not-run-again');
        expect(readdirSync(link)).toEqual([]);
      } finally {
        execFileSync('umount', [link]);
        execFileSync('rmdir', [link]);
      }
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

test('a disk that is full keeps no half of a report', async ({ skip }) => {
  const folder = project({ 'app.js': `console.log('done')` });
  const small = smallDisk(folder, '4k', skip);
  try {
    const { stdout, stderr, code } = await whetstone(['run', '--json', 'small/all.json', 'app.js'], {
      cwd: folder,
    });
    expect(stderr).toContain("cannot write 'small/all.json': the disk is full.");
    expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
    expect(readdirSync(small)).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});

describe('--runtime', () => {
  test('takes the name of a Node on the PATH, with blanks in its folder', async () => {
    const folder = project({ 'app.js': `console.log(process.env.CHOSEN)` });
    mkdirSync(path.join(folder, 'my bin'));
    const script = `#!/bin/sh\nCHOSEN=yes exec '${process.execPath}' "$@"\n`;
    writeFileSync(path.join(folder, 'my bin', 'node-of-mine'), script, { mode: 0o755 });
    const env = { PATH: `${path.join(folder, 'my bin')}:${process.env['PATH']}` };
    const { stdout, stderr, code } = await whetstone([...run, '--runtime', 'node-of-mine', 'app.js'], {
      cwd: folder,
      env,
    });
    expect({ stdout, stderr, code }).toEqual({ stdout: 'yes\n', stderr: '', code: 0 });
  });
});

test.runIf(process.platform === 'linux')(
  'sleep inside a synchronous read is named by the samples',
  async () => {
    const folder = project({
      'app.js': `const { readFileSync } = require('fs'); const { spawn } = require('child_process');
      spawn('sh', ['-c', 'sleep 1; echo read > pipe']);
      function slow() { return readFileSync('pipe', 'utf8'); }
      process.stdout.write(slow());`,
    });
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    for (const node of nodes) {
      const { stdout } = await whetstone([...run, '--runtime', node, 'app.js'], { cwd: folder });
      expect(stdout).toBe('read\n');
      const { waits, time } = reportIn(folder);
      expect(waits).toContainEqual(
        expect.objectContaining({ call: 'fs.readFileSync (sampled)', function: 'slow', file: 'app.js' }),
      );
      const charged = waits.reduce((sum, wait) => sum + wait.charged, 0);
      expect(charged).toBeLessThanOrEqual(time.asleep + 1);
    }
  },
);

test('node --test is measured where its files run', async () => {
  const folder = project({
    'slow.test.mjs': `import test from 'node:test'; function work() { const until = Date.now() + 400; let x = 0; while (Date.now() < until) x += Math.sqrt(x + 1); } test('works', work);`,
  });
  for (const node of nodes) {
    const args = ['--runtime', node, 'node', '--test', 'slow.test.mjs'];
    expect((await whetstone([...run, ...args], { cwd: folder })).code).toBe(0);
    const { functions, warnings } = reportIn(folder);
    expect(functions.map((row) => row.function)).toContain('work');
    expect(warnings.map(({ code }) => code)).not.toContain('ended-early');
  }
});

test('--deopts leaves the output alone, where V8 puts its traces between the lines', async () => {
  const folder = project({
    'app.js': `class P { constructor(x) { this.x = x } len() { return this.x } } function get(o) { return o.len() } let sum = 0;
      for (let round = 0; round < 4; round++) { for (let i = 0; i < 1e6; i++) sum += get(new P(i)); P.prototype.len = round % 2 ? function () { return 1 } : function () { return 2 } }
      console.log('done')`,
  });
  for (const node of nodes) {
    const { stdout, code } = await whetstone([...run, '--runtime', node, '--deopts', '--counts', 'app.js'], {
      cwd: folder,
    });
    expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
    const { about, warnings } = reportIn(folder);
    expect(about.modes).toMatchObject({ counts: true, deopts: true });
    expect(warnings.map(({ code }) => code)).not.toContain('outputs-differ');
  }
});

test('--deopts says where there is nothing to trace', async () => {
  const folder = project({});
  await whetstone([...run, '--deopts', 'sh', '-c', 'echo done'], { cwd: folder });
  expect(reportIn(folder).warnings.map(({ code }) => code)).toContain('no-deopts');
});

test('--deopts, --interval, --check-influence and --no-waits say what they found', async () => {
  const folder = project({
    'app.js': `function add(a, b) { return a + b } let sum = 0; for (let i = 0; i < 3e6; i++) sum = add(sum, i) | 0; for (let i = 0; i < 3e5; i++) add('x', i);
      const until = Date.now() + 150; while (Date.now() < until) sum += Math.sqrt(sum); console.log('done')`,
  });
  const { stdout, code } = await whetstone(
    [...run, '--deopts', '--interval', '500us', '--no-waits', '--check-influence', 'app.js'],
    { cwd: folder },
  );
  expect({ stdout, code }).toEqual({ stdout: 'done\n', code: 0 });
  const report = reportIn(folder);
  expect(report.about.influence.kind).toBe('measured');
  expect(readdirSync(folder).toSorted()).toEqual(['app.js', 'package.json', 'report.json']);
});

test('--check-influence compares whole runs, though --for measures only a part', async () => {
  const folder = project({ 'app.js': `setTimeout(() => console.log('done'), 500)` });
  const { stdout } = await whetstone([...run, '--for', '250ms', '--check-influence', 'app.js'], {
    cwd: folder,
  });
  expect(stdout).toBe('done\n');
  // A part of the run beside the whole would be a slowdown of 0.5.
  expect(reportIn(folder).about.influence.high).toBeGreaterThan(0.7);
}, 150_000);

test('a signal while --check-influence runs the program again costs that alone', async () => {
  const folder = project({
    'app.js': `const fs = require('fs'); fs.appendFileSync('runs', 'x'); if (fs.readFileSync('runs', 'utf8').length > 1) setInterval(() => {}, 1000); else console.log('done')`,
    runs: '',
  });
  const program = started(process.execPath, [command, ...run, '--check-influence', 'app.js'], {
    cwd: folder,
  });
  await until(() => readFileSync(path.join(folder, 'runs'), 'utf8') === 'xx');
  program.child.kill('SIGINT');
  expect(await program.ended).toMatchObject({ stdout: 'done\n', code: 0 });
  const { about, warnings } = reportIn(folder);
  expect(about.influence.kind).toBe('estimated');
  expect(warnings.map(({ code }) => code)).toContain('influence-unknown');
  expect(processesOf(path.join(folder, 'app.js'))).toEqual([]);
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(30);
}

function linkOf(file: string): string {
  try {
    return execFileSync('readlink', [file], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
}
