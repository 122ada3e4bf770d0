'use strict';

// Messages of workers and of the parent, locks in shared memory, and what is typed or piped in.

const { types } = require('node:util');
const workerThreads = require('node:worker_threads');
const { wrap, around, watched, announced, cover, onEvents, standIn, withRoom } = require('./waits-wrap.cjs');

const { construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;

exports.install = function install(ctx) {
  workers(ctx);
  parentThread(ctx);
  parentProcess(ctx);
  locks(ctx);
  standardInput(ctx);
};

/** What the user's thread hears from its workers. */
function workers({ sites, ledger }) {
  const { Worker } = workerThreads;
  const descriptor = getOwnPropertyDescriptor(workerThreads, 'Worker');
  if (!descriptor?.configurable) return;
  // Our trap, `withRoom` and its arrow; as many again where the agent's own trap follows.
  const room = types.isProxy(Worker) ? 6 : 3;
  const made = {
    construct(target, args, newTarget) {
      const asked = newTarget === workerThreads.Worker ? target : newTarget;
      const worker = withRoom(room, () => construct(target, args, asked));
      const site = sites.find(made.construct, 'Worker', 'worker');
      if (site !== null) answers(worker, site, fileOf(args[0], args[1]));
      return worker;
    },
  };
  /** Each is waited for until its first answer, beside all others; then the sleep until one more is a wait. */
  function answers(worker, site, target) {
    const operation = ledger.begin(site, target);
    const gone = () => worker.threadId === -1;
    let messages = null;
    let posted = false;
    onPosted(worker, () => {
      posted = true;
    });
    onEvents(worker, () => {
      const answered = posted && !gone();
      posted = false;
      // That it runs is no answer, and that it is over is none where one came.
      if (messages !== null) ledger.arrived(messages, answered ? 1 : 0);
      else if (answered || gone()) ledger.end(operation);
      else ledger.step(operation);
      if (answered) messages ??= ledger.listen(sites.beside(site, 'Worker message'), target, gone);
    });
  }
  defineProperty(workerThreads, 'Worker', { ...descriptor, value: new Proxy(Worker, made) });
  // `worker.constructor === Worker`, as ever.
  const back = getOwnPropertyDescriptor(Worker.prototype, 'constructor');
  if (back?.configurable)
    defineProperty(Worker.prototype, 'constructor', { ...back, value: workerThreads.Worker });
}

/**
 * Lets `before` run ahead of what comes to the port that a worker posts to, which the worker makes an event of if it
 * is a message: what runs ahead of that event does not hear its name.
 */
function onPosted(worker, before) {
  const port = worker[ownKeys(worker).find((key) => isNamed(key, 'kPublicPort'))];
  let holder = port;
  let dispatch;
  while (holder && dispatch === undefined) {
    dispatch = ownKeys(holder).find((key) => isNamed(key, 'kHybridDispatch'));
    holder = getPrototypeOf(holder);
  }
  if (dispatch !== undefined) cover(port, dispatch, announced(port[dispatch], before));
}

function isNamed(key, name) {
  return typeof key === 'symbol' && key.description?.endsWith(name) === true;
}

function fileOf(file, options) {
  if (options?.eval) return '[worker eval]';
  if (file instanceof URL) return file.protocol === 'file:' ? file.pathname : file.protocol;
  return typeof file === 'string' ? file : undefined;
}

/** What a worker's thread hears from its parent: where it listens. */
function parentThread({ sites, ledger }) {
  const { parentPort } = workerThreads;
  if (!parentPort) return;
  let listener = null;
  for (const name of ['on', 'once', 'addListener', 'addEventListener']) {
    const original = parentPort[name];
    if (typeof original !== 'function') continue;
    const handler = watched((below, self, args) => {
      const site = args[0] === 'message' ? sites.find(below, `parentPort.${name}`, 'worker') : null;
      if (site !== null) listener = ledger.listen(site, undefined, () => false);
    });
    cover(parentPort, name, new Proxy(original, handler));
  }
  // Node makes an event of each message with this method before it looks for listeners.
  const { prototype } = workerThreads.MessagePort;
  const create = ownKeys(prototype).find(
    (key) => typeof key === 'symbol' && key.description === 'kCreateEvent',
  );
  if (create === undefined) return;
  const heard = announced(prototype[create], () => {
    if (listener !== null) ledger.arrived(listener);
  });
  cover(parentPort, create, heard);
}

/** What a forked process hears from its parent: where it first listens. */
function parentProcess({ sites, ledger }) {
  if (typeof process.send !== 'function') return;
  let known = false;
  for (const name of ['on', 'once', 'addListener']) {
    const handler = watched((below, self, args) => {
      const site = known || args[0] !== 'message' ? null : sites.find(below, `process.${name}`, 'child');
      if (site === null) return;
      known = true;
      const listener = ledger.listen(site, undefined, () => !process.connected);
      onEvents(process, () => ledger.arrived(listener));
    });
    cover(process, name, new Proxy(process[name], handler));
  }
}

function locks({ sites, ledger }) {
  const handler = around(
    (below) => {
      const site = sites.find(below, 'Atomics.wait', 'lock');
      return site === null ? null : ledger.begin(site, undefined);
    },
    (operation, result) => {
      ledger.endSync(operation);
      return result;
    },
    ledger.drop,
  );
  wrap(Atomics, 'wait', handler);
}

function standardInput({ sites, ledger }) {
  const descriptor = getOwnPropertyDescriptor(process, 'stdin');
  if (typeof descriptor?.get !== 'function' || !descriptor.configurable) return;
  let known = false;
  const handler = around(
    (below) => (known ? null : sites.find(below, 'process.stdin', 'stdin')),
    (site, stream) => {
      known = true;
      if (typeof stream?.emit !== 'function') return stream;
      const listener = ledger.listen(site, undefined, () => stream.destroyed);
      onEvents(stream, () => ledger.arrived(listener));
      return stream;
    },
    () => {},
  );
  defineProperty(process, 'stdin', { ...descriptor, get: standIn(descriptor.get, handler) });
}
