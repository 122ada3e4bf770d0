'use strict';
// A thread of its own beside the program: it interrupts the main thread now and then and has it write down
// what it measured. That works in an endless loop too, and needs no port and no signal.

const { Session } = require('node:inspector');
const { workerData, parentPort } = require('node:worker_threads');
const { watch, readdirSync } = require('node:fs');
const { now, taskCpu } = require('./clock.cjs');

const { folder, pid, until } = workerData;
/** A main thread that used less CPU than this since the last time slept, and is left asleep. */
const IDLE_CPU = 2000;

const session = new Session();
session.connectToMainThread();

const schedstat = `/proc/self/task/${pid}/schedstat`;
let lastCpu = taskCpu(schedstat);
let asked = false;
let timer = setTimeout(tick, 400);

function tick() {
  if (until !== null && now() >= until) return call("finish('for')", () => {});
  const cpu = taskCpu(schedstat);
  if (cpu !== null && lastCpu !== null && cpu - lastCpu < IDLE_CPU) return again(1000);
  ask(false);
}

function ask(force) {
  if (asked) return;
  asked = true;
  call(`flush(${force})`, (next) => {
    asked = false;
    lastCpu = taskCpu(schedstat);
    if (next > 0) again(next);
  });
}

function again(milliseconds) {
  clearTimeout(timer);
  const left = until === null ? Infinity : Math.max((until - now()) / 1e3, 0) + 1;
  timer = setTimeout(tick, Math.min(milliseconds, left));
}

function call(what, answer) {
  const expression = `globalThis[Symbol.for('@whetstone/agent')].${what}`;
  session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, result) => {
    const value = error ? undefined : result.result?.value;
    answer(typeof value === 'number' ? value : 1000);
  });
}

// The parent asks by a file: `<pid>-SIGINT` wants everything written and the process ended by that signal,
// because its main thread does not get round to hearing it.
try {
  watch(`${folder}/ask`, () => {
    for (const name of readdirSync(`${folder}/ask`)) {
      const [who, what] = name.split('-');
      if (Number(who) !== pid) continue;
      if (/^SIG[A-Z]+$/.test(what)) call(`raise('${what}')`, () => {});
      else ask(true);
    }
  });
} catch {}

parentPort.on('message', ({ target, signal }) => process.kill(target, signal));
