'use strict';

// Errors of wrapped functions have a frame of ours in their stacks: the program must not see it.

const { defineProperty, getOwnPropertyDescriptor } = Reflect;

/** Leaves frames of files below `agentFolder` out of stacks, unless the loader already does. */
exports.hideFrames = function hideFrames(agentFolder) {
  if (!probe().includes(agentFolder)) return;
  const before = getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  if (
    before !== undefined &&
    typeof before.value === 'function' &&
    before.configurable &&
    !process.sourceMapsEnabled
  ) {
    const native = before.value;
    // Named as Node's own, for it stands where a program reads that.
    const ErrorPrepareStackTrace = (error, trace) =>
      native(
        error,
        trace.filter((frame) => !isOurs(frame, agentFolder)),
      );
    defineProperty(Error, 'prepareStackTrace', { ...before, value: ErrorPrepareStackTrace });
    if (!probe().includes(agentFolder)) return;
    defineProperty(Error, 'prepareStackTrace', before);
  }
  // At least what Node prints at the end is as without us.
  process.on('uncaughtExceptionMonitor', (error) => cleanStack(error, agentFolder));
};

function probe() {
  return String(new Error('probe').stack);
}

function isOurs(frame, agentFolder) {
  const file = frame.getFileName();
  return typeof file === 'string' && file.startsWith(agentFolder);
}

function cleanStack(error, agentFolder) {
  try {
    const { stack } = error;
    if (typeof stack !== 'string' || !stack.includes(agentFolder)) return;
    error.stack = stack
      .split('\n')
      .filter((line) => !line.includes(agentFolder) || !/^\s+at /.test(line))
      .join('\n');
  } catch {
    // A frozen error, or one that is no object, stays as it is.
  }
}
