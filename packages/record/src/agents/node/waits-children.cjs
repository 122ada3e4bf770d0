'use strict';

// Child processes: from their start to their exit.

const { ChildProcess } = require('node:child_process');
const { wrap, announced } = require('./waits-wrap.cjs');

const { apply } = Reflect;

exports.install = function install(ctx) {
  const { sites, ledger } = ctx;

  // `spawn`, `exec`, `execFile` and `fork` all come through here.
  const spawned = {
    apply(target, self, args) {
      const result = apply(target, self, args);
      const site = sites.search(spawned.apply, 'child', callOf);
      const handle = self._handle;
      if (site === null || typeof handle?.onexit !== 'function') return result;
      const operation = ledger.begin(site, commandOf(args[0]));
      operation.abandoned = () => self.exitCode !== null || self.signalCode !== null || self._handle === null;
      handle.onexit = announced(handle.onexit, () => ledger.end(operation));
      return result;
    },
  };
  wrap(ChildProcess.prototype, 'spawn', spawned);

  // The synchronous forms meet in one function of Node's inside. Their errors are made after it, without us.
  const binding = syncBinding();
  if (binding === undefined) return;
  const waited = {
    apply(target, self, args) {
      const site = sites.search(waited.apply, 'child', callOf);
      if (site === null) return apply(target, self, args);
      const operation = ledger.begin(site, commandOf(args[0]));
      try {
        return apply(target, self, args);
      } finally {
        ledger.endSync(operation);
      }
    },
  };
  wrap(binding, 'spawn', waited);
};

function callOf(inner) {
  const name = inner.findLast(([, each]) => each !== '')?.[1] ?? 'spawn';
  return `child_process.${name}`;
}

/** The command's name alone: its arguments may hold secrets. */
function commandOf(options) {
  const file = options?.file;
  if (typeof file !== 'string') return undefined;
  const args = options.args;
  // Of a command line for a shell, its first word.
  if (Array.isArray(args) && args.length === 3 && args[1] === '-c') return String(args[2]).trim().split(/\s/, 1)[0];
  return file;
}

function syncBinding() {
  // Node would warn, and the program's output change.
  const asked = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  if (asked.includes('pending-deprecation') || process.env.NODE_PENDING_DEPRECATION === '1') return undefined;
  try {
    return process.binding('spawn_sync');
  } catch {
    return undefined;
  }
}
