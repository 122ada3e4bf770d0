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
const { parse, stringify } = JSON;
const { ceil, exp, max, min, sqrt } = Math;
const { profile: beginProfile, profileEnd: endProfile } = globalThis.console;

/** Between samples in the first second: short programs need more of them. V8 saturates near 110. */
const FINE_INTERVAL = 250;
/** Between samples after it, and at most where each one is dear. */
const USUAL_INTERVAL = 1000;
const LONGEST_INTERVAL = 4000;
/** Of a core V8's own thread may take for them; on a virtual machine to be woken a thousand times costs 3 to 6 %. */
const SAMPLING_SHARE = 0.03;
/** How long the fine interval lasts, in microseconds. */
const FINE_TIME = 1e6;
/**
 * CPU time of V8's own thread after which it ends before, in microseconds. To be woken took it 27 to 57 of them on a
 * virtual machine, and about twice as much where stacks are deep and much code is new.
 */
const FINE_COST = 75e3;
/** What V8 calls the thread. */
const SAMPLING_THREAD = 'v8:ProfEvntProc';
/** So long before its end both run side by side, so that what the later one does not know is seen. */
const SIDE_BY_SIDE = 100e3;
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
 * Samples the calling thread; `interval` of `null` is 250 µs for a second at most, then 1 ms.
 * `alone()` says whether the program has an inspector of its own at work.
 */
exports.startSampler = function startSampler(output, interval, alone) {
  const began = now();
  let fine = interval === null ? openSession(FINE_INTERVAL) : null;
  /** The interval cannot change while V8 samples, so the usual one begins before the fine one ends. */
  let usual = interval === null ? null : openSession(interval);
  let number = 0;
  let samples = 0;
  let nodeCost = NODE_COST;
  let stopped = false;
  begin();
  const samplingThread = fine === null ? null : youngestTask(SAMPLING_THREAD);
  let pieceStart = now();
  let cpuStart = threadCpu();
  let due = began + FIRST_PIECE;
  /** So long both run side by side. */
  let together = SIDE_BY_SIDE;
  /** When the usual interval begins, then when the fine one ends. */
  let changeDue = began + FINE_TIME - SIDE_BY_SIDE;

  /** Writes what was sampled; goes on unless `last`. */
  function take(last) {
    if (stopped) return;
    const moment = now();
    const cpu = threadCpu();
    const used = cpu === null || cpuStart === null ? null : cpu - cpuStart;
    stopped = last || !output.open;
    if (usual === null) changeDue = min(changeDue, whenCostly(moment));
    let change = usual !== null && fine !== null && !stopped && moment >= changeDue;
    const opens = usual === null && !stopped && moment >= changeDue;
    if (opens) usual = openSession(affordable(moment));
    if (!stopped) begin();
    // To begin takes a while where there is much code.
    if (opens) changeDue = now() + together;
    end(stopped ? number : number - 1);
    const session = fine === null ? usual : fine;
    const profile = session.taken();
    if (fine !== null && usual !== null) {
      const beside = usual.taken();
      if (change && (beside === null || samplesIn(beside) < TELLING)) {
        // Others had the core: too little was seen to say what the later one does not know.
        change = false;
        together *= 2;
        changeDue = moment + together;
      } else if (change && alone() && profile !== null && hasLost(parse(profile), parse(beside)))
        forgetOptimised(usual);
    }
    if (fine !== null && (stopped || change)) {
      fine.close();
      fine = null;
    }
    if (stopped && usual !== null) usual.close();
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

  /** CPU time that the fine interval has cost so far, 0 where the system does not tell. */
  function fineCost() {
    return (samplingThread === null ? null : taskCpu(samplingThread)) ?? 0;
  }

  /** When it will have cost what it may, and the usual one is to begin beside it. */
  function whenCostly(moment) {
    return began + (FINE_COST / fineCost()) * (moment - began) - SIDE_BY_SIDE;
  }

  /** The usual interval, or so many times it as a sample's cost asks for. */
  function affordable(moment) {
    const each = fineCost() / ((moment - began) / FINE_INTERVAL);
    const times = max(ceil(each / (USUAL_INTERVAL * SAMPLING_SHARE)), 1);
    return min(times * USUAL_INTERVAL, LONGEST_INTERVAL);
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
    return min(due, changeDue);
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

/** What only the profile from the start has may be this share of the samples beyond chance, or the other one is blind. */
const SEEN_SHARE = 0.01;
/** So many samples tell whether a profile is blind. */
const TELLING = 30;
/** Standard deviations that chance is given. */
const SURE = 3;

/**
 * Whether the profile that began late misses functions that the one from the start has. A function with few
 * samples may be missing by chance: with `n` in the one and a rate of `r` in the other, in exp(-rn) of cases.
 */
function hasLost(whole, late) {
  const place = ({ callFrame: { scriptId, lineNumber, columnNumber, functionName } }) =>
    `${scriptId}:${lineNumber}:${columnNumber}:${functionName}`;
  const known = new Set(late.nodes.map(place));
  const hits = new Map();
  for (const node of whole.nodes) {
    if (node.hitCount === 0 || node.callFrame.scriptId === '0') continue;
    hits.set(place(node), (hits.get(place(node)) ?? 0) + node.hitCount);
  }
  const rate = late.samples.length / whole.samples.length;
  let lost = 0;
  let expected = 0;
  let variance = 0;
  for (const [name, count] of hits) {
    if (!known.has(name)) lost += count;
    const chance = exp(-rate * count);
    expected += count * chance;
    variance += count * count * chance * (1 - chance);
  }
  return lost > whole.samples.length * SEEN_SHARE + expected + SURE * sqrt(variance);
}

/**
 * A session that begins late does not know code that was optimised while it ran: a loop that goes on. Turning
 * on precise coverage makes V8 throw optimised code away, and what it compiles again has a name. Large
 * programs would pay a tenth of their time for it, so it is done only where something is missing.
 */
function forgetOptimised(session) {
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  session.post('Profiler.stopPreciseCoverage');
}
