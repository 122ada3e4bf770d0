import { expect, test } from 'vitest';
import { runProgram, waitsOf } from './run-program.ts';

const here = `${import.meta.dirname}/fixtures`;

test('every kind of wait is named at the place that asked, with its target and its count', async () => {
  const { exit, stderr, threads } = await runProgram('kinds.mjs');
  expect([exit, stderr]).toEqual([0, '']);
  const waits = waitsOf(threads[0] ?? []);
  expect(waits.map((wait) => [wait.kind, wait.call, wait.place, wait.target, wait.count])).toEqual([
    ['timer', 'setTimeout', 'kinds.mjs:8', '20 ms', 1],
    ['timer', 'setTimeout', 'kinds.mjs:9', '10 ms', 1],
    ['timer', 'timers.promises.setTimeout', 'kinds.mjs:10', '15 ms', 1],
    ['timer', 'timers.promises.setTimeout', 'kinds.mjs:11', '12 ms', 1],
    ['timer', 'timers.promises.setInterval', 'kinds.mjs:12', '5 ms', 1],
    ['timer', 'setInterval', 'kinds.mjs:15', '4 ms', 3],
    ['file', 'fs.promises.stat', 'kinds.mjs:22', here, 1],
    ['file', 'fs.stat', 'kinds.mjs:23', here, 1],
    ['file', 'fs.stat', 'kinds.mjs:24', here, 1],
    ['file', 'fs.promises.open', 'kinds.mjs:25', `${here}/kinds.mjs`, 1],
    ['file', 'FileHandle.read', 'kinds.mjs:26', `${here}/kinds.mjs`, 1],
    ['file', 'fs.createReadStream', 'kinds.mjs:28', `${here}/kinds.mjs`, expect.any(Number)],
    ['file', 'fs.promises.stat', 'kinds.mjs:29', '/no such file', 1],
    ['dns', 'dns.promises.lookup', 'kinds.mjs:30', 'localhost', 1],
    ['child', 'child_process.spawnSync', 'kinds.mjs:31', 'true', 1],
    ['child', 'child_process.exec', 'kinds.mjs:32', 'true', 1],
    ['child', 'child_process.execFile', 'kinds.mjs:33', 'true', 1],
    ['child', 'child_process.spawn', 'kinds.mjs:34', 'true', 1],
    ['lock', 'Atomics.wait', 'kinds.mjs:35', null, 1],
  ]);
});

test('compression and cryptography in threads of their own are named, and what computes at once is not', async () => {
  const { exit, stderr, threads } = await runProgram('pool.mjs');
  expect([exit, stderr]).toEqual([0, '']);
  const waits = waitsOf(threads[0] ?? []);
  expect(waits.map((wait) => [wait.kind, wait.call, wait.place, wait.count])).toEqual([
    ['pool', 'zlib.gzip', 'pool.mjs:9', 1],
    ['pool', 'zlib.gunzip', 'pool.mjs:10', 1],
    ['pool', 'zlib.brotliCompress', 'pool.mjs:11', 1],
    ['pool', 'zlib.gunzip', 'pool.mjs:12', 1],
    ['pool', 'zlib.createDeflate', 'pool.mjs:13', expect.any(Number)],
    ['pool', 'crypto.scrypt', 'pool.mjs:18', 1],
    ['pool', 'crypto.randomBytes', 'pool.mjs:19', 1],
    ['pool', 'crypto.generateKeyPair', 'pool.mjs:20', 1],
    ['pool', 'crypto.subtle.digest', 'pool.mjs:21', 1],
    ['pool', 'crypto.subtle.digest', 'pool.mjs:22', 1],
  ]);
});

test('requests and sockets are named with host, port and path, but never with what may be secret', async () => {
  const { exit, stdout, stderr, threads } = await runProgram('network.mjs');
  expect([exit, stderr]).toEqual([0, '']);
  const [port, plain] = JSON.parse(stdout) as [number, number];
  const waits = waitsOf(threads[0] ?? []);
  const told = waits.filter(({ kind }) => kind !== 'worker');
  expect(told.map((wait) => [wait.kind, wait.call, wait.place, wait.target, wait.count])).toEqual([
    ['http', 'fetch', 'network.mjs:9', `GET 127.0.0.1:${port}/answer`, 1],
    ['http', 'response.text', 'network.mjs:10', `GET 127.0.0.1:${port}/answer`, 1],
    ['http', 'http.get', 'network.mjs:11', `GET 127.0.0.1:${port}/again`, 1],
    ['http', 'http.get body', 'network.mjs:11', `GET 127.0.0.1:${port}/again`, 1],
    ['socket', 'net.connect', 'network.mjs:13', `127.0.0.1:${plain}`, 1],
    ['socket', 'net.connect data', 'network.mjs:13', `127.0.0.1:${plain}`, expect.any(Number)],
  ]);
  expect(waits.some(({ kind, place }) => kind === 'worker' && place === 'network.mjs:7')).toBe(true);
  expect(JSON.stringify(threads)).not.toContain('secret');
  const inWorker = waitsOf(threads[1] ?? []);
  expect(inWorker).toContainEqual(
    expect.objectContaining({ kind: 'server', call: 'server.listen', place: 'network.mjs:20' }),
  );
  expect(inWorker).toContainEqual(
    expect.objectContaining({ kind: 'timer', place: 'network.mjs:20', count: 2 }),
  );
});

test('workers are waited for beside each other, once each and once more for each further answer', async () => {
  const { exit, stderr, threads } = await runProgram('workers.mjs');
  expect([exit, stderr]).toEqual([0, '']);
  const target = `${here}/workers.mjs`;
  expect(waitsOf(threads[0] ?? [])).toEqual([
    { kind: 'worker', call: 'Worker', place: 'workers.mjs:8', target, count: 3 },
    { kind: 'worker', call: 'Worker message', place: 'workers.mjs:8', target, count: 3 },
  ]);
  // All three began before the first of them was over, or the first part of one.
  const rows = (threads[0] ?? []).flatMap((record) =>
    record.type === 'waits'
      ? record.start.map((start, i) => ({ start, end: start + record.duration[i]!, count: record.count[i] }))
      : [],
  );
  const began = rows.filter(({ count }) => count === 1).toSorted((a, b) => a.start - b.start);
  expect(Math.max(...began.slice(0, 3).map(({ start }) => start))).toBeLessThan(
    Math.min(...rows.map(({ end }) => end)),
  );
});

test('the pieces of a body are waited for where the program reads them', async () => {
  const { exit, stderr, threads } = await runProgram('body.mjs');
  expect([exit, stderr]).toEqual([0, '']);
  const waits = waitsOf(threads[0] ?? []).filter(({ count }) => count > 0);
  expect(waits.map((wait) => [wait.kind, wait.call, wait.place, wait.target])).toEqual([
    ['http', 'fetch', 'body.mjs:2', 'GET data:'],
    ['http', 'response.body', 'body.mjs:2', 'GET data:'],
    ['http', 'fetch', 'body.mjs:3', 'GET data:'],
    ['http', 'response.body', 'body.mjs:5', 'GET data:'],
  ]);
});

test('what is typed or piped in is waited for where the program takes its input', async () => {
  const { stdout, threads } = await runProgram('input.mjs', { input: 'one\ntwo\n' });
  expect(stdout).toBe('one\ntwo\n');
  expect(waitsOf(threads[0] ?? []).filter(({ kind }) => kind !== 'stdin')).toEqual([]);
});

test('short waits of one place are added up, and counted exactly', async () => {
  const { threads } = await runProgram('many.mjs');
  const records = threads[0] ?? [];
  expect(waitsOf(records)).toEqual([
    { kind: 'file', call: 'fs.promises.stat', place: 'many.mjs:4', target: '/', count: 5000 },
  ]);
  const rows = records.flatMap((record) => (record.type === 'waits' ? record.site : []));
  expect(rows.length).toBeLessThan(1000);
});

test('of a great many timers some are followed, and stand for the others', async () => {
  const { threads } = await runProgram('timers.mjs');
  const records = threads[0] ?? [];
  const [waits, ...others] = waitsOf(records);
  expect(others).toEqual([]);
  expect(waits).toMatchObject({ kind: 'timer', call: 'setTimeout', place: 'timers.mjs:2', target: '1 ms' });
  // One in sixteen, so that each time of writing may lose fifteen.
  expect(waits?.count).toBeGreaterThan(19_800);
  expect(waits?.count).toBeLessThanOrEqual(20_000);
  expect(records.some((record) => record.type === 'note' && record.code === 'timers-sampled')).toBe(true);
});

test('no wait is charged with more than it took', async () => {
  for (const name of ['kinds.mjs', 'pool.mjs', 'network.mjs', 'many.mjs', 'timers.mjs']) {
    const { threads } = await runProgram(name);
    for (const record of threads.flat()) {
      if (record.type !== 'waits') continue;
      for (const [row, charged] of record.charged.entries()) {
        expect(charged).toBeGreaterThanOrEqual(0);
        expect(charged).toBeLessThanOrEqual((record.duration[row] ?? 0) + 0.2);
      }
    }
  }
});

test('a program that is killed leaves the waits that had not ended', async () => {
  const { exit, threads } = await runProgram('killed.mjs', { stop: 'SIGKILL' });
  expect(exit).toBe('SIGKILL');
  expect(waitsOf(threads[0] ?? [])).toContainEqual(
    expect.objectContaining({ kind: 'http', call: 'fetch', place: 'killed.mjs:4', count: 1 }),
  );
});

test('a server that nobody asks sleeps where it listens', async () => {
  const { exit, threads } = await runProgram('serves.cjs', { stop: 'SIGTERM' });
  expect(exit).toBe(0);
  expect(waitsOf(threads[0] ?? [])).toContainEqual(
    expect.objectContaining({
      kind: 'server',
      place: 'serves.cjs:3',
      target: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      count: 0,
    }),
  );
});
