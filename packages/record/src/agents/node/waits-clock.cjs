'use strict';

// The clocks that waits are told by: monotonic microseconds, and how long the event loop has slept.

const { performance } = require('node:perf_hooks');

const { apply, getOwnPropertyDescriptor } = Reflect;
const hrtime = process.hrtime;
const clock = performance.now;

// `performance.now` is the cheapest clock there is, and counts from the start of the process (or of the worker);
// `process.hrtime` counts from the moment that all processes of the machine share.
const [seconds, nanoseconds] = hrtime();
const origin = seconds * 1e6 + nanoseconds / 1e3 - apply(clock, performance, []) * 1e3;

/** Monotonic microseconds, as `process.hrtime` counts them. */
exports.now = () => origin + apply(clock, performance, []) * 1e3;

const timing = performance.nodeTiming;
const idleTime = getOwnPropertyDescriptor(timing, 'idleTime')?.get;

/** Microseconds that this thread's event loop has slept so far, waiting for something to happen. */
exports.idle =
  typeof idleTime === 'function'
    ? () => apply(idleTime, timing, []) * 1e3
    : () => (timing.idleTime ?? 0) * 1e3;
