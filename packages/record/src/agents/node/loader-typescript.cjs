'use strict';
// TypeScript into JavaScript, through a cache of files: the compilers are loaded only for what was never
// seen before.
const fs = require('node:fs');
const path = require('node:path');
const { packageType } = require('./loader-resolve.cjs');
const { settingsFor } = require('./loader-tsconfig.cjs');

const { readFileSync, writeFileSync, renameSync, mkdirSync, unlinkSync } = fs;
const { dirname, join, extname } = path;
/** Raised whenever the result for the same text changes. */
const version = 3;
const mark = '\n//# whetstone=';

/**
 * What runs in place of a TypeScript file.
 *
 * `{ code, format, map, ran, imports }`: `imports` are the places `[start, end, kind]` of specifiers in `code`,
 * `static`, `dynamic` or `computed`; `ran` is the cached file, with the source map beside it as `<ran>.map`
 * where `map` is `source-map`.
 *
 * `forceCommonJs` is for engines on which `require` cannot load a graph of TypeScript modules.
 */
exports.transpile = function transpile(file, text, cacheFolder, forceCommonJs = false) {
  const { options } = settingsFor(file);
  const relevant = relevantOptions(options);
  const goal = forceCommonJs ? 'commonjs' : goalOf(file);
  const extension = extname(file);
  const key = hash(`${version}|${process.version}|${extension}|${goal}|${JSON.stringify(relevant)}|${text}`);
  const ran = join(cacheFolder, `${key}${goal === 'module' ? '.mjs' : '.js'}`);
  const cached = readCached(ran);
  if (cached) return cached;
  const { compileTypeScript } = require('./loader-compile-typescript.cjs');
  const { sourceMap, ...result } = compiling(() => compileTypeScript(file, text, goal, relevant));
  const { code, ...rest } = result;
  let written = false;
  if (sourceMap === null || write(`${ran}.map`, sourceMap)) {
    written = write(ran, `${code}${mark}${JSON.stringify({ ...rest, check: hash(code) })}\n`);
  }
  return { ...result, ran: written ? ran : null, sourceMap };
};

let isAtWork = false;

/** Whether a compiler runs just now: the processes that it starts are ours, and no wait of the program's. */
exports.isCompiling = () => isAtWork;

function compiling(work) {
  isAtWork = true;
  try {
    return work();
  } finally {
    isAtWork = false;
  }
}

function goalOf(file) {
  const extension = extname(file);
  if (extension === '.mts') return 'module';
  if (extension === '.cts') return 'commonjs';
  const type = packageType(dirname(file));
  return type === 'none' ? 'either' : type;
}

const names = [
  'experimentalDecorators',
  'useDefineForClassFields',
  'target',
  'verbatimModuleSyntax',
  'preserveValueImports',
  'importsNotUsedAsValues',
  'jsx',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
  'alwaysStrict',
  'strict',
];
function relevantOptions(options) {
  const relevant = {};
  for (const name of names) if (options[name] !== undefined) relevant[name] = options[name];
  return relevant;
}

function readCached(ran) {
  try {
    const text = readFileSync(ran, 'utf8');
    const at = text.lastIndexOf(mark);
    if (at < 0) return null;
    const { check, ...rest } = JSON.parse(text.slice(at + mark.length));
    const code = text.slice(0, at);
    if (check !== hash(code)) return null;
    return { code, ...rest, ran, sourceMap: null };
  } catch {
    return null;
  }
}

/** Under another name first, so that nobody reads a half-written file. */
function write(file, text) {
  const temporary = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
    return true;
  } catch {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never there.
    }
    return false;
  }
}

/**
 * 106 bits in hexadecimal. Not cryptographic: the cache belongs to the user, and loading node:crypto takes
 * longer than this does for most files.
 */
function hash(text) {
  return hash53(text, 1) + hash53(text, 2);
}
function hash53(text, seed) {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(14, '0');
}
