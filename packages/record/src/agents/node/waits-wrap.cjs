'use strict';

// How functions of Node's are wrapped without the program's seeing it.
//
// Proxies keep name, length, `this`, properties (`util.promisify.custom`) and `instanceof`; only the call is ours.

const {
  apply,
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  ownKeys,
  setPrototypeOf,
} = Reflect;
const { then } = Promise.prototype;
const TheError = Error;

// From this version on, Node prints a proxy as one: a function has to stand in its place.
const proxiesShow = Number(process.versions.node.split('.')[0]) >= 25;

/** Puts ours in the place of `object[key]`; false where the property is absent or may not be changed. */
exports.wrap = function wrap(object, key, handler) {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined || typeof descriptor.value !== 'function') return false;
  if (!descriptor.configurable && !descriptor.writable) return false;
  return defineProperty(object, key, { ...descriptor, value: standIn(descriptor.value, handler) });
};

/** The same for a property that is read by a function. */
exports.wrapGetter = function wrapGetter(object, key, handler) {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (typeof descriptor?.get !== 'function' || !descriptor.configurable) return false;
  return defineProperty(object, key, { ...descriptor, get: standIn(descriptor.get, handler) });
};

function standIn(target, handler) {
  return proxiesShow ? twin(target, handler) : new Proxy(target, handler);
}
exports.standIn = standIn;

/** A function that looks like `target`: its name, length, and whatever else it owns. */
function twin(target, handler) {
  const { [target.name]: shown } = {
    [target.name](...args) {
      return handler.apply(target, this, args, shown);
    },
  };
  for (const key of ownKeys(shown)) deleteProperty(shown, key);
  for (const key of ownKeys(target)) defineProperty(shown, key, getOwnPropertyDescriptor(target, key));
  setPrototypeOf(shown, getPrototypeOf(target));
  return shown;
}

// Of ours on the stack of a wrapped function.
const frames = proxiesShow ? 2 : 1;

/**
 * A handler of calls: `begin(below, self, args)` says what is waited for, or `null`, and may change the arguments;
 * `finish(operation, result, self, args)` gives the result; `drop(operation)` hears of a call that threw.
 *
 * The stacks that the wrapped function makes are longer by our frames while it runs, so that none of the program's
 * own is missing when ours are left out.
 */
exports.around = function around(begin, finish, drop) {
  const handler = {
    apply(target, self, args, below = handler.apply) {
      let operation = null;
      try {
        operation = begin(below, self, args);
      } catch {
        // A program may have changed what we call, or be at the end of its stack: its call is made all the same.
      }
      const limit = TheError.stackTraceLimit;
      const longer = typeof limit === 'number' && limit > 0 && setLimit(limit + frames);
      let done = false;
      let result;
      // `finally` keeps the place that Node names for an uncaught error; `catch` would put ours in its stead.
      try {
        result = apply(target, self, args);
        done = true;
      } finally {
        if (longer && TheError.stackTraceLimit === limit + frames) setLimit(limit);
        if (!done && operation !== null) drop(operation);
      }
      if (operation === null) return result;
      try {
        return finish(operation, result, self, args);
      } catch {
        return result;
      }
    },
  };
  return handler;
};

/** A handler that looks at each call before it is made, and waits for nothing. */
exports.watched = function watched(look) {
  return exports.around((below, self, args) => {
    look(below, self, args);
    return null;
  });
};

/** A handler of calls that give a promise: `begin` as in `around`. */
exports.promised = function promised(ledger, begin, onValue) {
  return exports.around(
    begin,
    (operation, promise) => exports.awaited(promise, ledger, operation, onValue),
    ledger.drop,
  );
};

/** Calls `make` with room in its stacks for `count` frames of ours. */
exports.withRoom = function withRoom(count, make) {
  const limit = TheError.stackTraceLimit;
  const longer = typeof limit === 'number' && limit > 0 && setLimit(limit + count);
  try {
    return make();
  } finally {
    if (longer && TheError.stackTraceLimit === limit + count) setLimit(limit);
  }
};

function setLimit(limit) {
  try {
    TheError.stackTraceLimit = limit;
    return true;
  } catch {
    // The program froze its `Error`.
    return false;
  }
}

/** The promise as the user would get it, ending the operation when it settles. */
exports.awaited = function awaited(promise, ledger, operation, onValue) {
  if (!(promise instanceof Promise)) {
    ledger.drop(operation);
    return promise;
  }
  return apply(then, promise, [
    (value) => {
      ledger.end(operation);
      if (onValue !== undefined) onValue(value);
      return value;
    },
    (error) => {
      ledger.end(operation);
      throw error;
    },
  ]);
};

/** A function that lets `before` run whenever it is called, without a frame of ours on the stack of its body. */
exports.announced = function announced(target, before) {
  return new Proxy(target, {
    get apply() {
      try {
        before();
      } catch {
        // The program's own call comes all the same.
      }
      return undefined;
    },
  });
};

/**
 * A callback is named after the property in which the engine finds it (`at GetAddrInfoReqWrap.callback`).
 * Where the object's own property holds our stand-in, the callback itself is found one step further.
 */
exports.nameCallback = function nameCallback(object, callback, key = 'callback') {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return;
  const holder = Object.create(getPrototypeOf(object), {
    [key]: { value: callback, writable: true, configurable: true, enumerable: true },
  });
  setPrototypeOf(object, holder);
};

/** Puts a property in the way of the prototype's, hidden from whoever prints the object. */
exports.cover = function cover(object, key, value) {
  return defineProperty(object, key, { value, writable: true, configurable: true, enumerable: false });
};

/** An own, hidden `emit` that lets `before` run ahead of each event of the emitter's. */
exports.onEvents = function onEvents(emitter, before) {
  const { emit } = emitter;
  if (typeof emit === 'function') exports.cover(emitter, 'emit', exports.announced(emit, before));
};

/** Calls `before` ahead of the first reading of a property that Node makes when it is asked for. */
exports.onFirstGet = function onFirstGet(object, name, before) {
  const descriptor = getOwnPropertyDescriptor(object, name);
  if (descriptor?.configurable !== true || typeof descriptor.get !== 'function') return;
  const get = exports.announced(descriptor.get, () => {
    if (getOwnPropertyDescriptor(object, name)?.get === get) defineProperty(object, name, descriptor);
    before();
  });
  defineProperty(object, name, { ...descriptor, get });
};
