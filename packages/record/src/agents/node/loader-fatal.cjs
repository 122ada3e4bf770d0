'use strict';
/* oxlint-disable no-underscore-dangle -- these are Node's own names */
// The last words of a program that an error ends: Node prints them with the engine's line numbers, past
// every hook, so they are printed here, as Node would, with the user's.
const fs = require('node:fs');
const tty = require('node:tty');
const util = require('node:util');
const vm = require('node:vm');
const { isMainThread } = require('node:worker_threads');

const { readFileSync, writeSync } = fs;
const { inspect, types } = util;
const { defineProperty, getOwnPropertyDescriptor } = Object;
/** Options that make Node print, or do, more than we could. */
const special = /^--(?:trace-uncaught|abort-on-uncaught-exception|report-|inspect|diagnostic-dir)/;

exports.installFatal = function installFatal(ranges, stacks) {
  if (!isMainThread || process.execArgv.some((option) => special.test(option))) return;
  const native = process._fatalException;
  if (typeof native !== 'function') return;
  process._fatalException = function (error) {
    const handled = Reflect.apply(native, this, arguments);
    if (handled === false) {
      try {
        prepare(error);
      } catch {
        // Node prints it, with other lines.
      }
    }
    return handled;
  };

  function prepare(error) {
    if (!types.isNativeError(error)) return;
    const before = getOwnPropertyDescriptor(error, 'stack');
    const text = error.stack;
    if ((before && !before.configurable) || typeof text !== 'string') return;
    let busy = false;
    // Node has made the lines that it shows above the stack when it comes to read the stack.
    defineProperty(error, 'stack', {
      configurable: true,
      enumerable: before?.enumerable ?? false,
      get() {
        if (busy) return text;
        busy = true;
        const arrow = arrowOf(error, text);
        defineProperty(error, 'stack', {
          value: fixHead(text),
          configurable: true,
          writable: true,
          enumerable: before?.enumerable ?? false,
        });
        print(error, arrow);
        return text;
      },
      set() {},
    });
  }

  /** What Node shows above the stack: the place, the line and the mark below it; null for nothing. */
  function arrowOf(error, text) {
    let decorated = null;
    defineProperty(error, 'stack', {
      configurable: true,
      get: () => text,
      set(value) {
        decorated = value;
      },
    });
    try {
      // Thrown through this, an error gets the two put together by Node.
      const script = new vm.Script('Error.prepareStackTrace');
      stacks.throwing(error, () => script.runInThisContext({ displayErrors: true }));
    } catch {
      // That was meant to happen.
    }
    if (typeof decorated !== 'string' || !decorated.endsWith(text)) return null;
    const arrow = decorated.slice(0, decorated.length - text.length);
    // Node had nothing to show, and so took what threw last.
    if (arrow.startsWith(__dirname)) return null;
    return fixArrow(arrow);
  }

  /** Place, line of text, mark; of the source where something else ran. */
  function fixArrow(arrow) {
    const match = /^(.*?):(\d+)\n(.*)\n([ \t]*)\^/.exec(arrow);
    const known = match && ranges.files.get(match[1]);
    if (!known || !known.mapped) return fixHead(arrow);
    const place = ranges.original(match[1], Number(match[2]), match[4].length + 1);
    const line = readFileSync(known.file, 'utf8').split(/\r\n|[\n\r\u2028\u2029]/)[place.line - 1] ?? '';
    const blanks = line.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
    return `${match[1]}:${place.line}\n${line}\n${blanks}^\n\n`;
  }

  /** `file:line` alone on the first line. */
  function fixHead(text) {
    return text.replace(/^(.*?):(\d+)(?=\n)/, (all, file, line) => {
      const place = ranges.original(file, Number(line), 1);
      return place ? `${file}:${place.line}` : all;
    });
  }
};

function print(error, arrow) {
  enhance(error);
  let trace;
  try {
    trace = inspect(error, {
      colors: hasColours(),
      customInspect: false,
      depth: Math.max(inspect.defaultOptions.depth, 5),
    });
  } catch {
    trace = error.stack;
  }
  write(`${arrow ?? ''}${trace}\n\nNode.js ${process.version}\n`);
  const code = Number(process.exitCode ?? 1);
  process.reallyExit(Number.isInteger(code) ? code : 1);
}

/** Node's own addition to errors that an emitter had nobody to give to. */
function enhance(error) {
  for (const symbol of Object.getOwnPropertySymbols(error)) {
    if (symbol.description !== 'kEnhanceStackBeforeInspector' || typeof error[symbol] !== 'function')
      continue;
    try {
      error.stack = error[symbol]();
    } catch {
      // Only an addition.
    }
  }
}

function hasColours() {
  if (process.env.FORCE_COLOR !== undefined) return tty.WriteStream.prototype.getColorDepth() > 2;
  return (tty.isatty(2) && process.stderr.getColorDepth() > 2) || inspect.defaultOptions.colors;
}

function write(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
    }
  }
}
