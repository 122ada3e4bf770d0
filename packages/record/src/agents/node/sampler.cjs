'use strict';
// Takes the profile in pieces, each so small that the program never stands still for long.
//
// `Profiler.stop` makes V8 forget which code lies where, and a new start does not find code that was
// optimised while it ran: a loop that goes on would lose its name. It also costs tens of milliseconds. So
// each piece begins before the one before it ends, which only `console.profile` can do: V8 then goes on
// sampling without a break.

const { Session } = require('node:inspector');
/** The program's own sessions are noticed by a wrapper around this method; ours are not the program's. */
const { connect } = Session.prototype;
const { now, taskCpu, threadCpu, youngestTask } = require('./clock.cjs');
const { binding } = require('./waits-binding.cjs');
const { stringify } = JSON;
const { wait } = Atomics;
const { max, min } = Math;
const { profile: beginProfile, profileEnd: endProfile } = globalThis.console;

/** Between samples in the first second: short programs need more of them. V8 saturates near 110. */
const FINE_INTERVAL = 250;
/** Between samples after it; the second where to wake a thread takes longer than {@link DEAR_WAKE}. */
const USUAL_INTERVAL = 1000;
const SPARING_INTERVAL = 2000;
/**
 * CPU time of one wake-up, in microseconds. On a virtual machine whose core was idle it was 17 to 35, and V8's thread,
 * with the sample, took 27 to 57: a thousand times a second that is 3 to 6 % of a core.
 */
const DEAR_WAKE = 10;
/** So many are measured, each after so many milliseconds. */
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

/**
 * Samples the calling thread; `interval` of `null` is 250 µs for a second at most, then 1 or 2 ms.
 *
 * The interval cannot change while V8 samples, and what begins late does not know the code that was optimised before.
 * So both begin together, and the fine one is what counts until it ends.
 */
exports.startSampler = function startSampler(output, interval) {
  const began = now();
  const usual = openSession(interval ?? (wakesAreDear() ? SPARING_INTERVAL : USUAL_INTERVAL));
  let fine = interval === null ? openSession(FINE_INTERVAL) : null;
  let number = 0;
  let samples = 0;
  let nodeCost = NODE_COST;
  let stopped = false;
  begin();
  const samplingThread = fine === null ? null : youngestTask(SAMPLING_THREAD);
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
    stopped = last || !output.open;
    if (!stopped) begin();
    end(stopped ? number : number - 1);
    const session = fine ?? usual;
    const profile = session.taken();
    if (fine !== null) {
      usual.taken();
      fineEnd = min(fineEnd, whenCostly(moment));
      if (stopped || moment >= fineEnd) {
        fine.close();
        fine = null;
      }
    }
    if (stopped) usual.close();
    cpuStart = threadCpu();
    if (profile === null) return;
    const head = `{"type":"piece","interval":${session.interval},"cpu":${used === null ? 'null' : used}`;
    output.write(`${head},"profile":`);
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

  /** When the fine interval will have cost what it may. */
  function whenCostly(moment) {
    const cost = samplingThread === null ? null : taskCpu(samplingThread);
    return cost === null ? Infinity : began + (FINE_COST / cost) * (moment - began);
  }

  function begin() {
    number++;
    beginProfile(`whetstone ${number}`);
  }

  function end(which) {
    endProfile(`whetstone ${which}`);
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
    if (fine === null) return due;
    return min(due, fineEnd);
  }
};

/** A session whose profiler follows `console.profile`. */
function openSession(interval) {
  let profile = null;
  const { post, close } = connectTo((message) => {
    if (!message.startsWith('{"method":"Profiler.consoleProfileFinished"')) return;
    const end = message.lastIndexOf(',"title":"whetstone ');
    if (end >= 0) profile = message.slice(message.indexOf('"profile":') + '"profile":'.length, end);
  });
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval });
  return {
    interval,
    post,
    close,
    /** The text of the piece that has ended, once. */
    taken() {
      const result = profile;
      profile = null;
      return result;
    },
  };
}

/**
 * A connection to the inspector that hears messages as text: Node's session makes objects of them, and we would
 * make text of those again, which takes longer than V8 needs for the profile.
 */
function connectTo(heard) {
  const Connection = binding('inspector')?.Connection;
  if (typeof Connection === 'function') {
    const connection = new Connection(heard);
    let id = 0;
    return {
      post: (method, params) => connection.dispatch(stringify({ id: ++id, method, params })),
      close: () => connection.disconnect(),
    };
  }
  const session = new Session();
  connect.call(session);
  session.on('inspectorNotification', (message) => heard(stringify(message)));
  return { post: (method, params) => session.post(method, params), close: () => session.disconnect() };
}

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

/** Whether to wake a thread takes long here: each sample is such a wake-up. */
function wakesAreDear() {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const before = threadCpu();
  for (let at = 0; at < WAKES; at++) wait(word, 0, 0, WAKE_AFTER);
  return threadCpu() - before > WAKES * DEAR_WAKE;
}
