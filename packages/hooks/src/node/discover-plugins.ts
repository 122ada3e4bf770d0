import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { importTarget } from './import-target.ts';

/** Where to look for plugins, and which. */
export interface DiscoveryOptions {
  /** Paths are relative to it, and packages are found from it. */
  readonly folder: string;
  /** In the `keywords` of a package that is a plugin. */
  readonly keyword?: string;
  /** Names of packages, paths or `file:` addresses: these alone, whatever their keywords. */
  readonly names?: readonly string[];
}

/** A plugin that has been loaded; what it implements is checked when it is registered. */
export interface FoundPlugin {
  /** Of the package, or the path, as it was listed. The plugin has a name of its own. */
  readonly name: string;
  readonly plugin: { readonly name: string };
  /** The file that it was loaded from. */
  readonly from: string;
}

/** A plugin that could not be loaded. */
export interface FailedPlugin {
  readonly name: string;
  readonly cause: unknown;
}

/**
 * Loads the plugins of a project: those of its dependencies (of the nearest `package.json`, development
 * ones too) that carry the keyword, or those that are listed, in that order.
 *
 * A module's default export is the plugin, or the module itself where it exports a `name`. What neither
 * carries the keyword nor is listed is never executed.
 */
export async function discoverPlugins({
  folder,
  keyword = 'whetstone-plugin',
  names,
}: DiscoveryOptions): Promise<{ plugins: FoundPlugin[]; failures: FailedPlugin[] }> {
  const plugins: FoundPlugin[] = [];
  const failures: FailedPlugin[] = [];
  const at = path.resolve(folder);
  let candidates = names ?? [];
  if (!names) {
    const found = withKeyword(at, keyword);
    candidates = found.names;
    failures.push(...found.failures);
  }
  // One after the other: what they do as they load happens in the same order each time.
  for (const name of candidates) {
    try {
      const from = entryOf(name, at);
      plugins.push({ name, plugin: pluginOf(await import(pathToFileURL(from).href)), from });
    } catch (cause) {
      failures.push({ name, cause });
    }
  }
  return { plugins, failures };
}

/** Dependencies with the keyword, by the `package.json` of each alone. */
function withKeyword(folder: string, keyword: string): { names: string[]; failures: FailedPlugin[] } {
  const names: string[] = [];
  const failures: FailedPlugin[] = [];
  const own = nearestManifest(folder);
  if (own === undefined) return { names, failures };
  let dependencies: readonly string[] = [];
  try {
    const manifest = readManifest(own);
    dependencies = Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
  } catch (cause) {
    failures.push({ name: own, cause });
  }
  for (const name of dependencies) {
    // One that is not installed has no keyword that could be read.
    const installed = packageFolder(name, folder);
    if (installed === undefined) continue;
    try {
      const { keywords } = readManifest(path.join(installed, 'package.json'));
      if (Array.isArray(keywords) && keywords.includes(keyword)) names.push(name);
    } catch (cause) {
      failures.push({ name, cause });
    }
  }
  return { names, failures };
}

interface Manifest {
  readonly keywords?: unknown;
  readonly dependencies?: object;
  readonly devDependencies?: object;
  readonly optionalDependencies?: object;
  readonly exports?: unknown;
}

function nearestManifest(folder: string): string | undefined {
  const file = path.join(folder, 'package.json');
  if (existsSync(file)) return file;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : nearestManifest(parent);
}

function readManifest(file: string): Manifest {
  try {
    // A file may begin with a byte order mark, and npm accepts it.
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
    if (typeof manifest === 'object' && manifest !== null) return manifest;
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new Error(`${file} is not an object.`);
}

/** The file that importing a package's name, or a path, would load. */
function entryOf(name: string, folder: string): string {
  const isPath = /^\.{0,2}\/|^\.{1,2}$|^file:/.test(name) || path.isAbsolute(name);
  if (!isPath) {
    const installed = packageFolder(name, folder);
    if (installed === undefined)
      throw new Error(`There is no package '${name}' in the node_modules of ${folder} or above it.`);
    return entryOfFolder(installed);
  }
  const file = name.startsWith('file:') ? fileURLToPath(name) : path.resolve(folder, name);
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  return statSync(file).isDirectory() ? entryOfFolder(file) : file;
}

function entryOfFolder(folder: string): string {
  const file = path.join(folder, 'package.json');
  const exported = existsSync(file) ? readManifest(file).exports : undefined;
  // Without `exports`, Node's older rules: `main`, then `index.js`.
  if (exported === undefined || exported === null) return createRequire(file).resolve(folder);
  const target = importTarget(exported);
  if (target === undefined) throw new Error(`${file} exports nothing that can be imported as '.'.`);
  return path.join(folder, target);
}

/** Where a package is installed, as Node looks for it. Its `exports` need not show its `package.json`. */
function packageFolder(name: string, folder: string): string | undefined {
  const roots = createRequire(path.join(folder, 'package.json')).resolve.paths(name) ?? [];
  return roots
    .map((root) => path.join(root, name))
    .find((installed) => existsSync(path.join(installed, 'package.json')));
}

function pluginOf(module: { readonly default?: unknown }): { readonly name: string } {
  // Compiled to CommonJS, a module's default export arrives one level deeper.
  const nested = (module.default as { default?: unknown } | undefined | null)?.default;
  const plugin = [module.default, nested, module].find(hasName);
  if (plugin) return plugin;
  throw new TypeError("It exports no plugin: the default export is an object with a 'name' that is text.");
}

function hasName(value: unknown): value is { readonly name: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { name } = value as { name?: unknown };
  return typeof name === 'string' && name !== '';
}
