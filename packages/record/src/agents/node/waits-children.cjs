'use strict';
/* oxlint-disable no-underscore-dangle, unicorn/prefer-add-event-listener -- `_handle` is Node's, and no target of events */

// Child processes: from their start to their exit, and what they say until then.

const { ChildProcess } = require('node:child_process');
const { binding } = require('./waits-binding.cjs');
const { wrap, around, announced, onEvents } = require('./waits-wrap.cjs');

exports.install = function install(ctx) {
  const { sites, ledger } = ctx;

  // `spawn`, `exec`, `execFile` and `fork` all come through here.
  const spawned = around(
    (below) => sites.search(below, 'child', callOf),
    (site, result, self, args) => {
      const handle = self._handle;
      if (typeof handle?.onexit !== 'function') return result;
      const operation = ledger.begin(site, commandOf(args[0]));
      operation.abandoned = () => self.exitCode !== null || self.signalCode !== null || self._handle === null;
      handle.onexit = announced(handle.onexit, () => ledger.end(operation));
      const heard = () => ledger.step(operation);
      for (const emitter of [self, self.stdout, self.stderr]) if (emitter) onEvents(emitter, heard);
      return result;
    },
    () => {},
  );
  wrap(ChildProcess.prototype, 'spawn', spawned);

  // The synchronous forms meet in one function of Node's inside. Their errors are made after it, without us.
  const inside = binding('spawn_sync');
  if (inside === undefined) return;
  const waited = around(
    (below, self, args) => {
      const site = sites.search(below, 'child', callOf);
      return site === null ? null : ledger.begin(site, commandOf(args[0]));
    },
    (operation, result) => {
      ledger.endSync(operation);
      return result;
    },
    ledger.endSync,
  );
  wrap(inside, 'spawn', waited);
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
  if (!Array.isArray(args) || args.length !== 3 || args[1] !== '-c') return file;
  // Of a command line for a shell, its first word behind what it sets: `TOKEN=… curl`.
  const line = String(args[2]).replace(/^\s*(?:\w+=(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*")*\s+)*/s, '');
  const word = line.split(/\s/, 1)[0];
  return /^\w+\+?=/.test(word) ? file : word;
}
