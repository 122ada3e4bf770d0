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
/** Between samples after it; the second where they are dear. */
const USUAL_INTERVAL = 1000;
const SPARING_INTERVAL = 2000;
/**
 * CPU time of V8's thread for a sample, in microseconds: a thousand of them a second are 2 % of a core. On a virtual
 * machine whose core was idle it was 27 to 57, and twice as much where stacks are deep.
 */
const DEAR_SAMPLE = 20;
/** CPU time of a bare wake-up, which each sample is, of as many, each after so many milliseconds. */
const DEAR_WAKE = 10;
const WAKES = 10;
const WAKE_AFTER = 0.1;
/** How long the fine interval lasts, in microseconds. */
const FINE_TIME = 1e6;
/**
 * CPU time of V8's own thread after which it ends before, in microseconds: where stacks are deep and much code is
 * new a sample takes about twice as much.
 */
const FINE_COST = 35e3;
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

/** Samples the calling thread; `interval` of `null` is 250 µs for a second at most, then 1 or 2 ms. */
exports.startSampler = function startSampler(output, interval) {
  const began = now();
  const { form, openPieces } = piecesV8.available ? piecesV8 : require('./pieces-inspector.cjs');
  /** The interval after the fine one, where it has to be known before the first sample. */
  const usual = interval === null && !piecesV8.available ? intervalFor(wakeCost(), DEAR_WAKE) : null;
  let current = interval ?? FINE_INTERVAL;
  const pieces = openPieces(usual === null ? [current] : [current, usual]);
  let isFine = interval === null;
  let samples = 0;
  let nodeCost = NODE_COST;
  let stopped = false;
  pieces.begin();
  const samplingThread = isFine ? youngestTask(SAMPLING_THREAD) : null;
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
    if (isFine) endFine(moment);
    stopped = last || !output.open;
    const profile = stopped ? pieces.last() : pieces.next(current);
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

  /** Ends the fine interval if it is over, or has cost what it may. */
  function endFine(moment) {
    const cost = samplingThread === null ? null : taskCpu(samplingThread);
    const elapsed = moment - began;
    if (cost !== null) fineEnd = min(fineEnd, began + (FINE_COST / cost) * elapsed);
    if (moment < fineEnd) return;
    isFine = false;
    current = usual ?? intervalFor(cost === null ? 0 : (cost / elapsed) * FINE_INTERVAL, DEAR_SAMPLE);
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

function intervalFor(cost, dear) {
  return cost > dear ? SPARING_INTERVAL : USUAL_INTERVAL;
}

/** Microseconds. */
function wakeCost() {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const before = threadCpu();
  for (let at = 0; at < WAKES; at++) wait(word, 0, 0, WAKE_AFTER);
  return (threadCpu() - before) / WAKES;
}
