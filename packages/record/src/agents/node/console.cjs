'use strict';
// While any inspector session lives, Node sends each `console` call through the inspector as well, which
// doubles its cost. The methods below it are the ones that print; bound again, they alone run.

const names = [
  'log',
  'warn',
  'dir',
  'time',
  'timeEnd',
  'timeLog',
  'trace',
  'assert',
  'clear',
  'count',
  'countReset',
  'group',
  'groupEnd',
  'table',
  'debug',
  'info',
  'dirxml',
  'error',
  'groupCollapsed',
];

/** `bind` puts the plain methods in place; they step back once the program itself uses an inspector. */
exports.plainConsole = function plainConsole(Session) {
  const console = globalThis.console;
  const { prototype } = console.Console;
  const replaced = [];

  function bind() {
    // Somebody with a debugger wants to see the messages there.
    if (require('node:inspector').url() !== undefined) return;
    for (const name of names) {
      const before = Object.getOwnPropertyDescriptor(console, name);
      const method = prototype[name];
      if (before === undefined || typeof before.value !== 'function' || typeof method !== 'function')
        continue;
      const value = method.bind(console);
      Object.defineProperty(value, 'name', { value: name, configurable: true });
      Object.defineProperty(console, name, { ...before, value });
      replaced.push({ name, before, value });
    }
    onceUsed(Session.prototype, 'connect');
    onceUsed(Session.prototype, 'connectToMainThread');
    onceUsed(require('node:inspector'), 'open');
  }

  /** The program's own session gets the messages as without us. */
  function onceUsed(owner, name) {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    if (before === undefined || typeof before.value !== 'function' || before.configurable === false) return;
    const original = before.value;
    const wrapped = {
      [name](...args) {
        restore();
        return Reflect.apply(original, this, args);
      },
    }[name];
    Object.defineProperty(owner, name, { ...before, value: wrapped });
  }

  function restore() {
    for (const { name, before, value } of replaced.splice(0)) {
      if (console[name] === value) Object.defineProperty(console, name, before);
    }
  }

  return { bind };
};
