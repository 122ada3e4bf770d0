'use strict';
// What the operating system says of this process at its end, when the parent cannot look any more.

const { readFileSync, readdirSync } = require('node:fs');

/** CPU and queue time of every thread that still lives, in microseconds, and the process's largest size. */
exports.figures = function figures() {
  const threads = [];
  try {
    if (process.platform === 'linux') {
      for (const tid of readdirSync('/proc/self/task')) {
        const folder = `/proc/self/task/${tid}`;
        const [cpu, queued] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ').map(Number);
        threads.push([Number(tid), cpu / 1e3, queued / 1e3]);
      }
    }
  } catch {}
  try {
    const { maxRSS, majorPageFault, minorPageFault, userCPUTime, systemCPUTime } = process.resourceUsage();
    return {
      threads,
      usage: {
        peak: maxRSS * 1024,
        majorFaults: majorPageFault,
        minorFaults: minorPageFault,
        cpu: userCPUTime + systemCPUTime,
      },
    };
  } catch {
    return { threads };
  }
};
