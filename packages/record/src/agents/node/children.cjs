'use strict';
// Children that are Node are measured as well: our part goes into the environment they get, whatever
// environment the program chose for them.

/** Puts our part into the NODE_OPTIONS of every child process of this thread; `context` is the recorder's. */
exports.followChildren = function followChildren(options, environment, context) {
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
      return result;
    };
  }
};

/** The pairs with ours in NODE_OPTIONS, in its old place if there was one. */
function withOurs(given, environment) {
  const pairs = given.envPairs;
  if (!environment.alive() || underPermission(given, pairs)) return pairs;
  const at = pairs.findIndex((pair) => pair.startsWith('NODE_OPTIONS='));
  if (at < 0) return [...pairs, `NODE_OPTIONS=${environment.injected(undefined)}`];
  return pairs.with(at, `NODE_OPTIONS=${environment.injected(pairs[at].slice('NODE_OPTIONS='.length))}`);
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
