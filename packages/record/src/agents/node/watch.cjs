'use strict';
// Starts the thread that asks the main thread for its pieces.

const { closeLock } = require('./watch-lock.cjs');
// Before the program puts others in their place, as libraries for tests do.
const { setTimeout } = globalThis;

/** In the environment of the watcher's own thread, which loads the preload file like every other. */
const watcherMark = 'WHETSTONE_WATCHER';
exports.watcherMark = watcherMark;

/** One watcher for each process; a worker asks itself by a timer. */
exports.startWatcher = function startWatcher(options, context, control, { main, descriptor }) {
  if (!main) return startTimer(control);
  try {
    const { Worker } = require('node:worker_threads');
    const lock = new Int32Array(new SharedArrayBuffer(4));
    const watcher = new Worker(`${__dirname}/watcher.cjs`, {
      env: { [watcherMark]: '1' },
      execArgv: [],
      // Nothing of it may touch the program's own streams.
      stdout: true,
      stderr: true,
      workerData: { folder: options.folder, pid: process.pid, until: options.until, lock, descriptor },
      name: 'whetstone',
    });
    guardEnd(watcher);
    watcher.on('error', () => {
      control.kill = null;
      control.close = null;
      startTimer(control);
    });
    control.close = () => closeLock(lock);
    control.kill = (target, signal) => {
      watcher.postMessage({ target, signal });
      return true;
    };
    watcher.unref();
  } catch (error) {
    context.note('watcher-failed', error.message);
    startTimer(control);
  }
};

/**
 * A thread that cannot begin, because the folder that it would run in is gone, makes some versions of Node fail
 * where they clean up after it, in the program's own thread.
 */
function guardEnd(watcher) {
  const { prototype } = watcher.constructor;
  const key = Object.getOwnPropertySymbols(prototype).find((symbol) => symbol.description === 'kOnExit');
  if (key === undefined || typeof prototype[key] !== 'function') return;
  Object.defineProperty(watcher, key, {
    configurable: true,
    enumerable: false,
    value(...args) {
      try {
        return Reflect.apply(prototype[key], watcher, args);
      } catch {
        return undefined;
      }
    },
  });
}

function startTimer(control) {
  const ask = () => {
    const next = control.flush(false);
    if (next > 0) setTimeout(ask, next).unref();
  };
  setTimeout(ask, 400).unref();
}
