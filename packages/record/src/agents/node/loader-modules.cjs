'use strict';
// ES modules. From 22.15 on by Node's own hooks in the thread; before by what Node's loader does on its
// way, because hooks off the thread cost 25 ms at start-up.
const fs = require('node:fs');
const nodeModule = require('node:module');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { namesCrypto, scriptOf } = require('./loader-commonjs.cjs');
const { countLines } = require('./loader-ranges.cjs');
const { fromUrl, redirect, splitQuery } = require('./loader-redirect.cjs');
const { inPackage, isTypeScript, resolveFrom } = require('./loader-resolve.cjs');

const { readFileSync } = fs;

/** The text of a module as it is given to the engine: padded, and known by then. */
function padded(ranges, url, file, code, result, isRanged, inserted = []) {
  let base = 0;
  if (isRanged(file, code)) {
    base = ranges.padding(countLines(code), inPackage(file));
  }
  if (base !== 0 || result) {
    ranges.add(url, scriptOf(file, code, base, result, { padding: base, inserted }));
  }
  // A hashbang is one only at the very start.
  return base === 0 ? code : '\n'.repeat(base) + (code.startsWith('#!') ? `//${code.slice(2)}` : code);
}

/** With `module.registerHooks`. */
exports.installHooks = function installHooks({
  ranges,
  transpile,
  isRanged,
  entered,
  sources,
  cryptoWanted,
}) {
  let resolving = false;
  nodeModule.registerHooks({
    load(url, context, next) {
      const file = pathOf(url);
      if (url === 'node:crypto') cryptoWanted();
      if (file === null) return next(url, context);
      entered(file);
      if (isTypeScript(file) && !inPackage(file)) {
        resolveToo();
        const result = transpile(file, readFileSync(file, 'utf8'), false);
        if (result.format === 'commonjs') {
          if (ranges.wanted) sources.set(file, result.code);
          // Ranges come when it is compiled; an `import` of it goes through `require` too.
          if (!ranges.compiles) ranges.add(file, scriptOf(file, result.code, 0, result));
          return { format: 'commonjs', source: result.code, shortCircuit: true };
        }
        return {
          format: 'module',
          source: padded(ranges, url, file, result.code, result, isRanged),
          shortCircuit: true,
        };
      }
      const loaded = next(url, context);
      if (ranges.wanted && (loaded.format ?? 'commonjs') === 'commonjs' && typeof loaded.source === 'string')
        sources.set(file, loaded.source);
      if (loaded.format !== 'module' || loaded.source == null) return loaded;
      const code = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source).toString();
      if (!resolving && needsResolving(code, file)) resolveToo();
      if (!ranges.wanted) return loaded;
      return { ...loaded, source: padded(ranges, url, file, code, null, isRanged) };
    },
  });
  // Only where TypeScript is met: a hook would show in the stacks of errors about missing modules.
  function resolveToo() {
    if (resolving) return;
    resolving = true;
    nodeModule.registerHooks({
      resolve(specifier, context, next) {
        const parent = context.parentURL ? pathOf(context.parentURL) : null;
        if (parent === null || inPackage(parent)) return next(specifier, context);
        const [bare, query] = splitQuery(specifier);
        const typeScript = isTypeScript(parent);
        let found = null;
        if (typeScript || !isThere(bare, parent))
          found = resolveFrom(fromUrl(bare), parent, { typeScriptFirst: typeScript });
        const isImport = context.conditions?.includes('import');
        if (!found) return next(specifier, context);
        const result = { url: pathToFileURL(found).href + query, shortCircuit: true };
        if (typeScript && isImport && found.endsWith('.json') && !context.importAttributes?.type) {
          result.importAttributes = { ...context.importAttributes, type: 'json' };
        }
        if (found.endsWith('.json')) result.format = 'json';
        return result;
      },
    });
  }
  return { resolveToo };
};

/**
 * Without `registerHooks`: Node's loader reads a module's text with `fs.promises.readFile(url)`, then asks
 * that very URL for its extension. Imports are pointed at the files they mean in the text itself.
 */
exports.installReadFile = function installReadFile({
  ranges,
  transpile,
  isRanged,
  entered,
  frames,
  cryptoWanted,
}) {
  const { promises } = fs;
  const native = promises.readFile;
  const replacement = {
    async readFile(file) {
      if (arguments.length !== 1 || !(file instanceof URL) || !isOurs(file) || !isLoader()) {
        return Reflect.apply(native, promises, arguments);
      }
      const name = fileURLToPath(file);
      entered(name);
      if (!isTypeScript(name) || inPackage(name)) {
        const code = String(await Reflect.apply(native, promises, [file]));
        if (namesCrypto(code)) cryptoWanted();
        if (!needsResolving(code, name)) return padded(ranges, file.href, name, code, null, isRanged);
        const adapted = adaptJavaScript(code, name);
        return padded(ranges, file.href, name, adapted.code, null, isRanged, adapted.inserted);
      }
      const result = transpile(name, readFileSync(name, 'utf8'), false);
      if (namesCrypto(result.code)) cryptoWanted();
      Object.defineProperty(file, 'pathname', { value: result.format === 'module' ? '/_.mjs' : '/_.cjs' });
      if (result.format !== 'module') return result.code;
      const { code, inserted } = redirect(result.code, result.imports, name);
      return padded(ranges, file.href, name, code, result, isRanged, inserted);
    },
  }.readFile;
  Object.defineProperty(replacement, 'length', { value: native.length });
  promises.readFile = replacement;

  function isLoader() {
    for (const frame of frames()) {
      const file = frame.getFileName();
      if (file === 'node:internal/modules/esm/load') return true;
    }
    return false;
  }
};

const isOurs = (url) => url.protocol === 'file:' && /\.(?:[cm]?[jt]s|[jt]sx)$/.test(url.pathname);

function adaptJavaScript(code, file) {
  const { findImports } = require('./loader-compile-typescript.cjs');
  return redirect(code, findImports(code), file, { typeScriptFirst: false });
}

const specifiers = /(?:\bfrom|\bimport|\bimport\s*\()\s*(["'])([^"'\n]+)\1/g;

/** Whether JavaScript imports what only TypeScript's rules find. */
function needsResolving(code, file) {
  if (inPackage(file)) return false;
  specifiers.lastIndex = 0;
  for (let match = specifiers.exec(code); match; match = specifiers.exec(code)) {
    const [bare] = splitQuery(match[2]);
    if (!isThere(bare, file) && resolveFrom(fromUrl(bare), file, { typeScriptFirst: false })) return true;
  }
  return false;
}

function isThere(specifier, parent) {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) return false;
  try {
    return (
      fs.statSync(new URL(specifier, pathToFileURL(parent)), { throwIfNoEntry: false })?.isFile() === true
    );
  } catch {
    return false;
  }
}

function pathOf(url) {
  if (!url.startsWith('file:')) return null;
  try {
    return fileURLToPath(url.replace(/[?#].*$/s, ''));
  } catch {
    return null;
  }
}
