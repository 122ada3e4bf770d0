'use strict';
/* oxlint-disable no-underscore-dangle -- these are Node's own names */
// The slow path: strips types in place if the file is only JavaScript with types, else has esbuild lower
// it. Loaded for files that are not in the cache, and gone from the program's sight afterwards.
const nodeModule = require('node:module');
const path = require('node:path');
const { withoutWarnings } = require('./loader-warnings.cjs');

const { extname } = path;
// Kept here, since they are taken out of require.cache.
let acorn;
let amaro;
let esbuild;
const commonJsWords = new Set(['require', 'module', 'exports', '__filename', '__dirname']);

/**
 * `{ code, format, map, imports, sourceMap }` of a file for a goal: `module`, `commonjs`, or
 * `either`, where the syntax decides.
 *
 * @throws a SyntaxError that shows file, line and column
 */
exports.compileTypeScript = function compileTypeScript(file, text, goal, options) {
  return outOfSight(() => strip(file, text, goal, options) ?? lower(file, text, goal, options));
};

/** Places of the literal specifiers in a module. */
exports.findImports = function findImports(code) {
  return outOfSight(() => parseAsserting(code)?.imports ?? []);
};

const moreThanTypes =
  /^[ \t]*(?:export\s+)?(?:const\s+)?(?:enum|namespace)\s+[\w$.]+\s*\{|^[ \t]*@\w[\w.]*(?:\(|[ \t]*$)|\bconstructor\s*\(\s*(?:private|public|protected|readonly)\s/m;

/** Positions stay; null where stripping is not enough. */
function strip(file, text, goal, options) {
  // What types alone do not explain; seen early because loading the stripper takes as long as the rest.
  if (extname(file).endsWith('x') || moreThanTypes.test(text)) return null;
  let code;
  try {
    code = stripTypes(text);
  } catch {
    return null;
  }
  if (code.length !== text.length || (options.experimentalDecorators === true && /@\w/.test(code)))
    return null;
  const shape = parse(code);
  if (!shape) return null;
  const isModule = shape.module;
  // Import syntax beside `require` and `module.exports`: TypeScript's own mixture, made CommonJS below.
  if (goal === 'commonjs' ? isModule : goal === 'either' && isModule && shape.commonJs) return null;
  const keep = options.verbatimModuleSyntax || options.preserveValueImports;
  if (!keep) code = blankUnused(code, shape);
  const { imports } = keep ? shape : (parse(code) ?? shape);
  const format = isModule || goal === 'module' ? 'module' : 'commonjs';
  return { code, format, map: 'same-positions', imports, sourceMap: null };
}

/** Types replaced by blanks. */
function stripTypes(text) {
  if (typeof nodeModule.stripTypeScriptTypes === 'function') {
    return withoutWarnings(() => nodeModule.stripTypeScriptTypes(text, { mode: 'strip' }));
  }
  amaro ??= require('amaro');
  return amaro.transformSync(text, { mode: 'strip-only' }).code;
}

/** What the stripped code is, or null where it is no JavaScript that every supported Node runs. */
function parse(code) {
  acorn ??= require('acorn');
  const shape = {
    module: false,
    commonJs: false,
    imports: [],
    dynamic: false,
    declarations: [],
    used: new Set(),
  };
  let tree;
  const settings = { ecmaVersion: 2025, allowHashBang: true, allowReturnOutsideFunction: true };
  try {
    tree = acorn.parse(code, { ...settings, sourceType: 'module', allowAwaitOutsideFunction: true });
  } catch {
    try {
      // Sloppy CommonJS: `with`, octal numbers, a variable called `await`.
      tree = acorn.parse(code, { ...settings, sourceType: 'script' });
    } catch {
      return null;
    }
  }
  const declared = new Set();
  visit(tree, null, 0);
  shape.commonJs = [...commonJsWords].some((word) => shape.used.has(word) && !declared.has(word));
  return shape;

  function visit(node, parent, depth) {
    switch (node.type) {
      case 'ImportDeclaration':
        shape.module = true;
        shape.imports.push([node.source.start, node.source.end, 'static']);
        shape.declarations.push(node);
        for (const { local } of node.specifiers) declared.add(local.name);
        return;
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        shape.module = true;
        if (node.source) {
          shape.imports.push([node.source.start, node.source.end, 'static']);
          return;
        }
        break;
      case 'ExportDefaultDeclaration':
        shape.module = true;
        break;
      case 'MetaProperty':
        if (node.meta.name === 'import') shape.module = true;
        return;
      case 'AwaitExpression':
        if (depth === 0) shape.module = true;
        break;
      case 'ForOfStatement':
        if (node.await && depth === 0) shape.module = true;
        break;
      case 'ImportExpression':
        if (node.source.type === 'Literal' && typeof node.source.value === 'string') {
          shape.imports.push([node.source.start, node.source.end, 'dynamic']);
        } else shape.imports.push([node.source.start, node.source.end, 'computed']);
        break;
      case 'VariableDeclarator':
        if (node.id.type === 'Identifier') declared.add(node.id.name);
        break;
      case 'Identifier':
        shape.used.add(node.name);
        return;
      case 'MemberExpression':
        visit(node.object, node, depth);
        if (node.computed) visit(node.property, node, depth);
        return;
      case 'PropertyDefinition':
      case 'MethodDefinition':
      case 'Property':
        if (!node.computed && !node.shorthand) {
          if (node.value) visit(node.value, node, depth);
          return;
        }
        break;
      default:
    }
    const inner = /Function|StaticBlock|PropertyDefinition/.test(node.type) ? depth + 1 : depth;
    for (const name of Object.keys(node)) {
      const value = node[name];
      if (Array.isArray(value)) {
        for (const each of value) if (each && typeof each.type === 'string') visit(each, node, inner);
      } else if (value && typeof value.type === 'string') visit(value, node, inner);
    }
  }
}

/** The same with `assert` for `with`, which Node 20 takes and the parser does not; positions stay. */
const parseAsserting = (code) => parse(code) ?? parse(code.replace(/(["']\s*)assert(?=\s*\{)/g, '$1with  '));

/**
 * TypeScript drops imports that are used as types only, and people rely on it: after stripping, nothing
 * names them any more.
 */
function blankUnused(code, shape) {
  for (const node of shape.declarations) {
    if (node.specifiers.length === 0) continue;
    const unused = node.specifiers.filter(({ local }) => !shape.used.has(local.name));
    if (unused.length === 0) continue;
    if (unused.length === node.specifiers.length) {
      code = blank(code, node.start, node.end);
      continue;
    }
    // A default or a namespace that goes leaves a comma at which the parser would stumble; rare, and harmless to keep.
    for (const specifier of unused) {
      if (specifier.type !== 'ImportSpecifier') continue;
      let end = specifier.end;
      const comma = /^\s*,/.exec(code.slice(end));
      if (comma) end += comma[0].length;
      code = blank(code, specifier.start, end);
    }
  }
  return code;
}
const blank = (code, start, end) =>
  code.slice(0, start) + code.slice(start, end).replace(/[^\r\n\u2028\u2029]/g, ' ') + code.slice(end);

/** Everything else: enums, parameter properties, decorators, JSX, newer syntax, mixtures of module systems. */
function lower(file, text, goal, options) {
  const { transformSync } = loadEsbuild();
  const extension = extname(file);
  const settings = {
    loader: extension === '.tsx' ? 'tsx' : extension === '.jsx' ? 'jsx' : 'ts',
    sourcefile: file,
    sourcemap: 'external',
    sourcesContent: false,
    target: `node${process.versions.node.split('.').slice(0, 2).join('.')}`,
    minify: false,
    keepNames: false,
    logLevel: 'silent',
    logLimit: 1,
    supported: { decorators: false, using: false },
    tsconfigRaw: { compilerOptions: { ...options, target: undefined, ...classFields(options) } },
  };
  let result;
  try {
    let format = goal;
    if (format !== 'commonjs')
      result = { format: 'module', ...transformSync(text, { ...settings, format: 'esm' }) };
    if (format === 'either') {
      const shape = parseAsserting(result.code);
      format = shape && shape.module && !shape.commonJs ? 'module' : 'commonjs';
    }
    if (format === 'commonjs') result = { format, ...transformSync(text, { ...settings, format: 'cjs' }) };
  } catch (error) {
    throw syntaxError(file, text, error); /* node-do-not-add-exception-line */
  }
  const shape = parseAsserting(result.code) ?? { imports: [] };
  return {
    code: result.code,
    format: result.format,
    map: 'source-map',
    imports: shape.imports,
    sourceMap: result.map,
  };
}

/** Without its worker thread, which would stand among the program's own and outlive the compiling. */
function loadEsbuild() {
  if (esbuild !== undefined) return esbuild;
  const { env } = process;
  const before = env.ESBUILD_WORKER_THREADS;
  env.ESBUILD_WORKER_THREADS = '0';
  try {
    esbuild = require('esbuild');
  } finally {
    if (before === undefined) delete env.ESBUILD_WORKER_THREADS;
    else env.ESBUILD_WORKER_THREADS = before;
  }
  return esbuild;
}

/** TypeScript's rule: fields are defined, not assigned, from ES2022 on, unless told otherwise. */
function classFields({ target, useDefineForClassFields }) {
  if (useDefineForClassFields !== undefined || typeof target !== 'string') return {};
  return { useDefineForClassFields: /^es(?:2022|2023|2024|2025|next)$/i.test(target) };
}

function syntaxError(file, text, cause) {
  const first = cause && Array.isArray(cause.errors) ? cause.errors[0] : undefined;
  if (!first) return cause;
  const error = new SyntaxError(first.text);
  const place = first.location;
  if (place) {
    // esbuild counts columns in bytes.
    const line = text.split(/\r\n|[\n\r\u2028\u2029]/)[place.line - 1] ?? place.lineText;
    const column = Buffer.from(line).subarray(0, place.column).toString().length;
    const length = Math.max(1, Math.min(place.length, line.length - column));
    const caret = line.slice(0, column).replace(/[^\t]/g, ' ') + '^'.repeat(length);
    const stack = `${file}:${place.line}\n${line}\n${caret}\n\nSyntaxError: ${first.text}\n    at ${file}:${place.line}:${column + 1}`;
    Object.defineProperty(error, 'stack', {
      value: stack,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
  return error;
}

/** Runs what loads packages of ours, and takes them from `require.cache` again. */
function outOfSight(work) {
  const cache = nodeModule._cache;
  const before = new Set(Object.keys(cache));
  try {
    return work();
  } finally {
    for (const name of Object.keys(cache)) if (!before.has(name)) delete cache[name];
  }
}
