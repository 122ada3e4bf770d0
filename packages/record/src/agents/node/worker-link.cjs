'use strict';
// A worker that is terminated gets no word of it. So the thread that owns it has it write down what it
// measured first, through the inspector, which reaches a worker in an endless loop too.

const { Session } = require('node:inspector');
/** The program's own sessions are noticed by a wrapper around this method; ours are not the program's. */
const { connect } = Session.prototype;
const workerThreads = require('node:worker_threads');
const { now } = require('./clock.cjs');

/** Under this key the shared words travel to workers: nobody sees it who does not ask for it. */
const key = '@whetstone/workers';
/** States of a worker's word, at its number modulo their count. */
const RUNNING = 1;
const DONE = 2;
const COUNT = 4096;
/** Longest that a terminate or an exit waits for workers, in microseconds. */
const PATIENCE = 250e3;

/** The words that all threads of the process share. */
exports.sharedWords = function sharedWords() {
  const known = workerThreads.getEnvironmentData(key);
  if (known instanceof Int32Array) return known;
  const words = new Int32Array(new SharedArrayBuffer(COUNT * 4));
  workerThreads.setEnvironmentData(key, words);
  return words;
};

/** A worker says that it can be asked, or that it has nothing more to say. */
exports.announce = function announce(words, threadId, done) {
  Atomics.store(words, threadId % COUNT, done ? DONE : RUNNING);
  Atomics.notify(words, threadId % COUNT);
};

/** Has workers, by the numbers that Node gave them, finish, and waits for it. */
exports.finishWorkers = function finishWorkers(words, threadIds, reason) {
  const asked = threadIds.filter((id) => Atomics.load(words, id % COUNT) === RUNNING);
  if (asked.length === 0) return;
  const session = new Session();
  try {
    connect.call(session);
    const agent = "globalThis[Symbol.for('@whetstone/agent')]";
    const expression = `${agent} && ${agent}.finishWorker([${asked.join()}], '${reason}')`;
    const message = JSON.stringify({
      id: 1,
      method: 'Runtime.evaluate',
      params: { expression, silent: true },
    });
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    });
    const questions = { sent: 0, answered: 0 };
    session.on('NodeWorker.receivedMessageFromWorker', () => {
      questions.answered++;
    });
    session.on('NodeWorker.attachedToWorker', () => {
      questions.sent++;
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const end = now() + PATIENCE;
    for (const id of asked) {
      const left = end - now();
      if (left > 0) Atomics.wait(words, id % COUNT, RUNNING, left / 1e3);
    }
    // A worker that is terminated before its answer is out takes the termination for the end of our question,
    // and runs on. The answers come in between the turns of a loop.
    while (questions.answered < questions.sent && now() < end);
  } catch {
    // What the worker wrote last is what there is.
  } finally {
    try {
      session.disconnect();
    } catch {}
  }
};
