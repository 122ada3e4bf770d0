'use strict';
// However the program ends, what was measured is written first, and it ends in the same way.

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const { apply } = Reflect;
const { statSync } = require('node:fs');
const { now } = require('./clock.cjs');
const { now: epoch } = Date;
/** A signal that is older than this many milliseconds is no news. */
const RECENT = 1000;
/** So long a parent may take to tell of a signal that ended a child, in microseconds. */
const SHARED = 500e3;

/** Calls `control.finish(reason)` as late as possible; gives `control.raise(signal)`. */
exports.onEnd = function onEnd(control, main, folder) {
  let uncaught = false;
  let rearm = () => {};
  let listens = () => {};
  const emit = process.emit;

  /** Node itself emits through this property: an `exit` listener of the program runs before we look. */
  const emitting = {
    emit(type, ...rest) {
      if (type === 'uncaughtExceptionMonitor') uncaught = true;
      if (type === 'exit') {
        try {
          return apply(emit, this, arguments);
        } finally {
          // A program may emit `exit` for fun; only Node sets this.
          if (process._exiting || !main) control.finish(uncaught ? 'uncaught' : 'exit');
        }
      }
      if (type === 'uncaughtException' && uncaught) {
        // A listener that throws ends the program at once, with no `exit`.
        let thrown = true;
        try {
          const result = apply(emit, this, arguments);
          thrown = false;
          return result;
        } finally {
          if (thrown) control.finish('uncaught');
        }
      }
      if (type === 'beforeExit' || type === 'disconnect') uncaught = false;
      if (type === 'newListener') listens(rest[0]);
      if (type === 'removeListener') {
        const result = apply(emit, this, arguments);
        rearm(rest[0]);
        return result;
      }
      return apply(emit, this, arguments);
    },
  }.emit;
  define(process, 'emit', emitting);

  before('reallyExit', 'exit');
  before('abort', 'abort');
  before('execve', 'execve');

  function before(name, reason) {
    const original = process[name];
    if (typeof original !== 'function') return;
    // A proxy without a trap calls its target itself: no frame of ours is in the stack that Node prints.
    const handler = {
      __proto__: null,
      get apply() {
        control.finish(uncaught && reason === 'exit' ? 'uncaught' : reason);
        return undefined;
      },
    };
    define(process, name, new Proxy(original, handler));
  }

  if (main) ({ rearm, listens } = listen(control, folder));
};

/** Hears signals for which the program has no listener, and stays out of its sight. */
function listen(control, folder) {
  const armed = new Set();
  let raising = false;
  let heard = 0;
  const { writeFileSync, unlinkSync } = require('node:fs');

  /** For the parent, who cannot ask a thread that is busy. */
  function mark(kind, name, gone) {
    try {
      if (gone) unlinkSync(`${folder}/${kind}/${name}`);
      else writeFileSync(`${folder}/${kind}/${name}`, '');
    } catch {}
  }

  const ignored = ignoredSignals();
  const { on, removeListener, listenerCount } = process;
  const nothing = () => {};

  /**
   * Node hears a signal as long as it has a listener. One that is taken out behind its back leaves it
   * hearing, and `process.listeners` as without us.
   */
  function arm(signal) {
    if (ignored.has(signal)) return;
    const current = process.emit;
    // Node binds the `emit` of this moment.
    const trampoline = function (type, ...rest) {
      return process.emit === trampoline ? apply(current, process, [type, ...rest]) : native(type, rest);
    };
    process.emit = trampoline;
    try {
      apply(on, process, [signal, nothing]);
      if (process._events[signal] === nothing) {
        delete process._events[signal];
        process._eventsCount--;
        armed.add(signal);
      }
    } catch {
    } finally {
      process.emit = current;
    }
  }

  function native(type, rest) {
    if (armed.has(type)) mark('heard', `${process.pid}-${type}-${++heard}`);
    if (armed.has(type) && apply(listenerCount, process, [type]) === 0) {
      control.raise(type);
      return true;
    }
    return apply(process.emit, process, [type, ...rest]);
  }

  /** Ends the process by the signal, or does nothing where the program has a listener of its own. */
  control.raise = (signal, target = process.pid) => {
    if (apply(listenerCount, process, [signal]) > 0) return;
    control.finish('signal');
    if (armed.has(signal)) {
      // With its last listener gone, Node stops hearing the signal, and the system's own action is back.
      raising = true;
      apply(on, process, [signal, nothing]);
      apply(removeListener, process, [signal, nothing]);
    }
    // Node would speak of the watcher as a debugger that is still there, if this thread sent it.
    if (control.kill !== null && control.kill(target, signal)) wait(1000);
    apply(kill, process, [target, signal]);
  };

  /**
   * The program waited for a child: only its next turn of the loop would tell of a signal that came meanwhile.
   * Without us it had not got to its next statement. The parent tells, and is given time where the child died of it.
   */
  control.waited = ({ signal, status, error }) => {
    const ours = signals.filter((each) => armed.has(each) && apply(listenerCount, process, [each]) === 0);
    const shared = error === undefined && (signal === 'SIGINT' || status === 130) && ours.includes('SIGINT');
    const end = now() + (shared ? SHARED : 0);
    for (;;) {
      const name = ours.find((each) => cameJustNow(`${folder}/came/${process.pid}-${each}`));
      if (name !== undefined) return control.raise(name);
      if (now() >= end) return;
      wait(10);
    }
  };

  // Without us a program that kills itself does not get to its next statement.
  const { kill } = process;
  define(
    process,
    'kill',
    {
      kill(pid, signal) {
        const name = deadly(signal);
        if (
          name !== undefined &&
          reachesUs(pid) &&
          apply(listenerCount, process, [name]) === 0 &&
          !ignored.has(name)
        ) {
          control.raise(name, pid);
          return true;
        }
        return apply(kill, this, arguments);
      },
    }.kill,
  );

  for (const signal of signals) arm(signal);

  // With the program's last listener Node stops hearing the signal; we go on.
  return {
    rearm(signal) {
      if (raising || !armed.has(signal) || apply(listenerCount, process, [signal]) > 0) return;
      mark('listens', `${process.pid}-${signal}`, true);
      arm(signal);
    },
    listens(signal) {
      if (!raising && armed.has(signal)) mark('listens', `${process.pid}-${signal}`);
    },
  };
}

const { constants } = require('node:os');
/** Signals that leave a process alive that does nothing about them, and those that Node answers itself. */
const harmless = [
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
  'SIGUSR1',
  'SIGPIPE',
  'SIGXFSZ',
];

/** The signal's name if it ends a process that does not listen. */
function deadly(signal) {
  if (signal === undefined) return 'SIGTERM';
  const name =
    typeof signal === 'number'
      ? Object.keys(constants.signals).find((key) => constants.signals[key] === signal)
      : signal;
  return typeof name === 'string' && name in constants.signals && !harmless.includes(name) ? name : undefined;
}

function reachesUs(pid) {
  return pid === process.pid || pid === 0 || pid === -process.pid;
}

function cameJustNow(file) {
  const mark = statSync(file, { throwIfNoEntry: false });
  return mark !== undefined && epoch() - mark.mtimeMs < RECENT;
}

function wait(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Signals that whoever started the program wants it to ignore, as `nohup` does. */
function ignoredSignals() {
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };
  const ignored = new Set();
  try {
    const status = require('node:fs').readFileSync('/proc/self/status', 'latin1');
    const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(status)[1]}`);
    for (const signal of signals) if ((mask >> BigInt(numbers[signal] - 1)) & 1n) ignored.add(signal);
  } catch {}
  return ignored;
}

function define(owner, name, value) {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: before === undefined ? false : before.enumerable,
  });
}
