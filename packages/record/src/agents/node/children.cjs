'use strict';
// Children that are Node, or may start it, are measured as well: our part goes into the environment they get,
// whatever environment the program chose for them. The others get what the program chose and no more.

const { closeSync, openSync, readSync, realpathSync } = require('node:fs');
const { basename, resolve } = require('node:path');

/** Puts our part into the NODE_OPTIONS of every child process of this thread; `context` is the recorder's. */
exports.followChildren = function followChildren(options, environment, context, control) {
  const { ChildProcess } = require('node:child_process');
  const spawn = ChildProcess.prototype.spawn;
  define(ChildProcess.prototype, 'spawn', {
    spawn(given) {
      if (given !== null && typeof given === 'object' && Array.isArray(given.envPairs)) {
        try {
          given.envPairs = withOurs(given, environment);
        } catch {}
      }
      return Reflect.apply(spawn, this, arguments);
    },
  });

  const { execve } = process;
  if (typeof execve === 'function') {
    define(process, 'execve', {
      execve(file, args, env = process.env) {
        const own = env !== null && typeof env === 'object' && environment.alive();
        const changed = own ? { ...env, NODE_OPTIONS: environment.injected(env.NODE_OPTIONS) } : env;
        return Reflect.apply(execve, this, [file, args, changed]);
      },
    });
  }

  const sync = binding('spawn_sync');
  if (sync !== undefined && typeof sync.spawn === 'function') {
    const original = sync.spawn;
    sync.spawn = function (given) {
      if (given !== null && typeof given === 'object' && Array.isArray(given.envPairs)) {
        try {
          given.envPairs = withOurs(given, environment);
        } catch {}
      }
      const result = Reflect.apply(original, this, arguments);
      // The compiler of TypeScript that our loader starts is no process of the program's.
      if (context !== undefined && context.isCompiling !== undefined && context.isCompiling())
        context.note('compiler', result.pid);
      try {
        control?.waited?.(result);
      } catch {}
      return result;
    };
  }
};

/** The pairs with ours in NODE_OPTIONS, in its old place if there was one. */
function withOurs(given, environment) {
  const pairs = given.envPairs;
  if (!environment.alive() || underPermission(given, pairs) || !mayStartNode(given)) return pairs;
  const at = pairs.findIndex((pair) => pair.startsWith('NODE_OPTIONS='));
  if (at < 0) return [...pairs, `NODE_OPTIONS=${environment.injected(undefined)}`];
  return pairs.with(at, `NODE_OPTIONS=${environment.injected(pairs[at].slice('NODE_OPTIONS='.length))}`);
}

/** Machine code that is Node, or that runs what it is told to: shells, launchers, interpreters, runners of tasks. */
const runsOthers =
  /^(?:node|iojs|npm|npx|pnpm|yarn|corepack|volta|fnm|mise|asdf|(?:ba|da|z|k|mk|c|tc|fi|a)?sh|busybox|pwsh|env|nice|ionice|nohup|time|timeout|setsid|setpriv|stdbuf|taskset|chrt|flock|xargs|parallel|find|g?make|ninja|cmake|ctest|just|task|turbo|bazel|watchexec|entr|script|sudo|doas|su|runuser|strace|ltrace|perf|gdb|valgrind|unshare|nsenter|chroot|tini|dumb-init|git|python|pypy|ruby|perl|php|java)[\d.-]*$|^node/;
/** How files of machine code begin: on Linux, and the kinds of macOS. */
const machineCode = new Set(['7f454c46', 'cffaedfe', 'feedfacf', 'cafebabe']);
const known = new Map();

/** Scripts, Node, and programs that run others: but not a compiler, or `printenv`. */
function mayStartNode({ file, cwd, envPairs }) {
  if (process.platform === 'win32' || typeof file !== 'string') return true;
  const path = envPairs.find((pair) => pair.startsWith('PATH='))?.slice('PATH='.length) ?? '/bin:/usr/bin';
  const key = `${file}\n${cwd ?? ''}\n${path}`;
  let may = known.get(key);
  if (may === undefined) {
    const places = file.includes('/') ? [''] : path.split(':');
    may =
      places.map((place) => judge(resolve(cwd ?? '.', place, file))).find((each) => each !== null) ?? true;
    known.set(key, may);
  }
  return may;
}

/** Whether a file may start Node; `null` where there is none. */
function judge(file) {
  let descriptor;
  try {
    const real = realpathSync(file);
    if (real === process.execPath || runsOthers.test(basename(file)) || runsOthers.test(basename(real)))
      return true;
    descriptor = openSync(real, 'r');
    const start = Buffer.alloc(4);
    readSync(descriptor, start, 0, 4, 0);
    return !machineCode.has(start.toString('hex'));
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Under the permission model Node may not read our files, and would not start. */
function underPermission(given, pairs) {
  const permission = /(?:^|[\s"'=])--(?:experimental-)?permission\b/;
  return (
    (Array.isArray(given.args) && given.args.some((argument) => permission.test(argument))) ||
    pairs.some((pair) => pair.startsWith('NODE_OPTIONS=') && permission.test(pair))
  );
}

/** An internal binding, without the warning that asking for it would print. */
function binding(name) {
  const silent = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  try {
    Object.defineProperty(process, 'noDeprecation', {
      value: true,
      configurable: true,
      writable: true,
      enumerable: true,
    });
    return process.binding(name);
  } catch {
    return undefined;
  } finally {
    if (silent === undefined) delete process.noDeprecation;
    else Object.defineProperty(process, 'noDeprecation', silent);
  }
}

function define(owner, name, holder) {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { ...before, value: holder[name] });
}
