import path from 'node:path';
import type { Collection } from '../collect/collection.ts';
import type { Module } from '../collect/module-graph.ts';

/** What a program loads, known before it starts. */
export interface ModuleMap {
  /** The text of `/.pack/modules.json`, which {@link mapLoader} reads. */
  readonly text: string;
  /** Files in the order in which they load, with the manifests that Node looks at. */
  readonly ahead: readonly string[];
}

/**
 * Of each folder, to which file a name leads that is required or imported there: Node need not look for it.
 *
 * @param placeOf the image's path of a file of the disk; of TypeScript, that of what it became
 */
export function moduleMap(
  modules: readonly Module[],
  collection: Collection,
  placeOf: (file: string) => string,
): ModuleMap {
  const files: string[] = [];
  const rows = new Map<string, number>();
  const kinds: number[] = [];
  const formats = new Map(modules.map(({ file, format }) => [file, format]));
  const rowOf = (file: string): number | undefined => {
    const place = placeOf(file);
    const known = rows.get(place);
    if (known !== undefined) return known;
    const kind = kindOf(place, formats.get(file), collection);
    if (kind === undefined) return undefined;
    rows.set(place, files.length);
    kinds.push(kind);
    files.push(place);
    return files.length - 1;
  };
  const tables = {
    require: {} as Record<string, Record<string, number>>,
    import: {} as Record<string, Record<string, number>>,
  };
  const ahead = new Set<string>();
  for (const { file, imports } of modules) {
    const place = placeOf(file);
    if (collection.get(place)?.kind !== 'file') continue;
    const manifest = manifestOf(place, collection);
    if (manifest !== undefined) ahead.add(manifest.path);
    ahead.add(place);
    const folder = path.posix.dirname(place);
    for (const one of imports) {
      const row = rowOf(one.file);
      if (row === undefined) continue;
      for (const specifier of specifiersOf(one.specifier, folder, files[row]!))
        (tables[one.kind][folder] ??= {})[specifier] = row;
    }
  }
  return {
    text: `${JSON.stringify({ files, kinds, ...tables })}\n`,
    ahead: [...ahead],
  };
}

/** How a file is loaded: 0 as Node finds out, 1 CommonJS, 2 a module; undefined where it is not in the image. */
function kindOf(place: string, format: Module['format'], collection: Collection): number | undefined {
  if (collection.get(place)?.kind !== 'file') return undefined;
  if (place.endsWith('.mjs')) return 2;
  if (place.endsWith('.cjs')) return 1;
  if (!place.endsWith('.js')) return 0;
  const isModule = manifestOf(place, collection)?.isModule ?? false;
  if (isModule) return 2;
  // A later Node looks at the syntax where the manifest does not say.
  return format === 'cjs' ? 1 : 0;
}

/** The manifest that is nearest above a file. */
function manifestOf(
  place: string,
  collection: Collection,
): { readonly path: string; readonly isModule: boolean } | undefined {
  for (let folder = path.posix.dirname(place); folder !== '.'; folder = path.posix.dirname(folder)) {
    const manifest = collection.manifest(`${folder}/package.json`);
    if (manifest) return { path: `${folder}/package.json`, isModule: manifest.type === 'module' };
  }
  return undefined;
}

/** As it stood in the source, and as it stands where TypeScript was compiled. */
function specifiersOf(specifier: string, folder: string, target: string): string[] {
  const relative = path.posix.relative(folder, target);
  const written = relative.startsWith('../') ? relative : `./${relative}`;
  return specifier === written ? [specifier] : [specifier, written];
}

/**
 * The module that Node loads before the program (`--require`): it answers from the map, and asks Node for all else.
 *
 * Plain CommonJS for each Node from 20 on. It never throws: without an answer Node looks itself.
 */
export const mapLoader = `'use strict';
const Module = require('node:module');
const fs = require('node:fs');
const { pathToFileURL } = require('node:url');
const root = __dirname.slice(0, -'.pack'.length);
const map = JSON.parse(fs.readFileSync(__dirname + '/modules.json', 'utf8'));
const rowOf = (tables, folder, specifier) => {
  if (!folder.startsWith(root)) return undefined;
  const table = tables[folder.slice(root.length)];
  const row = table === undefined ? undefined : table[specifier];
  return typeof row === 'number' ? row : undefined;
};
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, isMain, options) {
  if (options === undefined && parent && typeof parent.path === 'string') {
    const row = rowOf(map.require, parent.path, request);
    if (row !== undefined) return root + map.files[row];
  }
  return resolve.apply(this, arguments);
};
const plain = new Set();
map.files.forEach((file, row) => {
  if (map.kinds[row] === 1) plain.add(root + file);
});
const load = Module._extensions['.js'];
Module._extensions['.js'] = function (module, filename) {
  if (plain.has(filename)) module._compile(fs.readFileSync(filename, 'utf8'), filename);
  else load.call(this, module, filename);
};
if (typeof Module.registerHooks === 'function' && Object.keys(map.import).length > 0) {
  const rootUrl = pathToFileURL(root).href;
  const folders = new Map();
  const formats = [undefined, 'commonjs', 'module'];
  const urls = [];
  for (const [folder, table] of Object.entries(map.import))
    folders.set(pathToFileURL(root + folder).href, table);
  Module.registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL;
      if (parent !== undefined && parent.startsWith(rootUrl) && context.conditions.includes('import')) {
        const table = folders.get(parent.slice(0, parent.lastIndexOf('/')));
        const row = table === undefined ? undefined : table[specifier];
        const format = typeof row === 'number' ? formats[map.kinds[row]] : undefined;
        if (format !== undefined) {
          const url = (urls[row] ??= pathToFileURL(root + map.files[row]).href);
          return { url, format, importAttributes: context.importAttributes, shortCircuit: true };
        }
      }
      return next(specifier, context);
    },
  });
}
`;
