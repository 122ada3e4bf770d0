'use strict';
/* oxlint-disable no-underscore-dangle -- these are Node's own names */
// CommonJS: where Node looks for files, and how it compiles them.
const fs = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { countLines } = require('./loader-ranges.cjs');
const { redirect } = require('./loader-redirect.cjs');
const { withoutWarnings } = require('./loader-warnings.cjs');
const { findFile, inPackage, isPath, isTypeScript, resolveMapped } = require('./loader-resolve.cjs');

const Module = nodeModule;
const { readFileSync } = fs;
const { dirname, sep, resolve } = path;
const { compileFunction } = vm;
const dynamicImport = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const wrap = nodeModule.wrap;
const hasHooks = typeof nodeModule.registerHooks === 'function';
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
      const file = inPackage(target)
        ? null
        : findFile(/[\\/]$/.test(request) ? `${target}${sep}` : target, false);
      if (file) return file;
    }
    return found;
  };
};

function mapRequest(request, paths) {
  if (typeof request !== 'string' || isPath(request) || !Array.isArray(paths)) return null;
  // The first place to look is `node_modules` beside the file that asks.
  const [first] = paths;
  if (typeof first !== 'string' || !first.endsWith(`${sep}node_modules`)) return null;
  const folder = dirname(first);
  return inPackage(first) || folder.includes(`${sep}node_modules`) ? null : resolveMapped(request, folder);
}

/**
 * Compiles CommonJS files with lines of their own, and TypeScript where no hooks of Node's own do that.
 *
 * The compiled function gets the `require` that Node makes for the module. What cannot be compiled so
 * goes Node's way with no frame of ours on the stack, so that its errors and its detection of module syntax
 * stay Node's: that is why `_compile` is looked up, file by file, rather than replaced.
 */
exports.installCompile = function installCompile({
  ranges,
  transpile,
  isRanged,
  entered,
  sources,
  cryptoWanted,
}) {
  const native = Module.prototype._compile;
  // Node 20 loses the addresses of a main module that was collected.
  const kept = [];

  /** `prepared`: the file as it lies on disk, compiled already; hooks may bring another text. */
  function compileWith(prepared) {
    return function _compile(content, filename, format) {
      let compiled = null;
      let text = content;
      let kind = format;
      if (prepared && content === prepared.text && filename === prepared.filename && format !== 'module') {
        ({ compiled } = prepared);
      } else {
        const translated = translate(this, content, filename, format);
        ({ text, kind } = translated);
        const { result, inserted } = translated;
        compiled = compile(text, filename, kind, result, inserted);
        if (!compiled && result && kind !== 'module') {
          ranges.add(filename, scriptOf(filename, text, 0, result, { inserted }));
        }
      }
      // Node compiles `return require` for us: the only way to its own `require` for this module.
      return compiled
        ? Reflect.apply(compiled, this.exports, [
            this.exports,
            Reflect.apply(native, this, ['return require', __filename, 'commonjs']),
            this,
            filename,
            dirname(filename),
          ])
        : Reflect.apply(native, this, [text, filename, kind]);
    };
  }
  // What somebody calls who took `_compile` from the prototype to put something of his own there.
  const general = compileWith(null);

  // Stacks name a frame of Node's own after the property that holds its function.
  Object.setPrototypeOf(
    Module.prototype,
    Object.create(Object.getPrototypeOf(Module.prototype), {
      _compile: { value: native, configurable: true, enumerable: true, writable: true },
    }),
  );
  Object.defineProperty(Module.prototype, '_compile', {
    configurable: true,
    enumerable: true,
    get() {
      const { filename } = this;
      if (typeof filename !== 'string' || !(this instanceof Module)) return general;
      if (filename.startsWith(__dirname)) return native;
      entered();
      if (transpile && isTypeScript(filename) && !inPackage(filename)) return general;
      const text = sourceOf(filename);
      const compiled = text === null ? null : compile(text, filename, undefined, null);
      if (!compiled) return native;
      return compileWith({ text, filename, compiled });
    },
    set(value) {
      Object.defineProperty(this, '_compile', {
        configurable: true,
        enumerable: true,
        writable: true,
        value,
      });
    },
  });

  function sourceOf(filename) {
    const known = sources.get(filename);
    if (known !== undefined) {
      sources.delete(filename);
      return known;
    }
    try {
      return readFileSync(filename, 'utf8');
    } catch {
      return null;
    }
  }

  function translate(module, content, filename, format) {
    if (!transpile || typeof filename !== 'string' || !isTypeScript(filename) || inPackage(filename)) {
      return { text: content, kind: format, result: null };
    }
    // Node 20 could not load what a required TypeScript module imports.
    const result = transpile(filename, content, module !== process.mainModule && module.id !== '.');
    if (result.format === 'module') return { text: result.code, kind: result.format, result };
    // Node asks nobody what an `import()` of CommonJS means.
    const { code, inserted } = redirect(result.code, result.imports, filename, { commonJs: true });
    return { text: code, kind: result.format, result, inserted };
  }

  function compile(text, filename, kind, result, inserted) {
    if (namesCrypto(text)) cryptoWanted();
    // Somebody wraps modules in a way of their own.
    if (nodeModule.wrap !== wrap || typeof text !== 'string' || typeof filename !== 'string') return null;
    if (kind === 'module' || !isRanged(filename, text)) return null;
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
      ranges.add(filename, scriptOf(filename, text, base, result, { inserted }));
      kept.push(compiled);
      return compiled;
    } catch {
      return null;
    }
  }

  return { native };
};

/** Whether a file may ask for `node:crypto`, where no hook of Node's own tells. */
function namesCrypto(text) {
  return !hasHooks && typeof text === 'string' && text.includes('crypto');
}
exports.namesCrypto = namesCrypto;

let warm = false;

/** Node warns of this feature at its first use, which is our affair and not the program's. */
function warmUp() {
  if (warm) return;
  warm = true;
  const options = { filename: __filename, importModuleDynamically: dynamicImport };
  withoutWarnings(() => compileFunction('import("node:module")', [], options)());
}

/** The record of a file that ran. */
function scriptOf(file, text, base, result, { padding = 0, inserted = [] } = {}) {
  return {
    file,
    base,
    lines: countLines(text),
    padding,
    ran: result ? result.ran : null,
    map: result ? result.map : 'none',
    sourceMap: result ? result.sourceMap : null,
    ...(inserted.length > 0 && { inserted }),
  };
}
exports.scriptOf = scriptOf;
