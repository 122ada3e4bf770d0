// What retrying costs a call that succeeds, against named peers and a hand-written loop.
//
// All candidates run interleaved in one process, round by round, in an order that turns with each
// round, so that what slows the machine for a while slows all of them. A figure is the median over
// the rounds; the interval holds the middle half of them. Limits are relative to the same run.
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

import { retry as attempt } from '@lifeomic/attempt';
import asyncRetry from 'async-retry';
import * as cockatiel from 'cockatiel';
import { backOff } from 'exponential-backoff';
import pRetry from 'p-retry';

import { ifError, retry, retrySync, waitExponential } from '../../packages/retry/dist/index.js';

const ROUNDS = Number(process.env.ROUNDS ?? 301);
const CALLS = Number(process.env.CALLS ?? 2_000);
const SYNC_CALLS = CALLS * 25;

/** At most so many times a bare awaited call. */
const ASYNC_LIMIT = 3;
/** Nanoseconds that a synchronous call may cost more than a bare one. */
const SYNC_LIMIT = 15;

const work = async (n) => n;
const workSync = (n) => n + 1;

// The same bounds as our defaults, as one would write them by hand: ten attempts, 45 s, full jitter.
const byHand = async (n) => {
  const began = performance.now();
  for (let i = 1; ; i++) {
    try {
      return await work(n);
    } catch (error) {
      const delay = Math.random() * Math.min(5000, 100 * 2 ** (i - 1));
      if (error.name === 'AbortError' || i >= 10 || performance.now() - began + delay >= 45_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
};

const policy = cockatiel.retry(cockatiel.handleAll, {
  maxAttempts: 9,
  backoff: new cockatiel.ExponentialBackoff({ initialDelay: 100, maxDelay: 5000 }),
});
const ours = retry({});
const OURS = 'whetstone retry(fn)';
const BARE = 'bare call, awaited';

const ASYNC = {
  [BARE]: work,
  [OURS]: retry(work),
  'whetstone retry(fn, attempts and wait)': retry(work, {
    attempts: 5,
    wait: waitExponential({ max: '1s' }),
  }),
  'hand-written loop': byHand,
  'whetstone policy.run(fn)': (n) => ours.run(() => work(n)),
  'whetstone retry(fn, retryIf)': retry(work, { retryIf: ifError(RangeError) }),
  'whetstone retry(fn, timeout)': retry(work, { timeout: '30s' }),
  'p-retry': (n) => pRetry(() => work(n)),
  'p-retry, with options': (n) => pRetry(() => work(n), { retries: 9, minTimeout: 100, maxTimeout: 5000 }),
  'async-retry': (n) => asyncRetry(() => work(n)),
  cockatiel: (n) => policy.execute(() => work(n)),
  'exponential-backoff': (n) => backOff(() => work(n)),
  '@lifeomic/attempt': (n) => attempt(() => work(n)),
};

const BARE_SYNC = 'bare call, synchronous';
const SYNC = { [BARE_SYNC]: workSync, 'whetstone retrySync(fn)': retrySync(workSync) };

// Peers that take microseconds need fewer calls for a figure as good.
const SLOW = new Set([
  'p-retry',
  'p-retry, with options',
  'async-retry',
  '@lifeomic/attempt',
  'exponential-backoff',
  'cockatiel',
]);

// What calls return is used, so that no call can be left out.
let sink = 0;

async function nanosecondsAsync(name, fn) {
  const calls = SLOW.has(name) ? CALLS / 10 : CALLS;
  const began = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) sink += await fn(i);
  return Number(process.hrtime.bigint() - began) / calls;
}

function nanosecondsSync(fn) {
  const began = process.hrtime.bigint();
  for (let i = 0; i < SYNC_CALLS; i++) sink += fn(i);
  return Number(process.hrtime.bigint() - began) / SYNC_CALLS;
}

const times = Object.fromEntries([...Object.keys(ASYNC), ...Object.keys(SYNC)].map((name) => [name, []]));
const WARM_UP = 3;
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const [name, fn] of turned(Object.entries(ASYNC), round)) {
    const time = await nanosecondsAsync(name, fn);
    if (round >= 0) times[name].push(time);
  }
  for (const [name, fn] of turned(Object.entries(SYNC), round)) {
    const time = nanosecondsSync(fn);
    if (round >= 0) times[name].push(time);
  }
}

const median = (name) => quantile(times[name], 0.5);
const peers = Object.keys(ASYNC).filter((name) => !name.startsWith('whetstone') && name !== BARE);
const fastest = peers.reduce((best, name) => (median(name) < median(best) ? name : best));
// Of each round by itself: what slowed one of the two most likely slowed the other.
const ratios = (name, to) => times[name].map((time, i) => time / times[to][i]);
const rows = [];
for (const name of Object.keys(ASYNC)) {
  rows.push(row(name, times[name], 'ns'));
}
for (const name of [OURS, 'whetstone retry(fn, attempts and wait)']) {
  rows.push(row(`${name} / bare`, ratios(name, BARE), '×', ASYNC_LIMIT));
  rows.push(row(`${name} / fastest peer`, ratios(name, fastest), '×', 1));
}
for (const name of Object.keys(SYNC)) rows.push(row(name, times[name], 'ns'));
const added = times['whetstone retrySync(fn)'].map((time, i) => time - times[BARE_SYNC][i]);
rows.push(row('whetstone retrySync(fn) − bare', added, 'ns', SYNC_LIMIT));

const require = createRequire(import.meta.url);
const versions = ['p-retry', 'async-retry', 'cockatiel', 'exponential-backoff', '@lifeomic/attempt'].map(
  (name) => `${name} ${require('./../package.json').devDependencies[name]}`,
);
console.log(`The happy path: what retrying costs a call that succeeds, ${ROUNDS} rounds interleaved.`);
console.log(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}; ${versions.join(', ')}\n`,
);
print(['name', 'measured (median)', 'interval', 'limit', ''], rows);
if (rows.some((cells) => cells[4] === 'over')) process.exitCode = 1;

function turned(list, by) {
  const at = (by + WARM_UP) % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * q)];
}

function row(name, values, unit, limit) {
  const middle = quantile(values, 0.5);
  const show = (value) => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
  const verdict = limit === undefined ? '' : middle <= limit ? 'ok' : 'over';
  return [
    name,
    show(middle),
    `${show(quantile(values, 0.25))} – ${show(quantile(values, 0.75))}`,
    limit === undefined ? '' : `≤ ${limit} ${unit}`,
    verdict,
  ];
}

function print(head, body) {
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((cells) => cells[i].length)));
  for (const cells of [head, widths.map((width) => '-'.repeat(width)), ...body]) {
    console.log(
      cells
        .map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    );
  }
}
