'use strict';
// CommonJS: where Node looks for files, and how it compiles them.
const nodeModule = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { countLines } = require('./loader-ranges.cjs');
const { withoutWarnings } = require('./loader-warnings.cjs');
const { findFile, inPackage, isPath, isTypeScript, resolveMapped } = require('./loader-resolve.cjs');

const Module = nodeModule;
const { dirname, sep, resolve } = path;
const { compileFunction } = vm;
const dynamicImport = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const wrap = nodeModule.wrap;
const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Lets `require` find TypeScript. Only what Node does not find is looked for, `paths` apart. */
exports.installFindPath = function installFindPath() {
  const native = Module._findPath;
  Module._findPath = function (request, paths, isMain) {
    const mapped = mapRequest(request, paths);
    if (mapped) return mapped;
    const found = Reflect.apply(native, this, arguments);
    if (found || typeof request !== 'string' || isMain) return found;
    if (!isPath(request)) return found;
    const folders = path.isAbsolute(request) ? [''] : Array.isArray(paths) ? paths : [];
    for (const folder of folders) {
      const target = resolve(folder, request);
      const file = inPackage(target) ? null : findFile(/[\\/]$/.test(request) ? `${target}${sep}` : target, false);
      if (file) return file;
    }
    return found;
  };
  function mapRequest(request, paths) {
    if (typeof request !== 'string' || isPath(request) || !Array.isArray(paths)) return null;
    // The first place to look is `node_modules` beside the file that asks.
    const [first] = paths;
    if (typeof first !== 'string' || !first.endsWith(`${sep}node_modules`)) return null;
    const folder = dirname(first);
    return inPackage(first) || folder.includes(`${sep}node_modules`) ? null : resolveMapped(request, folder);
  }
};

/**
 * Compiles CommonJS files with lines of their own, and TypeScript where no hooks of Node's own do that.
 *
 * The compiled function gets the `require` that Node makes for the module; what cannot be compiled so
 * goes Node's way, so that its errors and its detection of module syntax stay Node's.
 */
exports.installCompile = function installCompile({ ranges, transpile, isRanged, entered }) {
  const native = Module.prototype._compile;
  // Node 20 loses the addresses of a main module that was collected.
  const kept = [];

  Module.prototype._compile = function (content, filename, format) {
    if (typeof filename !== 'string' || filename.startsWith(__dirname)) {
      return Reflect.apply(native, this, [content, filename, format]);
    }
    entered();
    let text = content;
    let kind = format;
    let result = null;
    if (transpile && isTypeScript(filename) && !inPackage(filename)) {
      result = transpile(filename, text, this !== process.mainModule && this.id !== '.');
      text = result.code;
      kind = result.format;
      if (kind === 'module') return Reflect.apply(native, this, [text, filename, kind]);
    }
    const compiled = kind !== 'module' && isRanged(filename, text) ? compile(text, filename, result) : null;
    if (!compiled) {
      if (result) ranges.add(filename, scriptOf(filename, text, 0, result));
      return Reflect.apply(native, this, [text, filename, kind]);
    }
    // The only way to Node's own `require` for this module is to have Node compile something.
    const require = Reflect.apply(native, this, ['return require', __filename, 'commonjs']);
    const exports = this.exports;
    return Reflect.apply(compiled, exports, [exports, require, this, filename, dirname(filename)]);
  };

  function compile(text, filename, result) {
    // Somebody wraps modules in a way of their own.
    if (nodeModule.wrap !== wrap || typeof text !== 'string') return null;
    const lines = countLines(text);
    const base = ranges.offset(lines);
    if (base === 0) return null;
    if (/\bimport\b/.test(text)) warmUp();
    try {
      const compiled = compileFunction(text, parameters, {
        filename,
        lineOffset: base,
        importModuleDynamically: dynamicImport,
      });
      ranges.add(filename, scriptOf(filename, text, base, result));
      kept.push(compiled);
      return compiled;
    } catch {
      return null;
    }
  }
  return { native };
};

let warm = false;

/** Node warns of this feature at its first use, which is our affair and not the program's. */
function warmUp() {
  if (warm) return;
  warm = true;
  const options = { filename: __filename, importModuleDynamically: dynamicImport };
  withoutWarnings(() => compileFunction('import("node:module")', [], options)());
}

/** The record of a file that ran. */
function scriptOf(file, text, base, result, padding = 0) {
  return {
    file,
    base,
    lines: countLines(text),
    padding,
    ran: result ? result.ran : null,
    map: result ? result.map : 'none',
    sourceMap: result ? result.sourceMap : null,
  };
}
exports.scriptOf = scriptOf;
