'use strict';

// Named waits: which call of the user's program waits for what, how long, and which sleep it explains.
// See waits-ledger.cjs for how sleep is charged, waits-wrap.cjs for how the program does not notice.

const { join, sep } = require('node:path');
const clock = require('./waits-clock.cjs');
const { createSites } = require('./waits-site.cjs');
const { createLedger } = require('./waits-ledger.cjs');
const { hideFrames } = require('./waits-stack.cjs');

const parts = [
  require('./waits-timers.cjs'),
  require('./waits-files.cjs'),
  require('./waits-network.cjs'),
  require('./waits-children.cjs'),
  require('./waits-threads.cjs'),
  require('./waits-pool.cjs'),
];
const watchers = [require('./collections.cjs'), require('./delays.cjs')];

/**
 * Begins to watch this thread; call it before the user's code.
 *
 * @returns `flush` writes what has ended since the last time, `stop` also what is still waiting: call it last.
 */
exports.install = function install(ctx) {
  // Ours is whatever lies in the agent's folder; a neighbour that only begins with the same name is not.
  const agentFolder = join(ctx.agentFolder ?? __dirname, sep);
  const options = { ...ctx, agentFolder };
  const sites = createSites(options);
  const ledger = createLedger({ clock, sites, record: ctx.record });

  for (const part of parts) {
    try {
      part.install({ ...options, sites, ledger });
    } catch (error) {
      ctx.note('waits-incomplete', `Some waits cannot be named: ${error.message}`);
    }
  }
  try {
    require('node:module').syncBuiltinESMExports();
  } catch {
    // Frozen modules: imports by name then see Node's own functions.
  }
  hideFrames(agentFolder);

  const running = [];
  for (const watcher of watchers) {
    try {
      running.push(watcher.install({ ...options, clock }));
    } catch (error) {
      ctx.note('waits-incomplete', error.message);
    }
  }

  return {
    flush() {
      ledger.flush();
      for (const each of running) each.flush();
    },
    stop() {
      ledger.stop();
      for (const each of running) each.stop();
    },
  };
};
