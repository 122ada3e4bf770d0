'use strict';
/* oxlint-disable no-underscore-dangle -- the names of timers' own properties are Node's */

// setTimeout, setInterval and their promises: the time until they fire.

const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { inspect } = require('node:util');
const { wrap, around, promised, cover } = require('./waits-wrap.cjs');

const { apply, construct, defineProperty, getOwnPropertyDescriptor } = Reflect;

/** To look for the place that starts a timer takes about 8 µs: so many between two flushes, a second apart, are 2 %. */
const allFollowed = 2_000;
/** Of more than that, one in so many. */
const oneIn = 16;

function asGiven(timer) {
  return timer;
}
/** Keeps the operation inside the timer, where nobody sees it: a map beside it would cost the collector dear. */
class Mark extends asGiven {
  #operation;
  constructor(timer, operation) {
    super(timer);
    this.#operation = operation;
  }
  static get(timer) {
    return #operation in timer ? timer.#operation : undefined;
  }
  static set(timer, operation) {
    if (#operation in timer) timer.#operation = operation;
    else construct(Mark, [timer, operation]);
  }
}

exports.install = function install(ctx) {
  const { sites, ledger, note } = ctx;
  let round = 0;
  let count = 0;
  let told = false;

  /** For how many the timer that starts now stands; 0 for one that is not followed. */
  function weightOfNext() {
    if (ledger.flushes !== round) {
      round = ledger.flushes;
      count = 0;
    }
    count++;
    if (count <= allFollowed) return 1;
    if (!told) {
      told = true;
      note(
        'timers-sampled',
        `The program started so many timers that of some only one in ${oneIn} was followed: their counts and times are estimates.`,
      );
    }
    return count % oneIn === 0 ? oneIn : 0;
  }

  // Node reads `_timerArgs` right before it calls the callback. Told by that, the callback itself stays as it is,
  // and with it the stack it runs on (`at Timeout._onTimeout`).
  const heard = {
    get() {
      const operation = Mark.get(this);
      if (operation !== undefined) fired(this, operation);
      return undefined;
    },
    set(value) {
      defineProperty(this, '_timerArgs', { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: true,
    configurable: true,
  };

  function fired(timer, operation) {
    // While a request is under way, a spinner or a watch over it is not what the program waits for.
    if (ledger.requests > 0 && (timer._repeat || !apply(hasRef, timer, []))) ledger.beside();
    if (operation.pending) ledger.end(operation);
    // Once more, after `refresh`: only the sleep is known.
    else ledger.arrived({ site: operation.site, target: operation.target, since: operation.start });
    if (timer._repeat) {
      const next = ledger.begin(operation.site, operation.target, operation.weight);
      next.subject = timer;
      next.abandoned = isOver;
      Mark.set(timer, next);
    }
  }

  function timed(call) {
    let weight = 0;
    return around(
      (below) => {
        const next = weightOfNext();
        if (next === 0) return null;
        const site = sites.find(below, call, 'timer');
        weight = next;
        return site;
      },
      (site, timer) => {
        follow(site, timer, weight);
        return timer;
      },
      () => {},
    );
  }

  function follow(site, timer, weight) {
    const given =
      typeof timer === 'object' && timer !== null ? getOwnPropertyDescriptor(timer, '_timerArgs') : undefined;
    if (given === undefined || !given.configurable) return;
    const operation = ledger.begin(site, delayText(timer._idleTimeout), weight);
    operation.subject = timer;
    operation.abandoned = isOver;
    Mark.set(timer, operation);
    const { value } = given;
    const get = value === undefined ? heard.get : () => (apply(heard.get, timer, []), value);
    defineProperty(timer, '_timerArgs', value === undefined ? heard : { ...heard, get });
  }

  for (const call of ['setTimeout', 'setInterval']) {
    const original = timers[call];
    if (!wrap(timers, call, timed(call))) continue;
    // One and the same function, as in Node.
    const descriptor = getOwnPropertyDescriptor(globalThis, call);
    if (descriptor?.value === original)
      defineProperty(globalThis, call, { ...descriptor, value: timers[call] });
  }

  // A printed timer looks as it always does.
  const anyTimer = timers.setTimeout(() => {}, 1);
  clearTimeout(anyTimer);
  const { prototype } = anyTimer.constructor;
  const { hasRef } = prototype;
  wrap(prototype, inspect.custom, {
    apply(target, self, args) {
      const accessor = getOwnPropertyDescriptor(self, '_timerArgs');
      if (accessor?.get === undefined) return apply(target, self, args);
      const operation = Mark.get(self);
      Mark.set(self, undefined);
      const value = self._timerArgs;
      defineProperty(self, '_timerArgs', { value, writable: true, enumerable: true, configurable: true });
      try {
        return apply(target, self, args);
      } finally {
        defineProperty(self, '_timerArgs', accessor);
        Mark.set(self, operation);
      }
    },
  });

  function delayed(call) {
    return promised(ledger, (below, self, args) => {
      const weight = weightOfNext();
      const site = weight === 0 ? null : sites.find(below, call, 'timer');
      return site === null ? null : ledger.begin(site, `${args[0] ?? 1} ms`, weight);
    });
  }
  wrap(timersPromises, 'setTimeout', delayed('timers.promises.setTimeout'));
  const { scheduler } = timersPromises;
  if (scheduler) wrap(Object.getPrototypeOf(scheduler), 'wait', delayed('scheduler.wait'));

  const repeated = around(
    (below) => sites.find(below, 'timers.promises.setInterval', 'timer'),
    (site, iterator, self, args) => {
      const step = promised(ledger, () => ledger.begin(site, `${args[0] ?? 1} ms`));
      cover(iterator, 'next', new Proxy(iterator.next, step));
      return iterator;
    },
    () => {},
  );
  wrap(timersPromises, 'setInterval', repeated);
};

function isOver({ subject: timer }) {
  return timer._destroyed || timer._idleTimeout === -1;
}

let lastDelay;
let lastText;
/** Most timers of a program have one delay: its text is made once. */
function delayText(delay) {
  if (delay !== lastDelay) {
    lastDelay = delay;
    lastText = `${delay} ms`;
  }
  return lastText;
}
