'use strict';
// What runs inside the program, before the program's own code, in every process and thread of it.
// It must never be noticed: it keeps nothing alive, prints nothing, and swallows its own failures.

const workerThreads = require('node:worker_threads');
const { now, threadNumber } = require('./clock.cjs');
const { figures } = require('./figures.cjs');
const { openOutput } = require('./output.cjs');
const { ownEnvironment } = require('./environment.cjs');
const { plainConsole } = require('./console.cjs');
const { startSampler } = require('./sampler.cjs');
const { startCounter } = require('./counter.cjs');
const { onEnd } = require('./endings.cjs');
const { followChildren } = require('./children.cjs');
const { followWorkers, shownThreadId } = require('./workers.cjs');
const { installMarks } = require('./marks.cjs');
const { startWatcher, watcherMark } = require('./watch.cjs');

/** Under this name the watcher, another thread, finds the agent. */
const entry = Symbol.for('@whetstone/agent');

/**
 * Begins to measure the calling thread.
 *
 * `options` come from the preload file that the parent generated: `{folder, preload, pass, interval, until,
 * waits, cacheFolder, workingDirectory}`.
 */
exports.start = function start(options) {
  if (process.env[watcherMark] !== undefined) return;
  const environment = ownEnvironment(options.preload);
  forgetOurFlags(options.folder);
  if (globalThis[entry] !== undefined || workerThreads.isInternalThread === true) return;
  try {
    begin(options, environment);
  } catch {
    // A program that cannot be measured still runs.
  }
};

/** Takes the flags of `--deopts` out of `process.execArgv`: a forked child would begin the file of traces anew. */
function forgetOurFlags(folder) {
  const at = process.execArgv.indexOf(`--redirect-code-traces-to=${folder}/deopts.log`);
  if (at === 3) process.execArgv.splice(0, 4);
}

function begin(options, environment) {
  const main = workerThreads.isMainThread;
  const threadId = main ? 0 : shownThreadId();
  if (options.until !== null && now() >= options.until) {
    if (main) followChildren(options, environment);
    return;
  }
  if (options.pass === 'plain') return plain(options, environment);
  const output = openOutput(options.folder, process.pid, threadId);
  if (!output.open) return;

  const opened = now();
  output.record({
    type: 'start',
    pid: process.pid,
    ppid: process.ppid,
    threadId,
    tid: main && process.platform === 'linux' ? process.pid : threadNumber(),
    name: nameOf(main),
    argv: process.argv,
    execArgv: process.execArgv,
    execPath: process.execPath,
    version: process.version,
    workingDirectory: process.cwd(),
    epoch: Date.now(),
    now: opened,
    began: opened - age(main) * 1e3,
    pass: options.pass,
  });

  const context = {
    folder: options.folder,
    pass: options.pass,
    options,
    record: (object) => output.record(object),
    note(code, message) {
      output.record({ type: 'note', code, message: String(message), time: now() });
    },
    ranges: wantsRanges(),
    cacheFolder: options.cacheFolder,
    workingDirectory: options.workingDirectory,
    agentFolder: __dirname,
    threadId,
    cryptoWanted: new Set(),
    /**
     * `process.memoryUsage` also reads a file, and ends the process where that gets a number of the program's
     * closed streams.
     */
    heapUsed() {
      let used = 0;
      session.post('Runtime.getHeapUsage', (error, usage) => {
        if (!error) used = usage.usedSize;
      });
      return used;
    },
  };

  const { Session } = require('node:inspector');
  const session = new Session();
  const console = plainConsole(Session);
  try {
    session.connect();
  } catch {
    // The runner of `node --test` has no inspector, and only starts the files that are to be measured.
    if (main) followChildren(options, environment, context);
    output.record({ type: 'end', reason: 'no-inspector', now: now(), idle: null });
    return;
  }
  console.bind();

  const part = (file) => {
    try {
      return require(file).install(context);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') context.note('part-failed', `${file}: ${error.message}`);
      return undefined;
    }
  };

  let measuring = null;
  let waits;
  let ended = false;
  let busy = false;

  /** Takes what there is; returns the milliseconds until it wants to be asked again, 0 for never. */
  function flush(force) {
    if (ended || busy) return ended ? 0 : 50;
    busy = true;
    try {
      const next = measuring === null ? 1000 : measuring.tick(force === true);
      if (waits !== undefined) waits.flush();
      return next;
    } catch {
      return 1000;
    } finally {
      busy = false;
    }
  }

  /** Takes the rest; nothing is measured afterwards. */
  function finish(reason) {
    if (ended || busy) return;
    for (const action of control.beforeFinish) {
      try {
        action(reason);
      } catch {}
    }
    ended = true;
    busy = true;
    try {
      if (measuring !== null) measuring.stop();
    } catch {}
    try {
      if (waits !== undefined) waits.stop();
    } catch {}
    output.record({ type: 'end', reason, now: now(), idle: idleTime(), ...figures() });
    try {
      // Node speaks of a debugger to be disconnected when the process ends by a signal of its own.
      session.disconnect();
    } catch {}
    for (const action of control.afterFinish) action();
    if (control.close !== null && !asking) control.close();
    busy = false;
  }

  const control = { flush, finish, raise: null, kill: null, close: null, beforeFinish: [], afterFinish: [] };
  let asking = false;
  /** The same for the watcher, which cannot let go of this thread while it waits for an answer. */
  control.asked = {};
  for (const name of ['flush', 'finish', 'raise']) {
    control.asked[name] = (argument) => {
      asking = true;
      try {
        return control[name](argument);
      } finally {
        asking = false;
      }
    };
  }
  Object.defineProperty(globalThis, entry, {
    value: control,
    configurable: true,
    enumerable: false,
    writable: true,
  });

  // Before the other parts are loaded: V8 reads each function again that was compiled before it sampled.
  if (options.pass === 'time') measuring = startSampler(output, options.interval);
  onEnd(control, main, options.folder);
  followChildren(options, environment, context, control);
  followWorkers(environment, control);
  installMarks(context, session, control);
  part('./loader.cjs');
  if (options.waits && options.pass === 'time') waits = part('./waits.cjs');
  startWatcher(options, context, control, { main, descriptor: output.descriptor });
  if (options.pass === 'counts') measuring = startCounter(session, output);
}

/** The program as without us, but for TypeScript, which something has to load. */
function plain(options, environment) {
  if (workerThreads.isMainThread) followChildren(options, environment);
  const silent = () => {};
  require('./loader.cjs').install({
    folder: options.folder,
    pass: 'time',
    options,
    record: silent,
    note: silent,
    ranges: false,
    cacheFolder: options.cacheFolder,
    workingDirectory: options.workingDirectory,
    agentFolder: __dirname,
    threadId: workerThreads.threadId,
  });
}

/** Engines before V8 13.6 charge inlined lines to the file of the caller, so every file gets lines of its own. */
function wantsRanges() {
  return Number(process.versions.node.split('.')[0]) < 25;
}

function nameOf(main) {
  if (main) return process.argv[1] === undefined ? '' : process.argv[1];
  return typeof workerThreads.threadName === 'string' && workerThreads.threadName !== ''
    ? workerThreads.threadName
    : process.argv[1] === undefined
      ? 'worker'
      : process.argv[1];
}

/** Milliseconds since the process began, or the worker: its clock counts from the process's beginning, too. */
function age(main) {
  const since = performance.now();
  if (main) return since;
  const { environment } = performance.nodeTiming;
  return environment > 0 && environment < since ? since - environment : 0;
}

function idleTime() {
  try {
    return performance.eventLoopUtilization().idle * 1e3;
  } catch {
    return null;
  }
}
