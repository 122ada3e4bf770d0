'use strict';
// A thread of its own beside the program: it interrupts the main thread now and then and has it write down
// what it measured. That works in an endless loop too, and needs no port and no signal.

const { Session } = require('node:inspector');
const { workerData, parentPort } = require('node:worker_threads');
const { closeSync, existsSync, openSync, readdirSync, watch } = require('node:fs');
const { devNull } = require('node:os');
const { now, taskCpu } = require('./clock.cjs');
const { FREE, CONNECTED, CLOSED } = require('./watch-lock.cjs');

const { folder, pid, until, lock, descriptor } = workerData;
/** A main thread that used less CPU than this since the last time slept, and is left asleep. */
const IDLE_CPU = 2000;
/** First question to a main thread, in milliseconds: its first piece tells how fast the tree grows. */
const FIRST = 140;
const USUAL = 1000;
/** Between two looks for a signal that the main thread does not hear. */
const UNHEARD = 400;

const schedstat = `/proc/self/task/${pid}/schedstat`;
let lastCpu = taskCpu(schedstat);
let timer = setTimeout(tick, FIRST);
const looks = setInterval(lookForSignals, UNHEARD);
let pipes = null;
/** What lay there at the last look; `told` once it was passed on. */
let lying = null;
let events;

function tick() {
  if (until !== null && now() >= until) return call("finish('for')", end);
  // The parent is gone, and with it whoever would read on: a daemon lives, unmeasured.
  if (!existsSync(`${folder}/ask`)) return call("finish('abandoned')", end);
  const cpu = taskCpu(schedstat);
  if (cpu !== null && lastCpu !== null && cpu - lastCpu < IDLE_CPU) return again(USUAL);
  ask(false);
}

function ask(force) {
  call(`flush(${force})`, (next) => {
    lastCpu = taskCpu(schedstat);
    if (next > 0) again(next);
  });
}

function again(milliseconds) {
  clearTimeout(timer);
  const left = until === null ? Infinity : Math.max((until - now()) / 1e3, 0) + 1;
  timer = setTimeout(tick, Math.min(milliseconds, left));
}

function end() {
  clearTimeout(timer);
  clearInterval(looks);
  events?.close();
}

/** One that lies there at two looks was sent to this process alone: nobody else would tell the main thread. */
function lookForSignals() {
  const { signalPipes, signalsIn } = require('./unheard-signals.cjs');
  pipes ??= signalPipes(descriptor);
  const [signal] = pipes.flatMap(signalsIn);
  if (signal === undefined) lying = null;
  else if (lying === null) lying = signal;
  else if (lying === signal) {
    lying = 'told';
    call(`raise('${signal}')`, () => {});
  }
}

/**
 * Has the main thread run a function of the agent.
 *
 * A session that is still open when the process ends makes Node print a line, so each call has its own, and
 * the lock lets the main thread wait for it.
 */
function call(what, answer) {
  if (Atomics.compareExchange(lock, 0, FREE, CONNECTED) !== FREE) {
    if (Atomics.load(lock, 0) === CLOSED) return end();
    setTimeout(call, 20, what, answer);
    return;
  }
  const session = new Session();
  session.connectToMainThread();
  const expression = `globalThis[Symbol.for('@whetstone/agent')].asked.${what}`;
  session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, result) => {
    const value = error ? undefined : result.result?.value;
    session.disconnect();
    Atomics.compareExchange(lock, 0, CONNECTED, FREE);
    answer(typeof value === 'number' ? value : USUAL);
  });
}

// The parent asks by a file: `<pid>-SIGINT` wants everything written and the process ended by that signal,
// because its main thread does not get round to hearing it.
try {
  events = aboveStreams(() => watch(`${folder}/ask`, hear));
} catch {}

function hear() {
  let names = [];
  try {
    names = readdirSync(`${folder}/ask`);
  } catch {}
  for (const name of names) {
    const [who, what] = name.split('-');
    if (Number(who) === pid && /^SIG[A-Z]+$/.test(what)) call(`raise('${what}')`, () => {});
  }
}

/**
 * Keeps the numbers 0 to 2 from what `open` opens, where the program closed its streams: Node's loop ends the process
 * rather than close one of these.
 */
function aboveStreams(open) {
  const held = [];
  try {
    do held.push(openSync(devNull, 'r'));
    while (held.at(-1) <= 2);
  } catch {
    // With no number left, none of these is free.
  }
  try {
    return open();
  } finally {
    for (const each of held) closeSync(each);
  }
}

parentPort.on('message', ({ target, signal }) => process.kill(target, signal));
