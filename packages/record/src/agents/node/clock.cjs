'use strict';
// Clocks, taken before the program can replace them.

const { readFileSync, readdirSync, readlinkSync } = require('node:fs');
const { cpuUsage, hrtime } = process;
const linux = process.platform === 'linux';
const indexOf = Function.prototype.call.bind(String.prototype.indexOf);
const slice = Function.prototype.call.bind(String.prototype.slice);
const toNumber = Number;

/** Monotonic microseconds, the clock of V8's profiler. */
exports.now = function now() {
  const time = hrtime();
  return time[0] * 1e6 + time[1] / 1e3;
};

/** CPU time of the calling thread in microseconds, or `null` where the system does not tell. */
exports.threadCpu = function threadCpu() {
  // The file alone is as old as the kernel's last tick, up to 4 ms; this question brings it up to date.
  cpuUsage();
  return taskCpu('/proc/thread-self/schedstat');
};

/** CPU time that a file of the kernel's `schedstat` names, in microseconds, or `null`. */
function taskCpu(file) {
  if (!linux) return null;
  try {
    const text = readFileSync(file, 'latin1');
    return toNumber(slice(text, 0, indexOf(text, ' '))) / 1e3;
  } catch {
    return null;
  }
}
exports.taskCpu = taskCpu;

/** The kernel's number of the calling thread, or `null`. */
exports.threadNumber = function threadNumber() {
  if (!linux) return null;
  try {
    const link = readlinkSync('/proc/thread-self');
    return toNumber(slice(link, link.lastIndexOf('/') + 1));
  } catch {
    return null;
  }
};

/** The file with the CPU time of this process's youngest thread of a name, for {@link taskCpu}; `null` without one. */
exports.youngestTask = function youngestTask(name) {
  if (!linux) return null;
  try {
    // The names come in the order of text: 9999 behind 10000.
    const tasks = readdirSync('/proc/self/task')
      .map(toNumber)
      .toSorted((a, b) => a - b);
    const task = tasks.findLast(
      (each) => readFileSync(`/proc/self/task/${each}/comm`, 'latin1') === `${name}\n`,
    );
    return task === undefined ? null : `/proc/self/task/${task}/schedstat`;
  } catch {
    return null;
  }
};
