'use strict';
// CPU time of this thread in microseconds: the clock that the system itself keeps. `process.cpuUsage` counts
// all threads of the process, so also those that measure.
const { closeSync, openSync, readSync } = require('node:fs');

const bytes = Buffer.alloc(64);

exports.threadCpu = function threadCpu() {
  // The file alone is as old as the kernel's last tick, up to 4 ms; this question brings it up to date.
  process.cpuUsage();
  let file;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  const length = readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  return Number(bytes.toString('latin1', 0, length).split(' ')[0]) / 1000;
};
