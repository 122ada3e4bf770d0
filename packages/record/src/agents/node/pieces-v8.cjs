'use strict';
// V8's profiles by `v8.startCpuProfile`. One profiler takes all of them, where the inspector has one for each
// session: on Node 26 each walks through the heap for 17 ms when it starts, and hears of all code that is made.

const { apply } = Reflect;
/** Asked first: to load the module takes 2 ms. */
const recent = Number.parseInt(process.versions.node, 10) >= 26;
const { setFlagsFromString, startCpuProfile } = recent ? require('node:v8') : {};

/** Older versions have no such function, or one that takes no interval. */
exports.available = startCpuProfile !== undefined && startCpuProfile.length > 0;

/** What the text of a profile is: as V8's own serializer gives it. */
exports.form = 'serialized';

/** V8 takes a profile's interval for a multiple of this one, which a profiler reads when it is made. */
const BASE_INTERVAL = '--cpu-profiler-sampling-interval';
const USUAL_BASE = 1000;

/** As that of pieces-inspector.cjs, but that `next` may name any multiple of the first interval. */
exports.openPieces = function openPieces([first]) {
  let going;
  let stop;

  function begin(interval) {
    going = startCpuProfile({ sampleInterval: interval / 1e3 });
  }

  /** V8 writes names as they are, but in the output a line ends with the line. */
  function textOf(piece) {
    const text = apply(stop, piece, []);
    if (typeof text !== 'string') return null;
    return text.includes('\n') ? text.replaceAll('\n', '\0') : text;
  }

  return {
    begin() {
      setFlagsFromString(`${BASE_INTERVAL}=${first}`);
      begin(first);
      // Code that is kept between runs names the flags it was made with.
      setFlagsFromString(`${BASE_INTERVAL}=${USUAL_BASE}`);
      ({ stop } = going);
    },
    next(interval) {
      const before = going;
      begin(interval);
      return textOf(before);
    },
    last: () => textOf(going),
  };
};
