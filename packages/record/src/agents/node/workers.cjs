'use strict';
// Worker threads run the agent too, and count from 1 as if our own threads were not there.

const workerThreads = require('node:worker_threads');
const { apply, construct } = Reflect;

/** Threads of ours that took a number before the program's first: the watcher. */
const OURS = 1;

/** The number of the calling worker as the program would see it without us. */
exports.shownThreadId = function shownThreadId() {
  return workerThreads.threadId - OURS;
};

/** Gets the agent into every worker that this thread starts. */
exports.followWorkers = function followWorkers(options, environment, context) {
  if (!workerThreads.isMainThread) setNumber(workerThreads, workerThreads.threadId - OURS);
  const { Worker } = workerThreads;
  const made = new Proxy(Worker, {
    construct(target, args, newTarget) {
      const given = args[1];
      let changed = given;
      try {
        const env = given === undefined || given === null ? undefined : given.env;
        if (env !== null && typeof env === 'object' && env !== process.env && environment.alive()) {
          changed = { ...given, env: { ...env, NODE_OPTIONS: environment.injected(env.NODE_OPTIONS) } };
        }
      } catch {}
      const build = () => construct(target, [args[0], changed], newTarget === made ? target : newTarget);
      const worker = environment.alive() ? environment.during(build) : build();
      setNumber(worker, worker.threadId - OURS);
      return worker;
    },
  });
  Object.defineProperty(workerThreads, 'Worker', {
    ...Object.getOwnPropertyDescriptor(workerThreads, 'Worker'),
    value: made,
  });
  Object.defineProperty(Worker.prototype, 'constructor', { value: made, writable: true, configurable: true, enumerable: false });
};

function setNumber(owner, value) {
  const before = Object.getOwnPropertyDescriptor(owner, 'threadId');
  if (before === undefined || before.configurable === false) return;
  Object.defineProperty(owner, 'threadId', { value, writable: true, enumerable: before.enumerable, configurable: true });
}
void apply;
