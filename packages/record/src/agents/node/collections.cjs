'use strict';

// Pauses for the garbage collector, with kind, start and length, as Node's own observer tells them.

const { PerformanceObserver, performance, constants } = require('node:perf_hooks');

const kinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak callbacks'],
]);

exports.install = function install({ record, clock }) {
  // Entries count in milliseconds from the start of the thread.
  const origin = clock.now() - performance.now() * 1e3;
  let rows = { kind: [], start: [], duration: [] };

  const observer = new PerformanceObserver((list) => {
    try {
      add(list.getEntries());
    } catch {
      // Nobody catches what is thrown here, and the program may have replaced what we call.
    }
  });
  observer.observe({ entryTypes: ['gc'] });

  function add(entries) {
    for (let index = 0; index < entries.length; index++) {
      const { detail, startTime, duration } = entries[index];
      rows.kind.push(kinds.get(detail?.kind) ?? 'other');
      rows.start.push(Math.round(origin + startTime * 1e3));
      rows.duration.push(Math.round(duration * 1e4) / 10);
    }
  }

  function flush() {
    add(observer.takeRecords());
    if (rows.kind.length > 0) record({ type: 'collections', ...rows });
    rows = { kind: [], start: [], duration: [] };
  }

  return {
    flush,
    stop() {
      flush();
      observer.disconnect();
    },
  };
};
