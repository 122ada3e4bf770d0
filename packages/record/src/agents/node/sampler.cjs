'use strict';
// Takes the profile in pieces, each so small that the program never stands still for long.

const { now, threadCpu } = require('./clock.cjs');
const { stringify } = JSON;
const { min, max } = Math;

/** Between samples in the first second: short programs need more of them. V8 saturates near 110. */
const FINE_INTERVAL = 250;
/** Between samples after it. */
const USUAL_INTERVAL = 1000;
/** How long the fine interval lasts, in microseconds. */
const FINE_TIME = 1e6;
/** The first piece is taken early, because how fast the tree grows is not known before. */
const FIRST_PIECE = 400e3;
/** A pause that we aim at, well below the 50 ms that we promise. */
const PAUSE_GOAL = 25e3;
/** Of the time may go into taking pieces: bounds what the flushes cost where each one is expensive. */
const PAUSE_SHARE = 0.01;
/** Shortest and longest piece: what a SIGKILL can lose. */
const SHORTEST_PIECE = 200e3;
const USUAL_PIECE = 1e6;
const LONGEST_PIECE = 5e6;

/** Samples the calling thread; `interval` of `null` is 250 µs for the first second, then 1 ms. */
exports.startSampler = function startSampler(session, output, interval) {
  const began = now();
  let current = interval === null ? FINE_INTERVAL : interval;
  let pieceStart = 0;
  let cpuStart = null;
  let due = began + FIRST_PIECE;
  let running = false;
  let samples = 0;

  function begin() {
    session.post('Profiler.setSamplingInterval', { interval: current });
    session.post('Profiler.start');
    running = true;
    cpuStart = threadCpu();
    pieceStart = now();
  }

  /** Writes what was sampled; goes on unless `last`. */
  function take(last) {
    if (!running) return;
    const stopped = now();
    const cpu = threadCpu();
    let profile = null;
    running = false;
    session.post('Profiler.stop', (error, result) => {
      if (error === null || error === undefined) profile = result.profile;
    });
    if (profile !== null) {
      samples += profile.samples === undefined ? 0 : profile.samples.length;
      const used = cpu === null || cpuStart === null ? null : cpu - cpuStart;
      output.write(
        `{"type":"piece","interval":${current},"cpu":${used === null ? 'null' : used},"profile":${stringify(profile)}`,
      );
    }
    if (!last && output.open) {
      if (interval === null && stopped - began >= FINE_TIME * 0.9) current = USUAL_INTERVAL;
      begin();
    }
    const pause = now() - stopped;
    if (profile !== null) output.write(`,"pause":${pause}}\n`);
    due = stopped + pieceLength(pause, stopped - pieceStart0, last);
    pieceStart0 = pieceStart;
  }

  let pieceStart0 = began;

  /** The tree grows at most as fast as it did, so a piece in proportion to the last one's pause stays below the goal. */
  function pieceLength(pause, length) {
    const bySize = (length * PAUSE_GOAL) / pause;
    const byShare = pause / PAUSE_SHARE;
    return min(max(min(max(byShare, USUAL_PIECE), bySize), SHORTEST_PIECE), LONGEST_PIECE);
  }

  session.post('Profiler.enable');
  begin();
  pieceStart0 = pieceStart;

  return {
    /** Takes a piece if it is time, or in any case with `force`; returns milliseconds until the next. */
    tick(force) {
      const fine = interval === null && current === FINE_INTERVAL && now() - began >= FINE_TIME;
      if (force || fine || now() >= due) take(false);
      const next = interval === null && current === FINE_INTERVAL ? min(due, began + FINE_TIME) : due;
      return max((next - now()) / 1e3, 20);
    },
    stop() {
      take(true);
    },
    get samples() {
      return samples;
    },
  };
};
