import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { environment, recorder } from './measured.ts';

const { measure, plain, program } = recorder();

const spin = `function spin(ms) { const end = Date.now() + ms; let i = 0; while (Date.now() < end) i++; return i; }\n`;

describe('children', () => {
  test('of every kind are measured apart, and read their environment as without us', async () => {
    const child = program(
      'a child/child.js',
      `${spin} function inChild() { spin(200); } inChild();
       console.log(process.argv[2], JSON.stringify(process.env.NODE_OPTIONS), process.env.ONLY, Object.keys(process.env).length < 4);
       if (process.send) process.send('hi', () => process.disconnect());`,
    );
    const parent = program(
      'parent.js',
      `const c = require('child_process'); const node = process.execPath; const child = ${JSON.stringify(child)};
       const own = { ONLY: 'this', NODE_OPTIONS: '--no-warnings' };
       console.log(c.execFileSync(node, [child, 'execFileSync'], { encoding: 'utf8' }));
       console.log(c.execFileSync(node, [child, 'own'], { encoding: 'utf8', env: own }));
       console.log(c.spawnSync(node, [child, 'spawnSync'], { encoding: 'utf8', env: { ONLY: 'that' } }).stdout);
       console.log(c.execSync(JSON.stringify(node) + ' ' + JSON.stringify(child) + ' execSync', { encoding: 'utf8' }));
       const forked = c.fork(child, ['fork'], { env: own });
       forked.on('message', console.log);
       forked.on('exit', (code) => {
         console.log('forked', code);
         c.spawn(node, [child, 'spawn'], { stdio: 'inherit' }).on('exit', () => {
           c.exec(JSON.stringify(node) + ' ' + JSON.stringify(child) + ' exec', (error, stdout) => console.log(stdout));
         });
       });`,
    );
    const measured = await measure([parent]);
    expect(measured.stdout).toBe((await plain([parent])).stdout);
    expect(measured.stderr).toBe('');
    const { threads, sampled } = measured.told;
    const processes = threads.filter((thread) => thread.taken > 0).map((thread) => thread.process);
    expect(new Set(processes).size).toBe(8);
    expect(sampled).toContain('inChild');
  });

  test('that do not start Node get their environment as it is; a shell gets NODE_OPTIONS besides', async () => {
    const parent = program(
      'env.js',
      `const { execFileSync, execSync, spawn } = require('child_process'); const env = { PATH: process.env.PATH, X: '1' };
       console.log(execFileSync('printenv', { encoding: 'utf8', env }));
       console.log(execFileSync('/usr/bin/printenv', { encoding: 'utf8', env: { ...env, NODE_OPTIONS: '--no-warnings' } }));
       console.log(execSync('printenv', { encoding: 'utf8', env }).split('\\n').filter((line) => !line.startsWith('NODE_OPTIONS=')));
       spawn('printenv', { stdio: 'inherit', env });`,
    );
    const [measured, alone] = [await measure([parent]), await plain([parent])];
    expect(alone.stdout).toContain('X=1');
    expect(measured.stdout).toBe(alone.stdout);
  });

  test('are measured through shells, launchers and scripts', async () => {
    const child = program('deep.js', `${spin} function inDeep() { spin(150); } inDeep();`);
    const script = program('starts.sh', `#!/bin/sh\nexec "${process.execPath}" "${child}"\n`);
    chmodSync(script, 0o755);
    const parent = program(
      'launches.js',
      `const { execFileSync, execSync } = require('child_process');
       execSync('"${process.execPath}" "${child}"'); execFileSync('env', ['A=1', ${JSON.stringify(process.execPath)}, ${JSON.stringify(child)}]); execFileSync(${JSON.stringify(script)});`,
    );
    const { told } = await measure([parent]);
    expect(told.sampled).toContain('inDeep');
    expect(told.threads.filter(({ taken, name }) => taken > 0 && name === 'deep.js').length).toBe(3);
  });

  test('of a cluster are measured apart', async () => {
    const file = program(
      'cluster.js',
      `${spin} const cluster = require('cluster');
       if (cluster.isPrimary) { cluster.fork(); cluster.fork(); cluster.on('exit', (worker, code) => console.log(code)); }
       else { spin(200); process.exit(5); }`,
    );
    const measured = await measure([file]);
    expect(measured.stdout).toBe('5\n5\n');
    expect(new Set(measured.told.threads.map((thread) => thread.process)).size).toBe(3);
  });

  test('that live on neither hold us up nor lose the file that their own children load', async () => {
    const child = program('late.js', `console.log('late');`);
    const daemon = program(
      'daemon.js',
      `setTimeout(() => {
         const { stdout } = require('child_process').spawnSync('sh', ['-c', ${JSON.stringify(`sleep 2; "${process.execPath}" "${child}"`)}], { encoding: 'utf8' });
         require('fs').writeFileSync(process.argv[2], stdout + process.env.NODE_OPTIONS);
       }, 100);`,
    );
    const told = program('daemon-said', '');
    const parent = program(
      'starts-daemon.js',
      `require('child_process').spawn(process.execPath, [${JSON.stringify(daemon)}, ${JSON.stringify(told)}], { detached: true, stdio: 'ignore' }).unref();
       setTimeout(() => {}, 600);`,
    );
    await measure([parent]);
    for (let waited = 0; waited < 8000 && readFileSync(told, 'utf8') === ''; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(readFileSync(told, 'utf8')).toBe('late\nundefined');
  });
});

describe('worker threads', () => {
  test('are measured apart, whatever they were given, and numbered as without us', async () => {
    const file = program(
      'workers.js',
      `const { Worker, isMainThread, threadId, parentPort, workerData, SHARE_ENV } = require('worker_threads'); ${spin}
       function inWorker() { spin(200); }
       if (isMainThread) {
         const given = [{}, { env: { A: '1' } }, { env: SHARE_ENV }, { execArgv: ['--no-warnings'] }, { argv: ['x'], resourceLimits: { maxOldGenerationSizeMb: 50 } }];
         (async () => {
           for (const options of given) {
             const worker = new Worker(__filename, options);
             console.log('started', worker.threadId, worker.constructor === Worker, worker instanceof Worker);
             worker.on('message', console.log);
             await new Promise((resolve) => worker.on('exit', (code) => { console.log('ended', code, worker.threadId); resolve(); }));
           }
           class Mine extends Worker {}
           const mine = new Mine("const { parentPort, threadId } = require('worker_threads'); parentPort.postMessage(threadId)", { eval: true });
           mine.on('message', (number) => console.log('eval', number, mine instanceof Mine, mine.constructor === Mine));
         })();
       } else {
         inWorker();
         parentPort.postMessage([threadId, process.env.A, process.env.NODE_OPTIONS, process.execArgv, process.argv.slice(2), process.listenerCount('exit')]);
       }`,
    );
    const measured = await measure([file]);
    const alone = await plain([file]);
    expect(measured.stdout).toBe(alone.stdout);
    expect(measured.stderr).toBe(alone.stderr);
    const threads = measured.told.threads.filter((thread) => thread.taken > 0);
    expect(threads.map((thread) => thread.thread)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(measured.told.sampled).toContain('inWorker');
  });

  test.each(['terminate()', 'process.exit()'])(
    'that loop without end give their figures at %s',
    async (how) => {
      const file = program(
        'looping.js',
        `const { Worker, isMainThread } = require('worker_threads'); ${spin}
       function inLoop() { for (;;) spin(10); }
       if (!isMainThread) { require('worker_threads').parentPort.postMessage('begun'); inLoop(); }
       else { const worker = new Worker(__filename); worker.on('exit', (code) => console.log('exit', code));
         worker.on('message', () => setTimeout(() => ${how === 'terminate()' ? 'worker.terminate()' : 'process.exit()'}, 1000)); }`,
      );
      const measured = await measure([file]);
      expect(measured.stdout).toBe((await plain([file])).stdout);
      expect(measured.stderr).toBe('');
      expect(measured.told.sampled).toContain('inLoop');
    },
  );
});

test('nothing of ours is left behind', async () => {
  const file = program('left.js', spin + `spin(100);`);
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'recorder-left-'));
  await measure([file], { env: { ...environment(), TMPDIR: temporary } });
  expect(readdirSync(temporary)).toEqual([]);
  rmSync(temporary, { recursive: true });
});
