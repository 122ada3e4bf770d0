'use strict';
// States of the shared word by which the main thread and its watcher agree who may speak.

const { now } = require('./clock.cjs');

exports.FREE = 0;
exports.CONNECTED = 1;
exports.CLOSED = 2;

/** Longest that the end of a program waits for its watcher to let go, in microseconds. */
const PATIENCE = 300e3;

/** Called by the main thread at its end: afterwards the watcher has no session with it. */
exports.closeLock = function closeLock(lock) {
  const end = now() + PATIENCE;
  // The watcher needs this thread to answer; it does so between the turns of a loop.
  while (Atomics.compareExchange(lock, 0, exports.FREE, exports.CLOSED) === exports.CONNECTED) {
    if (now() > end) return;
  }
};
