import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recorder } from './measured.ts';

const { measure, plain, program } = recorder();

/** Long enough to be sampled, with a name to look for. */
const spin = `function spin(ms) { const end = Date.now() + ms; let i = 0; while (Date.now() < end) i++; return i; }\n`;

const endings = {
  'comes to its end': `spin(300); console.log('done');`,
  'sets an exit code': `spin(300); process.exitCode = 3;`,
  'calls process.exit': `spin(300); console.log('out'); process.exit(4);`,
  'calls process.exit in an exit listener': `process.on('exit', () => { spin(300); process.exit(5); });`,
  'calls process.reallyExit': `spin(300); process.reallyExit(6);`,
  'replaces process.exit': `process.exit = () => {}; spin(300); process.exit(9); console.log('still here');`,
  throws: `spin(300); throw new Error('on purpose');`,
  'rejects without a handler': `spin(300); Promise.reject(new Error('on purpose'));`,
  'catches what is uncaught': `process.on('uncaughtException', (error) => { console.log(error.message); }); spin(300); throw new Error('caught');`,
  'throws where it catches what is uncaught': `process.on('uncaughtException', () => { throw 'again' }); spin(300); throw new Error('first');`,
  'takes the clock away': `spin(300); delete globalThis.performance; delete globalThis.setTimeout;`,
  'kills itself by SIGTERM': `spin(300); process.kill(process.pid, 'SIGTERM'); console.log('never');`,
  'kills itself by SIGUSR2': `spin(300); process.kill(process.pid, 'SIGUSR2'); console.log('never');`,
  'raises a signal again that it heard': `process.once('SIGINT', () => { console.log('heard'); process.kill(process.pid, 'SIGINT'); });
    spin(300); process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);`,
  'hears a signal and goes on': `process.on('SIGTERM', () => { console.log('heard'); clearInterval(timer); });
    const timer = setInterval(() => {}, 1000); spin(300); process.kill(process.pid, 'SIGTERM');`,
  'freezes what it can': `for (const each of [Array, Object, String, Map, Function, RegExp, Promise]) Object.freeze(each.prototype); spin(300);`,
  'prints binary': `spin(300); process.stdout.write(Buffer.from([0, 255, 10, 13, 27, 128]));`,
  'changes directory and deletes itself': `process.chdir('/'); require('fs').unlinkSync(__filename); spin(300); console.log(process.cwd());`,
};

describe('a program that', () => {
  test.each(Object.entries(endings))(
    '%s ends and prints as without us, and is measured',
    async (name, text) => {
      const file = program(`${name.replaceAll(' ', '-')}.js`, spin + text);
      const alone = await plain([file]);
      program(`${name.replaceAll(' ', '-')}.js`, spin + text);
      const measured = await measure([file]);
      expect({ ...measured, told: undefined }).toEqual({ ...alone, told: undefined });
      expect(measured.told.exit).toEqual({ code: alone.code, signal: alone.signal });
      expect(measured.told.sampled).toContain('spin');
    },
  );

  test('closes its streams ends as without us, and is measured', async () => {
    const file = program(
      'closes-its-streams.js',
      `${spin} const fs = require('fs'); const log = fs.openSync(__filename + '.log', 'w');
      spin(300); [0, 1, 2].forEach((each) => fs.closeSync(each));
      setTimeout(() => { spin(300); fs.writeSync(log, 'end'); }, 300);`,
    );
    const { told, code, signal } = await measure([file]);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(told.exit).toEqual({ code: 0, signal: null });
    expect(readFileSync(`${file}.log`, 'utf8')).toBe('end');
    expect(told.sampled).toContain('spin');
  });

  test.skipIf(!('execve' in process))('becomes another by execve is measured as both', async () => {
    const next = program(
      'next.js',
      `function after(ms) { const end = Date.now() + ms; while (Date.now() < end); } after(300); console.log('after', process.env.NODE_OPTIONS);`,
    );
    const file = program(
      'execve.js',
      `${spin} spin(300); console.log('before'); process.execve(process.execPath, [process.execPath, ${JSON.stringify(next)}], process.env);`,
    );
    const { told, stdout } = await measure([process.execPath, '--no-warnings', file]);
    expect(stdout).toBe('before\nafter undefined\n');
    expect(told.sampled).toEqual(expect.arrayContaining(['spin', 'after']));
  });

  test('aborts ends by SIGABRT, and is measured', async () => {
    const file = program('abort.js', `${spin} spin(300); process.abort();`);
    const { told } = await measure([file]);
    expect(told.exit.signal).toBe('SIGABRT');
    expect(told.sampled).toContain('spin');
  });

  test('is killed loses no more than its last moments', async () => {
    const file = program('kill.js', `${spin} spin(1500); require('fs').writeSync(1, 'now'); spin(60000);`);
    const { told } = await measure([file], { options: {}, when: 'now', act: killChildren });
    expect(told.exit.signal).toBe('SIGKILL');
    expect(told.sampled).toContain('spin');
  });

  test('runs out of memory loses no more than its last moments', async () => {
    const text = `${spin} spin(1200); const kept = []; function fill() { for (;;) kept.push(new Array(1000).fill(kept.length)); } fill();`;
    const file = program('memory.js', text);
    const { told } = await measure([process.execPath, '--max-old-space-size=40', file]);
    expect(told.exit.signal).toBe('SIGABRT');
    expect(told.sampled).toContain('spin');
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('sleeps ends by %s', async (signal) => {
    const file = program(
      'sleep.js',
      `${spin} spin(300); console.log('asleep'); setInterval(() => {}, 1000);`,
    );
    const { told, ...ending } = await measure([file], {
      when: 'asleep',
      act: (pid) => process.kill(pid, signal),
    });
    expect(ending.signal).toBe(signal);
    expect(ending.stderr).toBe('');
    expect(told.sampled).toContain('spin');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('loops without end is rescued at %s', async (signal) => {
    const file = program('loop.js', `${spin} console.log('looping'); spin(1e9);`);
    const { told, ...ending } = await measure([file], {
      when: 'looping',
      act: (pid) => process.kill(pid, signal),
    });
    expect(ending.signal).toBe(signal);
    expect(told.warnings).toContain('rescued');
    expect(told.sampled).toContain('spin');
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    'loops without end, in a child, ends by %s that only the child is sent',
    async (signal) => {
      const file = program(
        `stuck-${signal}.js`,
        `if (process.argv[2] === 'child') {
          function hot() { for (let i = 0; ; i++) if (i === 1e8) require('fs').writeSync(1, 'loops\\n'); }
          hot();
        }
        const child = require('child_process').fork(__filename, ['child'], { silent: true });
        child.stdout.once('data', () => child.kill('${signal}'));
        child.on('exit', (...end) => console.log(end));`,
      );
      const { stdout } = await plain([file]);
      expect(stdout).toBe(`[ null, '${signal}' ]\n`);
      const measured = await measure([file]);
      expect(measured.stdout).toBe(stdout);
      expect(measured.told.sampled).toContain('hot');
    },
  );

  test('listens to SIGINT alone decides', async () => {
    const file = program(
      'listens.js',
      `process.on('SIGINT', () => { console.log('mine'); process.exit(7); }); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    const { told, ...ending } = await measure([file], {
      when: 'ready',
      act: (pid) => process.kill(pid, 'SIGINT'),
    });
    expect(ending).toMatchObject({ stdout: 'ready\nmine\n', stderr: '', code: 7 });
    expect(told.exit.code).toBe(7);
  });

  test('has a syntax error ends as without us', async () => {
    const file = program('syntax.js', `const x = ;`);
    const alone = await plain([file]);
    const { told, ...ending } = await measure([file]);
    expect(ending).toEqual(alone);
    expect(told.exit.code).toBe(1);
  });
});

/** Kills what the recorder started. */
function killChildren(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  for (const child of children) process.kill(Number(child), 'SIGKILL');
}
