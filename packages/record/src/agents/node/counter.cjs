'use strict';
// Exact counts of functions and blocks, taken often because V8 counts in signed 32 bits.

const { stringify } = JSON;

/** Begins to count in the calling thread. */
exports.startCounter = function startCounter(session, output) {
  session.post('Profiler.enable');
  start();

  /**
   * Between two readings V8 leaves out functions without branches of which optimised code alone ran, and
   * forgets their counts. Starting once more throws optimised code away, so that the first call of each is
   * seen; it loses no count.
   */
  function start() {
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  function take() {
    let result = null;
    session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error === null || error === undefined) result = answer.result;
    });
    if (result === null) return;
    const scripts = [];
    for (const { url, scriptId, functions } of result) {
      if (url === '' || url.startsWith('node:')) continue;
      const counted = [];
      for (const { functionName, ranges } of functions) {
        let any = false;
        for (const range of ranges) {
          if (range.count < 0) range.count += 2 ** 32;
          if (range.count > 0) any = true;
        }
        if (any) counted.push({ functionName, ranges });
      }
      if (counted.length > 0) scripts.push({ url, scriptId, functions: counted });
    }
    if (scripts.length > 0) output.write(stringify({ type: 'counts', scripts }) + '\n');
  }

  return {
    tick() {
      take();
      start();
      return 1000;
    },
    stop: take,
  };
};
