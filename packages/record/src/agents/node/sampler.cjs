'use strict';
// Takes the profile in pieces, each so small that the program never stands still for long.
//
// `Profiler.stop` makes V8 forget which code lies where, and a new start does not find code that was
// optimised while it ran: a loop that goes on would lose its name. It also costs tens of milliseconds. So
// each piece begins before the one before it ends: V8 then goes on sampling without a break.

const { now, taskCpu, threadCpu, youngestTask } = require('./clock.cjs');
const piecesV8 = require('./pieces-v8.cjs');
const { wait } = Atomics;
const { max, min } = Math;

/** Between samples in the first second: short programs need more of them. V8 saturates near 110. */
const FINE_INTERVAL = 250;
/** Between samples after it: so many that V8's thread takes at most a share of a core for them. */
const USUAL_INTERVALS = [1000, 2000, 4000, 8000];
/**
 * On a virtual machine whose core was idle a sample took 27 to 57 microseconds of it, and 140 in a compiler; of the
 * program's own thread 24.
 */
const SAMPLING_SHARE = 0.01;
/** Where the interval cannot change later a bare wake-up, which each sample is, stands for it, and this is the longest. */
const LONGEST_FIXED = 4000;
/** So many wake-ups are measured, each after so many milliseconds. */
const WAKES = 10;
const WAKE_AFTER = 0.1;
/** How long the fine interval lasts, in microseconds. */
const FINE_TIME = 1e6;
/**
 * CPU time of V8's own thread after which it ends before, in microseconds: enough for 140 samples of the dearest.
 */
const FINE_COST = 20e3;
/** What V8 calls the thread. */
const SAMPLING_THREAD = 'v8:ProfEvntProc';
/** The first piece is taken early, because how fast the tree grows is not known before. */
const FIRST_PIECE = 150e3;
/** A pause that we aim at, well below the 50 ms that we promise. */
const PAUSE_GOAL = 15e3;
/** For one node of the tree, before it is known better, in microseconds; pieces that tell have so many. */
const NODE_COST = 8;
const MANY_NODES = 300;
/** Of the time may go into taking pieces: bounds what they cost where each one is expensive. */
const PAUSE_SHARE = 0.005;
/** Shortest, usual and longest piece: what a SIGKILL can lose. */
const SHORTEST_PIECE = 100e3;
const USUAL_PIECE = 1e6;
const LONGEST_PIECE = 5e6;

/** Samples the calling thread; `interval` of `null` is 250 µs for a second at most, then 1 to 8 ms. */
exports.startSampler = function startSampler(output, interval) {
  const began = now();
  const { form, openPieces } = piecesV8.available ? piecesV8 : require('./pieces-inspector.cjs');
  const adapts = interval === null && piecesV8.available;
  /** What follows the fine interval, where that has to be known before the first sample. */
  const usual = interval === null && !adapts ? intervalByWakes() : null;
  let current = interval ?? FINE_INTERVAL;
  const pieces = openPieces(usual === null ? [current] : [current, usual]);
  let isFine = interval === null;
  let samples = 0;
  let nodeCost = NODE_COST;
  let stopped = false;
  pieces.begin();
  let samplingThread = isFine ? youngestTask(SAMPLING_THREAD) : null;
  let costStart = 0;
  let pieceStart = now();
  let cpuStart = threadCpu();
  let due = began + FIRST_PIECE;
  let fineEnd = began + FINE_TIME;

  /** Writes what was sampled; goes on unless `last`. */
  function take(last) {
    if (stopped) return;
    const moment = now();
    const cpu = threadCpu();
    const used = cpu === null || cpuStart === null ? null : cpu - cpuStart;
    const before = current;
    current = intervalAt(moment);
    stopped = last || !output.open;
    const profile = stopped ? pieces.last() : pieces.next(current);
    // V8 changes the interval by a new thread.
    if (adapts && current !== before) {
      samplingThread = youngestTask(SAMPLING_THREAD);
      costStart = 0;
    }
    cpuStart = threadCpu();
    if (profile === null) return;
    const head = `{"type":"piece","taken":${moment},"interval":${before},"cpu":${used === null ? 'null' : used}`;
    output.write(`${head},"${form}":`);
    output.write(profile);
    samples += samplesIn(profile);
    if (!stopped) output.count(samples);
    const pause = now() - moment;
    output.write(`,"pause":${pause}}\n`);
    // The next piece has begun already, and holds this pause; what the program does in it begins now.
    const length = pieceLength(pause, nodesIn(profile), moment - pieceStart);
    pieceStart = now();
    due = pieceStart + length;
  }

  /** The interval from here on. */
  function intervalAt(moment) {
    const cost = samplingThread === null ? 0 : (taskCpu(samplingThread) ?? 0);
    const each = (cost - costStart) / ((moment - pieceStart) / current);
    costStart = cost;
    if (isFine) {
      fineEnd = min(fineEnd, began + (FINE_COST / cost) * (moment - began));
      if (moment < fineEnd) return current;
      isFine = false;
      if (!adapts) return usual;
    }
    if (!adapts) return current;
    return intervalFor(each);
  }

  /**
   * The tree grows at most as fast as it did, so a piece in proportion to the last one's nodes stays below the
   * goal. What a node costs is the least that was seen: a pause in which others had the core says nothing.
   */
  function pieceLength(pause, nodes, length) {
    if (nodes >= MANY_NODES) nodeCost = min(nodeCost, pause / nodes);
    const cost = nodes * nodeCost;
    const bySize = (length * PAUSE_GOAL) / cost;
    const byShare = cost / PAUSE_SHARE;
    return min(max(min(max(byShare, USUAL_PIECE), bySize), SHORTEST_PIECE), LONGEST_PIECE);
  }

  return {
    /** Takes a piece if it is time; returns milliseconds until the next. */
    tick() {
      if (now() >= next()) take(false);
      return max((next() - now()) / 1e3, 10);
    },
    stop() {
      take(true);
    },
  };

  function next() {
    return isFine ? min(due, fineEnd) : due;
  }
};

function nodesIn(profile) {
  let count = 0;
  for (let at = profile.indexOf(callFrame); at >= 0; at = profile.indexOf(callFrame, at + 1)) count++;
  return count;
}
const callFrame = '"callFrame":';

function samplesIn(profile) {
  const begin = profile.indexOf('"samples":[');
  if (begin < 0) return 0;
  let count = 0;
  const end = profile.indexOf(']', begin);
  for (let at = begin; at >= 0 && at < end; at = profile.indexOf(',', at + 1)) count++;
  return count;
}

/** The shortest in which a sample of so many microseconds keeps within its share. */
function intervalFor(sample) {
  return USUAL_INTERVALS.find((each) => sample <= each * SAMPLING_SHARE) ?? USUAL_INTERVALS.at(-1);
}

function intervalByWakes() {
  const word = new Int32Array(new SharedArrayBuffer(4));
  // The first of all also makes what it needs.
  wait(word, 0, 0, WAKE_AFTER);
  const before = threadCpu();
  for (let at = 0; at < WAKES; at++) wait(word, 0, 0, WAKE_AFTER);
  return min(intervalFor((threadCpu() - before) / WAKES), LONGEST_FIXED);
}
