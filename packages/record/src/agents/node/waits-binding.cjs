'use strict';

const { defineProperty, deleteProperty, getOwnPropertyDescriptor } = Reflect;

/** One of Node's insides, without the warning that asking for it would print; `undefined` where it is not given out. */
exports.binding = function binding(name) {
  const before = getOwnPropertyDescriptor(process, 'noDeprecation');
  try {
    if (
      !defineProperty(process, 'noDeprecation', {
        value: true,
        configurable: true,
        writable: true,
        enumerable: true,
      })
    )
      return undefined;
    return process.binding(name);
  } catch {
    return undefined;
  } finally {
    if (before === undefined) deleteProperty(process, 'noDeprecation');
    else defineProperty(process, 'noDeprecation', before);
  }
};
