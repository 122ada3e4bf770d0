import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { command, project, reportIn, started, whetstone } from './command.ts';

const busy = `function spin() { const until = Date.now() + 30; let x = 0; while (Date.now() < until) x += Math.sqrt(x + 1); }
  setInterval(spin, 40); console.log('ready');`;
const attach = ['attach', '--quiet', '--no-save', '--json', 'report.json'];

/** A program that runs until the test is over, and shares the usual port with no other test. */
async function running(folder: string, ...args: string[]) {
  const program = started(process.execPath, ['--inspect-port=0', ...args], { cwd: folder });
  onTestFinished(() => void program.child.kill('SIGKILL'));
  await program.prints('ready');
  return program;
}

describe('attach', () => {
  test('ends at Ctrl-C with a report, and the program lives on as if nothing had been', async () => {
    const folder = project({
      'app.js': `${busy} process.on('SIGTERM', () => { console.log(require('inspector').url()); process.exit(3); });`,
    });
    const program = await running(folder, 'app.js');
    const tool = started(process.execPath, [command, ...attach, String(program.child.pid)], { cwd: folder });
    await program.prints('Debugger attached.');
    await pause(1500);
    tool.child.kill('SIGINT');
    expect(await tool.ended).toMatchObject({ stdout: '', stderr: '', code: 0 });
    const report = reportIn(folder);
    expect(report.functions.find((row) => row.function === 'spin')?.file).toBe('app.js');
    expect(report.warnings.map(({ code }) => code)).toContain('attached-late');
    expect(program.child.exitCode).toBe(null);
    program.child.kill('SIGTERM');
    expect(await program.ended).toMatchObject({ stdout: 'ready\nundefined\n', code: 3 });
  });

  test('reports what it has when the program ends', async () => {
    const folder = project({ 'app.js': `${busy} process.on('SIGTERM', () => process.exit(0));` });
    const program = await running(folder, 'app.js');
    const tool = started(process.execPath, [command, ...attach, String(program.child.pid)], { cwd: folder });
    await program.prints('Debugger attached.');
    await pause(1500);
    program.child.kill('SIGTERM');
    const { code, stderr } = await tool.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(reportIn(folder).functions.some((row) => row.function === 'spin')).toBe(true);
    expect((await program.ended).code).toBe(0);
  });

  test('says in one line why it cannot, and leaves the process alone', async () => {
    const folder = project({ 'own.js': `process.on('SIGUSR1', () => console.log('mine')); ${busy}` });
    const sleeper = spawn('sleep', ['60']);
    onTestFinished(() => void sleeper.kill('SIGKILL'));
    const own = await running(folder, 'own.js');
    for (const [pid, says] of [
      [2 ** 22 - 1, /no process/i],
      [sleeper.pid, /not Node|no Node/i],
      [own.child.pid, /SIGUSR1|signal/i],
    ] as const) {
      const { code, stdout, stderr } = await whetstone([...attach, '--for', '1s', String(pid)], {
        cwd: folder,
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^whetstone: .*\n$/);
      expect(stderr).toMatch(says);
    }
    expect(sleeper.exitCode ?? sleeper.signalCode).toBe(null);
    expect(own.child.exitCode).toBe(null);
  });

  test('says so where a process is another user’s', async ({ skip }) => {
    if (process.getuid?.() !== 0 || spawnSync('setpriv', ['--version']).status !== 0)
      skip('needs root and setpriv');
    const folder = project({});
    const child = spawn(process.execPath, ['-e', `setInterval(() => {}, 1000); console.log('ready')`]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const other = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, command];
    const home = { HOME: '/nonexistent' };
    const { code, stderr } = await started(
      'setpriv',
      [...other, 'attach', '--for', '1s', '--no-save', String(child.pid)],
      { cwd: '/', env: home },
    ).ended;
    if (/Cannot find module|EACCES.*whetstone/.test(stderr)) skip('the other user cannot read the command');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^whetstone: .*(user|permi|allowed).*\n$/i) as string,
    });
    expect(child.exitCode).toBe(null);
    expect(folder).not.toBe('');
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
