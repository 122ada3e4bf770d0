'use strict';

// How long the event loop was kept from its work, and how large the heap is.

const { setInterval, clearInterval } = globalThis;
// A loop that is blocked for longer than this is felt by whoever waits for it.
const blocking = 50_000;
// Looking this often costs less than a thousandth of a core; what begins between two looks is told too short by
// at most one.
const every = 20;

exports.install = function install({ record, clock, heapUsed }) {
  let expected = clock.now() + every * 1e3;
  let delays = { time: [], value: [] };
  let heaps = { time: [], value: [] };

  const timer = setInterval(() => {
    const moment = clock.now();
    const late = moment - expected;
    try {
      if (late > blocking) {
        delays.time.push(Math.round(expected));
        delays.value.push(Math.round(late));
      }
    } catch {
      // A program that has replaced `push` by what throws must not hear of it from here.
    }
    expected = moment + every * 1e3;
  }, every);
  timer.unref();

  function flush() {
    // While it is blocked, nobody has looked yet.
    heaps.time.push(Math.round(clock.now()));
    heaps.value.push(heapUsed());
    if (delays.time.length > 0) record({ type: 'series', name: 'delay', unit: 'microseconds', ...delays });
    record({ type: 'series', name: 'heap', unit: 'bytes', ...heaps });
    delays = { time: [], value: [] };
    heaps = { time: [], value: [] };
  }

  return {
    flush,
    stop() {
      const late = clock.now() - expected;
      if (late > blocking) {
        delays.time.push(Math.round(expected));
        delays.value.push(Math.round(late));
      }
      flush();
      clearInterval(timer);
    },
  };
};
