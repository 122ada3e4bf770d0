import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { recorder } from './measured.ts';

const { measure, program } = recorder();

describe('a run with counts', () => {
  test('counts every call of a recursive function', async () => {
    const file = program(
      'fib.js',
      `function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } console.log(fib(20));`,
    );
    const { told, stdout } = await measure([file], { options: { counts: true } });
    expect(stdout).toBe('6765\n');
    expect(told.calls['fib']).toBe(21891);
    expect(told.warnings).toEqual([]);
  });

  test('goes on counting over many readings', async () => {
    const file = program(
      'long.js',
      `let calls = 0; function once() { calls++; } const end = Date.now() + 2500;
       while (Date.now() < end) for (let i = 0; i < 100000; i++) once();
       require('fs').writeFileSync(__dirname + '/calls', String(calls));`,
    );
    const { told } = await measure([file], { options: { counts: true } });
    const { readFileSync } = await import('node:fs');
    expect(told.calls['once']).toBe(Number(readFileSync(file.replace('long.js', 'calls'), 'utf8')));
  });

  test('reads its input twice and prints it once', async () => {
    const file = program(
      'upper.js',
      `process.stdin.setEncoding('utf8'); function upper(s) { process.stdout.write(s.toUpperCase()); } process.stdin.on('data', upper);`,
    );
    const input = 'some text\n'.repeat(10_000);
    const { told, stdout } = await measure([file], { options: { counts: true }, input });
    expect(stdout).toBe(input.toUpperCase());
    expect(told.calls['upper']).toBeGreaterThan(0);
    expect(told.warnings).toEqual([]);
  });

  test('tells of runs that differ', async () => {
    const file = program(
      'differs.js',
      `console.log('same'); console.log(process.hrtime.bigint()); process.exitCode = process.pid % 200 + 1;`,
    );
    const { told } = await measure([file], { options: { counts: true } });
    expect(told.warnings).toEqual(['outputs-differ', 'exits-differ']);
  });

  test('counts in workers and children, too', async () => {
    const file = program(
      'tree.js',
      `const { Worker, isMainThread } = require('worker_threads'); const { fork } = require('child_process');
       function counted() {}
       for (let i = 0; i < 10; i++) counted();
       if (isMainThread && !process.send) { new Worker(__filename); fork(__filename); } else if (process.send) process.disconnect();`,
    );
    expect((await measure([file], { options: { counts: true } })).told.calls['counted']).toBe(30);
  });
});

test('what measuring costs is measured in turn with the plain program', async () => {
  const file = program('short.js', `const end = Date.now() + 200; while (Date.now() < end);`);
  const { told } = await measure([file], { options: { checkInfluence: true } });
  expect(told.influence.kind).toBe('measured');
  expect(told.influence.low).toBeLessThanOrEqual(told.influence.value);
  expect(told.influence.high).toBeGreaterThanOrEqual(told.influence.value);
});

test('what measuring costs is otherwise estimated, and called so', async () => {
  const file = program('short.js', `const end = Date.now() + 200; while (Date.now() < end);`);
  expect((await measure([file])).told.influence.kind).toBe('estimated');
});

test('with an end of the measuring the program goes on', async () => {
  const file = program(
    'on.js',
    `const spin = (ms) => { const end = Date.now() + ms; while (Date.now() < end); }; function early() { spin(4500); } function later() { spin(300); }
     early(); later(); console.log('end');`,
  );
  const { told, stdout, code } = await measure([file], { options: { for: 4000 } });
  expect([stdout, code]).toEqual(['end\n', 0]);
  expect(told.sampled).toContain('early');
  expect(told.sampled).not.toContain('later');
});

describe('a program without an agent', () => {
  test('is measured by the operating system, and the report says that this is all', async () => {
    const { told, stdout } = await measure(['sh', '-c', 'echo hi; exit 3']);
    expect(stdout).toBe('hi\n');
    expect(told.exit.code).toBe(3);
    expect(told.runtime.name).toBe('other');
    expect(told.warnings).toContain('only-operating-system');
    expect(told.cpu).toBeGreaterThan(0);
  });

  test('tells what CPU its children used that were too short to be seen', async () => {
    // The shell itself goes on until it has been looked at.
    const short = 'i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done';
    const { told } = await measure(['sh', '-c', `${short}; while [ $i -lt 1000000 ]; do i=$((i+1)); done`]);
    expect(told.threads[0]?.name).toBe('sh');
    expect(told.threads.map(({ name }) => name)).toContain('(short-lived)');
  });

  test('under the permission model runs as without us', async () => {
    const file = program('permission.js', `console.log('ran')`);
    const option =
      Number(process.versions.node.split('.')[0]) < 23 ? '--experimental-permission' : '--permission';
    const read = `--allow-fs-read=${path.dirname(file)}/*`;
    const line = `exec "${process.execPath}" ${option} "${read}" "${file}"`;
    for (const args of [
      [process.execPath, option, '--allow-fs-read=*', file],
      [process.execPath, '--title', 'x', option, read, file],
      ['sh', '-c', line],
    ]) {
      const { told, stdout } = await measure(args);
      expect(stdout).toBe('ran\n');
      expect(told.warnings).toContain('only-operating-system');
    }
  });
});

test.each(['--disallow-code-generation-from-strings', '--frozen-intrinsics'])(
  'node %s is measured',
  async (option) => {
    const file = program(
      'spins.js',
      `function spins() { const end = Date.now() + 600; while (Date.now() < end); } spins();`,
    );
    const { told } = await measure([process.execPath, '--no-warnings', option, file]);
    expect(told.sampled).toContain('spins');
  },
);
