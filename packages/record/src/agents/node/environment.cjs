'use strict';
// NODE_OPTIONS is how the agent gets into a program; the program must read its own.

/**
 * Takes our part out of this process's NODE_OPTIONS.
 *
 * @returns how the same part gets into the environment of a child.
 */
exports.ownEnvironment = function ownEnvironment(preload) {
  const ours = `--require ${preload}`;
  const { existsSync } = require('node:fs');
  /** The file is left, empty, for processes that live longer than the measuring; this folder is not. */
  const measuring = preload.replace(/preload\.cjs$/, 'ask');
  const value = process.env.NODE_OPTIONS;
  if (typeof value === 'string' && value.startsWith(ours)) {
    // A blank after ours says that there was a value, though it may have been empty.
    if (value.length === ours.length) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = value.slice(ours.length + 1);
  }

  /** The value for a child whose own would be `own`. */
  function injected(own) {
    if (typeof own === 'string' && own.startsWith(ours)) return own;
    return own === undefined || own === null ? ours : `${ours} ${own}`;
  }

  return {
    injected,
    /** False once the measuring is over and its folder gone: a Node that is told to load it would not start. */
    alive: () => existsSync(measuring),
    /** Runs `action` while this process's own environment holds our part. */
    during(action) {
      const own = process.env.NODE_OPTIONS;
      process.env.NODE_OPTIONS = injected(own);
      try {
        return action();
      } finally {
        if (own === undefined) delete process.env.NODE_OPTIONS;
        else process.env.NODE_OPTIONS = own;
      }
    },
  };
};
