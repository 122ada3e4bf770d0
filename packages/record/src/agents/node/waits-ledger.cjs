'use strict';

// What waits, since when, and which sleep of the event loop each wait explains.
//
// A stretch of sleep is charged to the operation whose end is the first thing we hear of after it: that is what
// the loop was woken by. No stretch is charged twice, and none to an operation that began after it.

const { createSleep } = require('./waits-sleep.cjs');

const { max } = Math;

// Waits from here on are rows of their own (up to `mostRows` a site); shorter ones of one site and target are added up.
const longWait = 1_000;
const mostRows = 2_000;
// Different targets of one site that are told apart between two flushes.
const mostTargets = 64;
// A wait that is charged with all of its time slept in a call. A loop that slept had to wake up, which takes longer than this.
const wakingUp = 1;
// Of a sleep, at most so much goes to the samples that interrupt it: about 20 µs each, one in 250 µs.
const samplesShare = 0.1;
// Pending waits that are written before they have ended, so that a killed program's report has them.
const worthTelling = 100_000;

/** A wait under way. It is also a proxy's handler: reading its trap `apply` tells that a callback is about to run. */
class Operation {
  constructor(ledger, site, target, start, weight) {
    this.ledger = ledger;
    this.site = site;
    this.target = target;
    this.start = start;
    // For how many it stands, where only one of so many is followed.
    this.weight = weight;
    // Told already by flushes, of a long wait: microseconds, charged microseconds, and whether it was counted.
    this.told = 0;
    this.charged = 0;
    this.toldCharged = 0;
    this.counted = false;
    this.pending = true;
    // Returns true once the wait was given up, where nobody tells us.
    this.abandoned = undefined;
    this.subject = undefined;
    this.previous = undefined;
    this.next = undefined;
  }

  // Proxies without a trap call their target directly, so no frame of ours is on the stack of the user's callback.
  get apply() {
    this.ledger.end(this);
    return undefined;
  }
}
Object.setPrototypeOf(Operation.prototype, null);

exports.createLedger = function createLedger({ clock, sites, record }) {
  const { now } = clock;
  const sleep = createSleep(clock);
  // Pending operations in the order of their beginning, as a ring through `head`.
  const head = { previous: undefined, next: undefined };
  head.previous = head.next = head;
  let rows = emptyRows();
  let targets = new Map();
  let sums = [];
  const listeners = new Set();

  const ledger = {
    /** How often was written: more and less than once a second. */
    flushes: 0,

    /** How many requests are under way. */
    requests: 0,

    /** Begins a wait at a site; `weight` is for how many of its kind it stands. */
    begin(site, target, weight = 1) {
      const operation = new Operation(ledger, site, target, now(), weight);
      const last = head.previous;
      operation.previous = last;
      operation.next = head;
      last.next = operation;
      head.previous = operation;
      if (site.isRequest) ledger.requests++;
      return operation;
    },

    /** Ends it; the sleep that ended just now is charged to it. A second end does nothing. */
    end(operation) {
      if (!operation.pending) return;
      remove(operation);
      // Runs ahead of the program's own callbacks, which must come whatever the program has done to `Map`.
      try {
        const moment = now();
        const charged = operation.charged + sleep.claim(operation.start, moment);
        tell(operation.site, operation.target, operation.start, moment - operation.start, charged, operation);
      } catch {}
    },

    /** A part of what it waits for came: the sleep that ended just now is charged to it. */
    step(operation) {
      if (!operation.pending) return;
      operation.charged += sleep.claim(operation.start, now());
    },

    /** Something ended the sleep that is no answer: it is charged to the request that began last. */
    beside() {
      let operation = head.previous;
      while (operation !== head && !operation.site.isRequest) operation = operation.previous;
      if (operation !== head) ledger.step(operation);
    },

    /** Ends a wait that slept without the event loop's knowing: all of its time is sleep. */
    endSync(operation) {
      if (!operation.pending) return;
      remove(operation);
      const moment = now();
      const duration = moment - operation.start;
      // A flush may come in the middle of the call.
      const rest = duration - operation.toldCharged;
      sleep.spend(rest - operation.charged, moment);
      tell(operation.site, operation.target, operation.start, duration, rest, operation);
    },

    /** Forgets a wait that never was one. */
    drop(operation) {
      if (operation.pending) remove(operation);
    },

    /** Begins to listen for what may come any number of times; `gone` tells when it no longer can. */
    listen(site, target, gone) {
      const listener = { site, target, since: now(), gone };
      listeners.add(listener);
      return listener;
    },

    /** Something came for a listener: the sleep that it ended is a wait of the listener's, if it counts. */
    arrived({ site, target, since }, counts = 1) {
      const moment = now();
      const stretch = moment - max(since, sleep.heard);
      const charged = sleep.claim(since, moment);
      if (charged < 1) return;
      // Where it slept for a core it would have come later too: of the queueing it has the share that it has of the rest.
      const rest = max(stretch - sleep.queued, charged);
      // Each sample wakes the thread for a moment; what it computes there is ours and not the program's.
      const share = charged >= rest * (1 - samplesShare) ? 1 : charged / rest;
      const duration = max(stretch * share, charged + wakingUp);
      tell(site, target, moment - duration, duration, charged, null, counts);
    },

    /** Writes what has ended. */
    flush() {
      ledger.flushes++;
      tellPending(false);
      write();
    },

    /** Writes what has ended, and what has not and never will. */
    stop() {
      tellPending(true);
      write();
    },
  };
  return ledger;

  function tell(site, target, start, duration, charged, operation, counts = 1) {
    const told = operation === null ? 0 : operation.told;
    const weight = operation === null ? 1 : operation.weight;
    const count = operation !== null && operation.counted ? 0 : counts * weight;
    if (duration >= longWait && site.rows < mostRows && weight === 1) {
      site.rows++;
      push(site.id, target, start + told, duration - told, charged, count, duration);
      return;
    }
    const sum = site.sum !== undefined && site.target === target ? site.sum : sumOf(site, target, start);
    sum.duration += (duration - told) * weight;
    sum.charged += charged;
    sum.count += count;
    if (duration > sum.longest) sum.longest = duration;
  }

  function sumOf(site, target, start) {
    site.sums ??= new Map();
    let sum = site.sums.get(target);
    if (sum === undefined) {
      if (site.sums.size >= mostTargets) {
        target = undefined;
        sum = site.sums.get(target);
      }
      if (sum === undefined) {
        sum = { site, target, start, duration: 0, charged: 0, count: 0, longest: 0 };
        site.sums.set(target, sum);
        sums.push(sum);
      }
    }
    site.target = target;
    site.sum = sum;
    return sum;
  }

  /** A long wait is told piece by piece; its pieces have one start after the other, and only the first counts. */
  function tellPending(final) {
    const moment = now();
    let last = null;
    let several = false;
    for (let operation = head.next; operation !== head;) {
      const { next } = operation;
      if (operation.abandoned !== undefined && operation.abandoned(operation)) remove(operation);
      else {
        several = last !== null;
        // A timer beside another wait is there to end it if it takes too long.
        if (last === null || operation.site.kind !== 'timer' || last.site.kind === 'timer') last = operation;
      }
      operation = next;
    }
    // What sleep there is belongs to the one wait there is. Of several it is for the first to end; at the end of all
    // it goes to the one that began last.
    several ||= last !== null && listensFor() > 0;
    if (last === null) listening(moment, final);
    else if (final || !several) last.charged += sleep.claim(last.start, moment);
    for (let operation = head.next; operation !== head; operation = operation.next) {
      const duration = moment - operation.start;
      if (!final && duration < worthTelling) continue;
      tell(operation.site, operation.target, operation.start, duration, operation.charged, operation);
      operation.told = duration;
      operation.toldCharged += operation.charged;
      operation.charged = 0;
      operation.counted = true;
    }
  }

  /** How many listeners there still are. */
  function listensFor() {
    for (const listener of listeners) if (listener.gone()) listeners.delete(listener);
    return listeners.size;
  }

  /** Sleep while nothing but listeners waits. */
  function listening(moment, final) {
    const count = listensFor();
    const last = [...listeners].at(-1);
    if (last === undefined || (count > 1 && !final)) return;
    const charged = sleep.claim(last.since, moment);
    // Nothing has come yet: it will count then, or never.
    if (charged >= 1)
      tell(last.site, last.target, moment - charged - wakingUp, charged + wakingUp, charged, null, 0);
  }

  function push(site, target, start, duration, charged, count, longest) {
    let index = -1;
    if (target !== undefined) {
      index = targets.get(target);
      if (index === undefined) {
        index = targets.size;
        targets.set(target, index);
      }
    }
    rows.site.push(site);
    rows.target.push(index);
    rows.start.push(round(start));
    rows.duration.push(round(duration));
    rows.charged.push(round(charged));
    rows.count.push(count);
    rows.longest.push(round(longest));
  }

  function write() {
    for (const { site, target, start, duration, charged, count, longest } of sums) {
      push(site.id, target, start, duration, charged, count, longest);
      site.sums = site.sum = site.target = undefined;
    }
    sums = [];
    const fresh = sites.take();
    if (fresh.length > 0) record({ type: 'sites', sites: fresh });
    if (rows.site.length > 0) record({ type: 'waits', ...rows, targets: [...targets.keys()] });
    rows = emptyRows();
    targets = new Map();
  }
};

function emptyRows() {
  return { site: [], target: [], start: [], duration: [], charged: [], count: [], longest: [] };
}

function round(microseconds) {
  return Math.round(microseconds * 10) / 10;
}

/** Takes an operation out of the ring. */
function remove(operation) {
  if (operation.site.isRequest) operation.ledger.requests--;
  operation.pending = false;
  operation.previous.next = operation.next;
  operation.next.previous = operation.previous;
  operation.previous = operation.next = undefined;
}
