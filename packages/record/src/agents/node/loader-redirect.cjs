'use strict';
// Without Node's hooks nobody is asked what an import means: the text itself is made to say it.
const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { resolveFrom } = require('./loader-resolve.cjs');

const { extname } = path;

/**
 * Points specifiers at the files that they mean; `inserted` says from where on the text is how much longer.
 *
 * `commonJs`: the text has `__filename`, and no `import.meta`.
 */
exports.redirect = function redirect(code, imports, file, { typeScriptFirst = true, commonJs = false } = {}) {
  let out = '';
  let last = 0;
  const inserted = [];
  const replace = (start, end, text) => {
    out += code.slice(last, start) + text;
    last = end;
    inserted.push([end, text.length - (end - start)]);
  };
  for (const [start, end, kind] of imports.toSorted((a, b) => a[0] - b[0])) {
    if (start < last) continue;
    if (kind === 'computed') {
      provideResolver();
      const asked = `process[Symbol.for(${JSON.stringify(resolverName)})](${code.slice(start, end)}, ${commonJs ? '__filename' : 'import.meta.url'})`;
      replace(start, end, asked);
      continue;
    }
    let specifier;
    try {
      specifier = JSON.parse(
        `"${code
          .slice(start + 1, end - 1)
          .replaceAll('"', '\\"')
          .replaceAll("\\'", "'")}"`,
      );
    } catch {
      continue;
    }
    const [bare, query] = splitQuery(specifier);
    const found = resolveFrom(fromUrl(bare), file, { typeScriptFirst });
    if (!found) continue;
    const untyped =
      extname(found) === '.json' && kind === 'static' && !/^\s*(?:with|assert)\b/.test(code.slice(end));
    const attributes = untyped ? ' with { type: "json" }' : '';
    replace(start, end, JSON.stringify(pathToFileURL(found).href + query) + attributes);
  }
  return { code: out + code.slice(last), inserted };
};

const resolverName = 'whetstone.resolve';

/** What the text of a file calls for a specifier that only the running program knows. */
function provideResolver() {
  const name = Symbol.for(resolverName);
  if (process[name]) return;
  Object.defineProperty(process, name, {
    value(specifier, parent) {
      if (typeof specifier !== 'string') return specifier;
      const [bare, query] = splitQuery(specifier);
      const file = parent.startsWith('file:') ? fileURLToPath(parent) : parent;
      const found = resolveFrom(fromUrl(bare), file, { typeScriptFirst: true });
      return found ? pathToFileURL(found).href + query : specifier;
    },
  });
}

function splitQuery(specifier) {
  const at = specifier.search(/[?#]/);
  return at <= 0 ? [specifier, ''] : [specifier.slice(0, at), specifier.slice(at)];
}
exports.splitQuery = splitQuery;

function fromUrl(specifier) {
  try {
    return specifier.startsWith('file:')
      ? fileURLToPath(specifier)
      : /^\.{0,2}\//.test(specifier)
        ? decodeURIComponent(specifier)
        : specifier;
  } catch {
    return specifier;
  }
}
exports.fromUrl = fromUrl;
