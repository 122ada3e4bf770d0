'use strict';
// What a specifier means where TypeScript is about: `./x.js` is `./x.ts`, extensions and `index` may be
// left out, `paths` of tsconfig.json. Every function gives an absolute file or null; null leaves the
// specifier to Node, so that its errors stay Node's.
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { mappedPaths, settingsFor } = require('./loader-tsconfig.cjs');

const { statSync, readFileSync } = fs;
const { dirname, join, resolve, isAbsolute, extname, sep } = path;
const twins = { '.js': ['.ts', '.tsx'], '.mjs': ['.mts'], '.cjs': ['.cts'], '.jsx': ['.tsx'] };
const guesses = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

/** Files that are made into JavaScript before they run. */
const isTypeScript = (file) => /\.(?:[cm]?ts|[tj]sx)$/.test(file) && !/\.d\.[cm]?ts$/.test(file);
exports.isTypeScript = isTypeScript;

const inPackage = (file) => file.includes(`${sep}node_modules${sep}`);
exports.inPackage = inPackage;

/** What Node would not find, or would find otherwise than a TypeScript file means it. */
exports.resolveFrom = function resolveFrom(specifier, parent, { typeScriptFirst }) {
  if (inPackage(parent)) return null;
  if (isPath(specifier)) {
    return findFile(isAbsolute(specifier) ? specifier : resolve(dirname(parent), specifier), typeScriptFirst);
  }
  if (specifier.startsWith('#')) return resolveInternal(specifier, dirname(parent));
  // What Node brings along comes before the folders of a `baseUrl`, as the compiler types it.
  if (/^[a-z][\w+.-]*:/i.test(specifier) || isBuiltin(specifier)) return null;
  return resolveMapped(specifier, dirname(parent));
};

/**
 * `#name` by the `imports` of the nearest package.json, where it leads to what is not there as it is written: `./src/*.js`
 * for `./src/x.ts`. Whatever else it may mean is Node's affair.
 */
function resolveInternal(specifier, folder) {
  const found = importsOf(folder);
  if (found === null) return null;
  let best = null;
  for (const [key, target] of Object.entries(found.imports)) {
    const [head, tail] = key.split('*');
    if (tail === undefined ? key !== specifier : !matches(specifier, head, tail)) continue;
    if (best !== null && best.head.length >= head.length) continue;
    const rest = tail === undefined ? '' : specifier.slice(head.length, specifier.length - tail.length);
    best = { head: tail === undefined ? specifier : head, target, rest };
  }
  const target = best === null ? null : conditional(best.target);
  if (typeof target !== 'string' || !target.startsWith('./')) return null;
  const file = resolve(
    found.folder,
    target.replaceAll('*', () => best.rest),
  );
  return isFile(file) ? null : findFile(file, true);
}

const matches = (specifier, head, tail) =>
  specifier.length >= head.length + tail.length && specifier.startsWith(head) && specifier.endsWith(tail);

/** The first target that an `import` takes. */
function conditional(target) {
  if (typeof target !== 'object' || target === null || Array.isArray(target)) return target;
  for (const [condition, inner] of Object.entries(target)) {
    if (!['node', 'import', 'module-sync', 'default'].includes(condition)) continue;
    const found = conditional(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function importsOf(folder) {
  try {
    const { imports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof imports === 'object' && imports !== null ? { folder, imports } : null;
  } catch (error) {
    const above = dirname(folder);
    return error.code !== 'ENOENT' || above === folder ? null : importsOf(above);
  }
}

/** A bare specifier by the `paths` of the tsconfig that governs a folder. */
function resolveMapped(specifier, folder) {
  const settings = settingsFor(join(folder, 'x.ts'));
  if (!settings.paths && settings.options.baseUrl === undefined) return null;
  for (const candidate of mappedPaths(settings, specifier)) {
    const found = findFile(candidate, true);
    // Types alone are for the compiler: what runs lies where Node looks.
    if (found && !/\.d\.[cm]?ts$/.test(found)) return found;
  }
  return null;
}
exports.resolveMapped = resolveMapped;

/** The file that a path without, or with the wrong, extension stands for. */
function findFile(target, typeScriptFirst) {
  const trailing = /[\\/]$/.test(target);
  const bare = trailing ? target.slice(0, -1) : target;
  if (!trailing) {
    const extension = extname(bare);
    const exact = isFile(bare);
    if (exact && !typeScriptFirst) return bare;
    for (const twin of twins[extension] ?? []) {
      const file = bare.slice(0, -extension.length) + twin;
      if (isFile(file)) return file;
    }
    if (exact) return bare;
    for (const guess of guesses) if (isFile(bare + guess)) return bare + guess;
  }
  if (!statSync(bare, { throwIfNoEntry: false })?.isDirectory()) return null;
  const main = mainOf(bare);
  if (main) {
    const found = findFile(resolve(bare, main), typeScriptFirst);
    if (found) return found;
  }
  for (const guess of guesses) if (isFile(join(bare, `index${guess}`))) return join(bare, `index${guess}`);
  return null;
}
exports.findFile = findFile;

function mainOf(folder) {
  try {
    const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof main === 'string' && !/^\.?\/?$/.test(main) ? main : null;
  } catch {
    return null;
  }
}

const types = new Map();

/** The nearest package's `type`: `module`, `commonjs` or `none`. */
exports.packageType = function packageType(folder) {
  const known = types.get(folder);
  if (known) return known;
  let type;
  try {
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type;
    type = found === 'module' || found === 'commonjs' ? found : 'none';
  } catch {
    const above = dirname(folder);
    type = above === folder || folder.endsWith(`${sep}node_modules`) ? 'none' : packageType(above);
  }
  types.set(folder, type);
  return type;
};

const isPath = (specifier) => /^\.{0,2}(?:\/|$)/.test(specifier) || isAbsolute(specifier);
exports.isPath = isPath;

function isFile(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isFile();
}
