'use strict';

/** Uses an experimental function of Node without the warning that the program would show. */
exports.withoutWarnings = function withoutWarnings(work) {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  Object.defineProperty(process, 'emitWarning', {
    value() {},
    configurable: true,
    writable: true,
    enumerable: true,
  });
  try {
    return work();
  } finally {
    if (own) Object.defineProperty(process, 'emitWarning', own);
    else delete process.emitWarning;
  }
};
