// What calling a hook costs, against named peers and loops written by hand.
//
// All candidates run interleaved in one process, in blocks of a few milliseconds whose order turns with each
// round, so that what slows the machine for a while slows all of them. A ratio is taken within each round;
// the figure is the median over the rounds, with the 95 % interval of its bootstrap.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import Emittery from 'emittery';
import { createHooks } from 'hookable';
import tapable from 'tapable';

import { PluginManager, hookSpecs } from '../../packages/hooks/dist/index.js';
import { interleave } from '../harness/interleave.mjs';
import { machineLine } from '../harness/machine.mjs';
import { medianInterval } from '../harness/statistics.mjs';
import { openTable, ratio, ratioInterval } from '../harness/table.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 41);
const WARM_UP = 5;
const COUNTS = [1, 5, 50];
/** Calls of implementations in a block: a few milliseconds for the fastest, whatever the count. */
const WORK = Number(process.env.WORK ?? 400_000);

/** Of the raw loop that collects. */
const COLLECT_LIMIT = 2;
/** hookable's time, in ours: at least. */
const AHEAD_OF_HOOKABLE = 5;
/** Of a raw loop that awaits. */
const ASYNC_LIMIT = 1.2;

/** Holds what the calls answered, so that nothing of them can be left out. */
let sink = 0;

/** A plugin whose answer depends on itself and on the argument; each its own function, as plugins have. */
function plugins(count, method) {
  return Array.from({ length: count }, (_, i) => ({
    name: `plugin-${i}`,
    own: i,
    [method]: implementations[method](),
  }));
}
const implementations = {
  collect: () =>
    function ({ n }) {
      return this.own + n;
    },
  gather: () =>
    async function ({ n }) {
      return this.own + n;
    },
};

function managerOf(list) {
  const manager = new PluginManager('bench', hookSpecs()({ collect: {}, gather: { async: true } }));
  // The last registered is called first: the same order for all.
  for (const plugin of list.toReversed()) manager.register(plugin);
  return manager;
}

const bound = (list, method) => list.map((plugin) => plugin[method].bind(plugin));

/** What each does with one argument. */
function collecting(count) {
  const list = plugins(count, 'collect');
  const { collect } = managerOf(list).hook;
  const loop = bound(list, 'collect');
  const tapped = new tapable.SyncHook(['args']);
  for (const [i, fn] of bound(list, 'collect').entries()) tapped.tap(list[i].name, fn);
  const hookable = createHooks();
  for (const fn of bound(list, 'collect')) hookable.hook('collect', fn);
  return {
    raw: (args) => {
      const answers = [];
      for (const fn of loop) {
        const answer = fn(args);
        if (answer !== undefined && answer !== null) answers.push(answer);
      }
      return answers;
    },
    hooks: (args) => collect(args),
    tapable: (args) => tapped.call(args),
    hookable: (args) => hookable.callHook('collect', args),
  };
}

function gathering(count) {
  const list = plugins(count, 'gather');
  const { gather } = managerOf(list).hook;
  const loop = bound(list, 'gather');
  const tapped = new tapable.AsyncSeriesHook(['args']);
  for (const [i, fn] of bound(list, 'gather').entries()) tapped.tapPromise(list[i].name, fn);
  const hookable = createHooks();
  for (const fn of bound(list, 'gather')) hookable.hook('gather', fn);
  const emitter = new Emittery();
  for (const fn of bound(list, 'gather')) emitter.on('gather', fn);
  return {
    raw: async (args) => {
      const answers = [];
      for (const fn of loop) {
        const answer = await fn(args);
        if (answer !== undefined && answer !== null) answers.push(answer);
      }
      return answers;
    },
    hooks: (args) => gather(args),
    tapable: (args) => tapped.promise(args),
    hookable: (args) => hookable.callHook('gather', args),
    emittery: (args) => emitter.emitSerial('gather', args),
  };
}

/** Nanoseconds of one call. Each candidate has a loop of its own: one for all would call through what the last left behind. */
function block(call, calls, isAsync) {
  const wait = isAsync ? 'await ' : '';
  const AsyncFunction = (async () => {}).constructor;
  const body = `for (let n = 0; n < calls; n++) { const got = ${wait}call({ n }); if (got !== undefined) keep(got.length); }`;
  const loop = new (isAsync ? AsyncFunction : Function)('call', 'calls', 'keep', body);
  return async () => {
    const began = performance.now();
    const running = loop(call, calls, (length) => {
      sink += length;
    });
    if (isAsync) await running;
    return ((performance.now() - began) * 1e6) / calls;
  };
}

/** Peers that take microseconds for each implementation need fewer calls for a figure as good. */
const SLOW = { hookable: 8, emittery: 8, tapable: 2 };

async function measure(calls, count, isAsync) {
  const blocks = Object.entries(calls).map(([name, call]) => {
    const work = isAsync ? WORK / 8 : WORK;
    return [name, block(call, Math.ceil(work / (count + 2) / (SLOW[name] ?? 1)), isAsync)];
  });
  const times = await interleave(Object.fromEntries(blocks), WARM_UP + ROUNDS);
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.slice(WARM_UP)]));
}

const require = createRequire(import.meta.url);
const versions = ['tapable', 'hookable', 'emittery'].map((name) => {
  // Not by `require`: one of them does not export its package.json.
  const files = require.resolve.paths(name).map((root) => path.join(root, name, 'package.json'));
  return `${name} ${JSON.parse(readFileSync(files.find(existsSync), 'utf8')).version}`;
});

const title = (what, count) => `${what}, ${count} implementation${count === 1 ? '' : 's'}`;
const nanoseconds = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ns`;

console.log(`What a call of a hook costs; ${ROUNDS} rounds, interleaved.`);
console.log(`${machineLine()}; ${versions.join(', ')}`);
console.log(
  'tapable compiles its calls with new Function and collects nothing; hookable and emittery collect nothing either.',
);
console.log('emittery is asynchronous only.\n');
const table = openTable(undefined, { name: 52, measured: 12, interval: 20 });
const add = (name, values, show, interval, limit, ok) => {
  const figure = medianInterval(values);
  table.add({
    name,
    limit: limit ?? '',
    measured: show(figure.value),
    interval: interval(figure),
    ok: ok ? ok(figure.value) : null,
  });
};
const ratios = (a, b) => a.map((value, i) => value / b[i]);
const nanosecondsInterval = ({ low, high }) => `${nanoseconds(low).slice(0, -3)} … ${nanoseconds(high)}`;

/** The figures of one count and the limit that both kinds have; returns the times. */
async function section(what, calls, count, isAsync, limit) {
  const times = await measure(calls, count, isAsync);
  table.heading(title(what, count));
  for (const [name, values] of Object.entries(times)) {
    add(name === 'raw' ? 'raw loop that collects' : name, values, nanoseconds, nanosecondsInterval);
  }
  const cost = ratios(times.hooks, times.raw);
  add('hooks / raw loop', cost, ratio, ratioInterval, `≤ ${limit}×`, (value) => value <= limit);
  return times;
}

for (const count of COUNTS) {
  const times = await section('collect', collecting(count), count, false, COLLECT_LIMIT);
  const ahead = ratios(times.hookable, times.hooks);
  const enough = (value) => value >= AHEAD_OF_HOOKABLE;
  add('hookable / hooks', ahead, ratio, ratioInterval, `≥ ${AHEAD_OF_HOOKABLE}×`, enough);
}
for (const count of COUNTS) await section('async', gathering(count), count, true, ASYNC_LIMIT);
if (sink === 0) throw new Error('Nothing answered: the figures would mean nothing.');
process.exitCode = table.exitCode();
