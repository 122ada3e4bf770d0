'use strict';

// How long this thread slept before something came.
//
// The event loop counts its sleep, but on Linux each sample of the profiler interrupts that sleep, and the loop then
// forgets what went before. So stretches that may hold a sample are told by the kernel: time − computing − queueing.

const { closeSync, openSync, readSync } = require('node:fs');

const { apply } = Reflect;
const { toString } = Buffer.prototype;

// Shorter stretches lose little to samples, and asking the kernel costs about as much as a short wait itself.
const worthAsking = 1_000;

/** Charges sleep to those who ask for it, each stretch once. */
exports.createSleep = function createSleep({ now, idle }) {
  const kernel = kernelFigures();
  let lastTime = now();
  let lastIdle = idle();
  // What the kernel said the last time, and what has been charged since.
  let lastAsleep = kernel === undefined ? 0 : lastTime - kernel.computed - kernel.queued;
  let lastQueued = kernel?.queued;
  let charged = 0;

  return {
    /** When we last heard of anything. */
    get heard() {
      return lastTime;
    },

    /** How long the thread waited for a core in the stretch that was last asked for, as far as the kernel tells. */
    queued: 0,

    /** The sleep that ended just now, as far as nobody was charged with it and it began after `since`. */
    claim(since, moment) {
      const stretch = moment - Math.max(since, lastTime);
      const total = idle();
      let slept = total - lastIdle;
      lastIdle = total;
      lastTime = moment;
      this.queued = 0;
      if (kernel !== undefined && stretch >= worthAsking) {
        kernel.read();
        this.queued = kernel.queued - lastQueued;
        lastQueued = kernel.queued;
        const asleep = moment - kernel.computed - kernel.queued;
        slept = asleep - lastAsleep - charged;
        // Computing is told to the kernel's tick: what was charged too early is taken from the next.
        if (slept > 0) {
          lastAsleep = asleep;
          charged = 0;
          return Math.min(slept, stretch);
        }
        return 0;
      }
      slept = Math.max(0, Math.min(slept, stretch));
      charged += slept;
      return slept;
    },

    /** A call slept for so long, without the event loop. */
    spend(duration, moment) {
      charged += duration;
      lastTime = moment;
    },
  };
};

/** Microseconds that this thread has computed, and waited for a core; `undefined` where the kernel does not tell. */
function kernelFigures() {
  if (process.platform !== 'linux') return undefined;
  let file;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
    const buffer = Buffer.alloc(64);
    const figures = {
      computed: 0,
      queued: 0,
      read() {
        const length = readSync(file, buffer, 0, 64, 0);
        const text = apply(toString, buffer, ['latin1', 0, length]);
        const blank = text.indexOf(' ');
        // Nanoseconds on a core, nanoseconds in its queue, turns.
        figures.computed = Number(text.slice(0, blank)) / 1e3;
        figures.queued = Number.parseInt(text.slice(blank + 1), 10) / 1e3;
      },
    };
    figures.read();
    if (figures.computed > 0) return figures;
  } catch {
    // No such file, or no permission to read it.
  }
  if (file !== undefined) closeSync(file);
  return undefined;
}
