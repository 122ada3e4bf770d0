'use strict';
// Worker threads run the agent too, and count from 1 as if our own threads were not there.

const workerThreads = require('node:worker_threads');
const { announce, finishWorkers, sharedWords } = require('./worker-link.cjs');
const { apply, construct } = Reflect;
const { threadId: realThreadId } = workerThreads;

/** Threads of ours that took a number before the program's first: the watcher. */
const OURS = 1;

/** The number of the calling worker as the program would see it without us. */
exports.shownThreadId = function shownThreadId() {
  return realThreadId - OURS;
};

/** Gets the agent into every worker that this thread starts, and its figures out before it is terminated. */
exports.followWorkers = function followWorkers(environment, control) {
  const words = sharedWords();
  const main = workerThreads.isMainThread;
  /** Workers of this thread that live, by Node's number. */
  const living = new Map();

  if (!main) {
    Object.defineProperty(workerThreads, 'threadId', {
      ...Object.getOwnPropertyDescriptor(workerThreads, 'threadId'),
      value: realThreadId - OURS,
    });
    control.finishWorker = (ids, reason) => {
      if (ids.includes(realThreadId)) control.finish(reason);
    };
    control.afterFinish.push(() => announce(words, realThreadId, true));
    announce(words, realThreadId, false);
  } else {
    // The inspector of the main thread alone knows workers.
    control.beforeFinish.push((reason) => finishWorkers(words, [...living.values()], reason));
  }

  const { Worker } = workerThreads;
  const made = new Proxy(Worker, {
    construct(target, args, newTarget) {
      const build = () =>
        construct(
          target,
          [args[0], withOurs(args[1], environment), ...args.slice(2)],
          newTarget === made ? target : newTarget,
        );
      const worker = environment.alive() ? environment.during(build) : build();
      const id = worker.threadId;
      shiftNumber(worker);
      living.set(worker, id);
      worker[exitHook](() => living.delete(worker));
      return worker;
    },
  });
  replace(workerThreads, 'Worker', made);
  replace(Worker.prototype, 'constructor', made);

  const { terminate } = Worker.prototype;
  if (main) {
    replace(
      Worker.prototype,
      'terminate',
      {
        terminate() {
          if (living.has(this)) finishWorkers(words, [living.get(this)], 'terminated');
          return apply(terminate, this, arguments);
        },
      }.terminate,
    );
  }

  /** The worker's own listeners, and only them, are the program's: its end is seen where Node announces it. */
  const exitHook = Symbol('exit');
  Object.defineProperty(Worker.prototype, exitHook, {
    configurable: true,
    enumerable: false,
    value(done) {
      const { emit } = this;
      Object.defineProperty(this, 'emit', {
        configurable: true,
        writable: true,
        enumerable: false,
        value(type) {
          if (type === 'exit') done();
          return apply(emit, this, arguments);
        },
      });
    },
  });
};

/** A worker with an environment of its own reads NODE_OPTIONS from that. */
function withOurs(given, environment) {
  try {
    const env = given === undefined || given === null ? undefined : given.env;
    if (env === null || typeof env !== 'object' || env === process.env || !environment.alive()) return given;
    return { ...given, env: { ...env, NODE_OPTIONS: environment.injected(env.NODE_OPTIONS) } };
  } catch {
    return given;
  }
}

/** Some versions keep the number in the object, some ask for it. */
function shiftNumber(worker) {
  const own = Object.getOwnPropertyDescriptor(worker, 'threadId');
  if (own !== undefined && 'value' in own) {
    worker.threadId -= OURS;
    return;
  }
  const inherited = Object.getOwnPropertyDescriptor(workerThreads.Worker.prototype, 'threadId');
  if (inherited === undefined || inherited.get === undefined) return;
  Object.defineProperty(worker, 'threadId', {
    configurable: true,
    enumerable: false,
    get() {
      const number = apply(inherited.get, this, []);
      return number > 0 ? number - OURS : number;
    },
  });
}

function replace(owner, name, value) {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {
    configurable: true,
    enumerable: false,
    writable: true,
    ...withoutAccess(before),
    value,
  });
}

function withoutAccess(descriptor) {
  if (descriptor === undefined) return {};
  const { enumerable, configurable } = descriptor;
  return { enumerable, configurable, writable: true };
}
