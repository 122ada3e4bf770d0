'use strict';
// tsconfig.json as far as running needs it: which one is nearest, `extends`, the options that change
// what code does, and `paths`. Read by hand because a package would cost start-up and stay in the
// program's require.cache.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const { readFileSync, statSync } = fs;
const { dirname, join, resolve, isAbsolute } = path;
const none = { file: null, options: {}, paths: null };
const byFolder = new Map();
const byFile = new Map();

/** The settings for a source file: `{ file, options, paths: { base, entries } | null }`. */
exports.settingsFor = function settingsFor(file) {
  return settingsOfFolder(dirname(file));
};

function settingsOfFolder(folder) {
  const known = byFolder.get(folder);
  if (known) return known;
  byFolder.set(folder, none);
  const candidate = join(folder, 'tsconfig.json');
  let found;
  if (isFile(candidate)) {
    try {
      found = read(candidate, 0);
    } catch {
      // A broken tsconfig must not keep a program from running that does not need it.
      found = none;
    }
  } else {
    const above = dirname(folder);
    found = above === folder || folder.endsWith(`${path.sep}node_modules`) ? none : settingsOfFolder(above);
  }
  byFolder.set(folder, found);
  return found;
}

function read(file, depth) {
  const known = byFile.get(file);
  if (known) return known;
  const json = parseRelaxed(readFileSync(file, 'utf8'));
  let options = {};
  let paths = null;
  if (json.extends && depth < 20) {
    for (const base of Array.isArray(json.extends) ? json.extends : [json.extends]) {
      const where = resolveExtends(base, file);
      if (!where) continue;
      const inherited = read(where, depth + 1);
      options = { ...options, ...inherited.options };
      paths = inherited.paths ?? paths;
    }
  }
  const folder = dirname(file);
  const own = { ...json.compilerOptions };
  if (typeof own.baseUrl === 'string')
    own.baseUrl = resolve(folder, own.baseUrl.replace('${configDir}', folder));
  options = { ...options, ...own };
  if (own.paths && typeof own.paths === 'object') {
    paths = { base: options.baseUrl ?? folder, entries: own.paths };
  }
  const settings = { file, options, paths };
  byFile.set(file, settings);
  return settings;
}

function resolveExtends(base, from) {
  if (typeof base !== 'string') return null;
  if (base.startsWith('.') || isAbsolute(base)) {
    const target = resolve(dirname(from), base);
    for (const each of [target, `${target}.json`, join(target, 'tsconfig.json')])
      if (isFile(each)) return each;
    return null;
  }
  const find = createRequire(from);
  for (const each of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      const target = find.resolve(each);
      if (target.endsWith('.json')) return target;
    } catch {
      // The next form may exist.
    }
  }
  return null;
}

/** Files that `paths` (or `baseUrl`) offers for a bare specifier, best first, without extensions tried. */
exports.mappedPaths = function mappedPaths(settings, specifier) {
  const found = [];
  const { paths, options } = settings;
  if (paths) {
    let best = null;
    for (const pattern of Object.keys(paths.entries)) {
      const star = pattern.indexOf('*');
      if (star < 0) {
        if (pattern === specifier) {
          best = { pattern, length: Infinity, rest: '' };
          break;
        }
        continue;
      }
      const head = pattern.slice(0, star);
      const tail = pattern.slice(star + 1);
      if (specifier.length < head.length + tail.length) continue;
      if (!specifier.startsWith(head) || !specifier.endsWith(tail)) continue;
      if (best && best.length >= head.length) continue;
      best = {
        pattern,
        length: head.length,
        rest: specifier.slice(head.length, specifier.length - tail.length),
      };
    }
    if (best) {
      const targets = paths.entries[best.pattern];
      for (const target of Array.isArray(targets) ? targets : []) {
        const file = target.replace('${configDir}', dirname(settings.file)).replace('*', () => best.rest);
        found.push(resolve(paths.base, file));
      }
    }
  }
  if (typeof options.baseUrl === 'string') found.push(resolve(options.baseUrl, specifier));
  return found;
};

function isFile(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isFile();
}

/** JSON with comments and trailing commas. */
function parseRelaxed(text) {
  let out = '';
  for (let i = 0; i < text.length;) {
    const c = text[i];
    if (c === '"') {
      let end = i + 1;
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      out += text.slice(i, end + 1);
      i = end + 1;
    } else if (c === '/' && text[i + 1] === '/') {
      while (i < text.length && text[i] !== '\n') i++;
    } else if (c === '/' && text[i + 1] === '*') {
      const end = text.indexOf('*/', i + 2);
      i = end < 0 ? text.length : end + 2;
    } else if (c === ',' && /^\s*(?:\/\/[^\n]*\s*|\/\*[^]*?\*\/\s*)*[}\]]/.test(text.slice(i + 1))) {
      i++;
    } else {
      out += c;
      i++;
    }
  }
  return JSON.parse(out.replace(/^\uFEFF/, ''));
}
