'use strict';
// Starts the thread that asks the main thread for its pieces.

const { closeLock } = require('./watch-lock.cjs');

/** In the environment of the watcher's own thread, which loads the preload file like every other. */
const watcherMark = 'WHETSTONE_WATCHER';
exports.watcherMark = watcherMark;

/** One watcher for each process; a worker asks itself by a timer. */
exports.startWatcher = function startWatcher(options, context, control, main) {
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
      workerData: { folder: options.folder, pid: process.pid, until: options.until, lock },
      name: 'whetstone',
    });
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

function startTimer(control) {
  const ask = () => {
    const next = control.flush(false);
    if (next > 0) setTimeout(ask, next).unref();
  };
  setTimeout(ask, 400).unref();
}
