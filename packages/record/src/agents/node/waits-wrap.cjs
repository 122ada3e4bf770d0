'use strict';

// How functions of Node's are wrapped without the program's seeing it.
//
// Proxies keep name, length, `this`, properties (`util.promisify.custom`) and `instanceof`; only the call is ours.

const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { then } = Promise.prototype;

/** Puts a proxy in the place of `object[key]`; false where the property is absent or may not be changed. */
exports.wrap = function wrap(object, key, handler) {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined || typeof descriptor.value !== 'function') return false;
  if (!descriptor.configurable && !descriptor.writable) return false;
  return defineProperty(object, key, { ...descriptor, value: new Proxy(descriptor.value, handler) });
};

/** The promise as the user would get it, ending the operation when it settles. */
exports.awaited = function awaited(promise, ledger, operation, { agentFolder }, onValue) {
  return apply(then, promise, [
    (value) => {
      ledger.end(operation);
      if (onValue !== undefined) onValue(value);
      return value;
    },
    (error) => {
      ledger.end(operation);
      withoutOurFrames(error, agentFolder);
      throw error;
    },
  ]);
};

/** Takes our frames out of the stack of an error that was made while a function of ours was on it. */
function withoutOurFrames(error, agentFolder) {
  try {
    // What the system reports is made without the caller on the stack; formatting its stack is not for us to bring about.
    if (typeof error !== 'object' || error === null || error.syscall !== undefined || !(error instanceof Error)) return;
    const { stack } = error;
    if (typeof stack !== 'string' || !stack.includes(agentFolder)) return;
    error.stack = stack
      .split('\n')
      .filter((line) => !line.includes(agentFolder) || !/^\s+at /.test(line))
      .join('\n');
  } catch {
    // A frozen error, or one with a stack of its own, stays as it is.
  }
}
exports.withoutOurFrames = withoutOurFrames;

/** A function that lets `before` run whenever it is called, without a frame of ours on the stack of its body. */
exports.announced = function announced(target, before) {
  return new Proxy(target, {
    get apply() {
      before();
      return undefined;
    },
  });
};

/** An own, hidden `emit` that lets `before` run ahead of each event of the emitter's. */
exports.onEvents = function onEvents(emitter, before) {
  const { emit } = emitter;
  if (typeof emit !== 'function') return;
  defineProperty(emitter, 'emit', {
    value: exports.announced(emit, before),
    writable: true,
    configurable: true,
    enumerable: false,
  });
};
