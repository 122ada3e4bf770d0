'use strict';
/* oxlint-disable no-underscore-dangle -- these are Node's own names */
// Runs TypeScript, and gives every file lines of its own where the engine would charge inlined code to the
// wrong file. Everything the program can see stays as Node alone would show it.
const nodeModule = require('node:module');
const { installCompile, installFindPath } = require('./loader-commonjs.cjs');
const { installHooks, installReadFile } = require('./loader-modules.cjs');
const { createRanges } = require('./loader-ranges.cjs');
const { inPackage } = require('./loader-resolve.cjs');
const { installFatal } = require('./loader-fatal.cjs');
const { installStacks } = require('./loader-stacks.cjs');
const { isCompiling, transpile: transpileFile } = require('./loader-typescript.cjs');

/** Engines from here on charge inlined code rightly. */
const rightInlining = 25;
/** Under these Node shows lines in ways of its own, or stops before the program begins. */
const showsLines =
  /^--(?:enable-source-maps|inspect-brk|experimental-test-coverage|experimental-policy|experimental-loader|loader|trace-uncaught|frozen-intrinsics)\b/;

/** Of values that are no errors nothing tells where they were thrown but what Node prints. */
const throwsNoError = /\bthrow\s*(?:['"`{[\d]|(?:Symbol|null|undefined|true|false|function)\b)/;

/** `assert(value)` looks the line up in the file, from about here on in the engine. */
const readsAssertions = !/^v(?:22\.(?:2[3-9]|[3-9]\d)|2[4-9]|[3-9]\d)\./.test(`${process.version}.`);

/**
 * Puts the loader into this thread. `context`:
 * - `ranges`: lines of their own; `undefined` lets the engine's version decide
 * - `record(object)`: appends a raw record
 * - `note(code, message)`: something for the report; `first-line` when the entry is about to run
 * - `cacheFolder`: absolute, for compiled results
 * - `hidden`: folders and files whose modules are taken out of `require.cache` before the program begins;
 *   this folder always is
 * - `cryptoWanted`: functions to call before the program gets hold of `node:crypto`
 *
 * It gets `isCompiling()`: whether a compiler of ours is at work, for whoever names what the program does.
 */
exports.install = function install(context) {
  const { record, note, cacheFolder, hidden = [] } = context;
  context.isCompiling = isCompiling;
  const major = Number(process.versions.node.split('.')[0]);
  let wanted = context.ranges ?? major < rightInlining;
  if (wanted && showsOwnLines()) {
    wanted = false;
    note('no-ranges', 'Source maps or coverage are on: inlined code may be charged to the wrong file');
  }
  const ranges = createRanges({ record, note });
  let stacks = null;
  const known = ranges.add;
  ranges.add = (url, script) => {
    if (script.base !== 0 || script.map === 'source-map') installStacksOnce();
    known(url, script);
  };

  let native = nodeModule.prototype._compile;
  // Lines that nobody could map back must not be shown.
  if (wanted) wanted = installStacksOnce();
  ranges.wanted = wanted;
  let entering = true;
  // Texts that Node's hooks have shown, to be compiled next.
  const sources = new Map();
  const settings = {
    sources,
    ranges,
    isRanged,
    transpile,
    entered,
    frames: () => (installStacksOnce(), stacks?.frames() ?? []),
    cryptoWanted: () => context.cryptoWanted?.forEach((listener) => listener()),
  };
  const hooks = typeof nodeModule.registerHooks === 'function';
  ranges.compiles = wanted || !hooks;
  installFindPath();
  if (ranges.compiles) {
    ({ native } = installCompile({ ...settings, transpile: hooks ? null : transpile }));
  } else announceCompile();
  if (hooks) installHooks(settings);
  else installReadFile(settings);
  hide();

  // What compilers load is not the program's.
  let compiling = false;
  function transpile(file, text, forceCommonJs) {
    compiling = true;
    try {
      return transpileFile(file, text, cacheFolder, forceCommonJs);
    } finally {
      compiling = false;
      hide();
    }
  }

  function hide() {
    const cache = nodeModule._cache;
    for (const name of Object.keys(cache)) {
      if (name.startsWith(__dirname) || hidden.some((each) => name.startsWith(each))) delete cache[name];
    }
  }

  /**
   * Node shows places past every hook for tests, for assertions, and above a thrown thing that is no Error:
   * files that may need that keep their lines.
   */
  function isRanged(file, text) {
    if (!wanted || compiling || file.startsWith(__dirname)) return false;
    if (/['"]node:test['"]/.test(text) || (readsAssertions && asserts(text))) return false;
    if (inPackage(file) || !throwsNoError.test(text)) return true;
    ranges.tellPartial();
    return false;
  }

  function entered() {
    if (!entering) return;
    entering = false;
    hide();
    note('first-line', '');
  }

  /** The moment before the first file is compiled, without a frame of ours in its stack. */
  function announceCompile() {
    const property = { configurable: true, enumerable: true };
    Object.defineProperty(nodeModule.prototype, '_compile', {
      ...property,
      get() {
        Object.defineProperty(nodeModule.prototype, '_compile', {
          ...property,
          writable: true,
          value: native,
        });
        entered();
        return native;
      },
      set(value) {
        Object.defineProperty(nodeModule.prototype, '_compile', { ...property, writable: true, value });
      },
    });
  }

  function installStacksOnce() {
    if (stacks) return true;
    let compileSite = null;
    // A frame of ours that compiles reads as Node's own would.
    stacks = installStacks(ranges.original, (name) => (name.endsWith('_compile') ? compileSite : null));
    if (!stacks) return false;
    installFatal(ranges, stacks);
    const probe = new nodeModule('', null);
    probe.exports = stacks.frames;
    const frames = Reflect.apply(native, probe, ['return exports()', __filename, 'commonjs']);
    compileSite = frames.find((frame) => frame.getFileName() === 'node:internal/modules/cjs/loader') ?? null;
    return true;
  }
};

const asserts = (text) =>
  /['"](?:node:)?assert(?:\/strict)?['"]/.test(text) && /\b(?:assert|ok|assert\.ok|strict)\s*\(/.test(text);

function showsOwnLines() {
  if (process.env.NODE_V8_COVERAGE) return true;
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return options.some((option) => showsLines.test(option));
}
