import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HookError, PluginManager } from '@whetstone/hooks';
import type { DiscoveryOptions, FailedPlugin } from '@whetstone/hooks/node';
import { builtInPlugins, type Plugins } from './built-in-plugins.ts';
import { hooks, type WhetstonePlugin } from './hooks.ts';
import type { Option, Parsed } from './options.ts';
import { causeText } from './plugin-error.ts';

/** Plugins besides those that the project declares. */
export const pluginOption: Option = {
  name: 'plugin',
  value: 'NAME|PATH',
  many: true,
  help: 'Load this plugin too; may stand more than once.',
};

/** What was loaded, and what was not. */
export interface LoadedPlugins {
  readonly plugins: Plugins;
  /** File of each plugin that is not built in, by the plugin's name. */
  readonly from: ReadonlyMap<string, string>;
  readonly failures: readonly FailedPlugin[];
}

/** The plugins of a command; each failure is one line on stderr, and takes nothing else down. */
export async function pluginsFor(parsed: Parsed): Promise<Plugins> {
  const { plugins, failures } = await loadPlugins(parsed);
  for (const { name, cause } of failures) warn(`plugin '${name}' could not be loaded: ${causeText(cause)}`);
  return plugins;
}

/**
 * Ours, then those that the nearest package.json declares (by `"whetstone": { "plugins": […] }`, else its dependencies
 * with the keyword `whetstone-plugin`), then those of `--plugin`. Nothing else is ever executed.
 */
export async function loadPlugins({ options }: Parsed): Promise<LoadedPlugins> {
  const plugins = builtInPlugins();
  const from = new Map<string, string>();
  const failures: FailedPlugin[] = [];
  const add = async (names: Pick<DiscoveryOptions, 'folder' | 'names'>) => {
    const { discoverPlugins } = await import('@whetstone/hooks/node');
    const { plugins: found, failures: failed } = await discoverPlugins({
      keyword: 'whetstone-plugin',
      ...names,
    });
    failures.push(...failed);
    if (found.length === 0) return;
    const { guardedPlugin } = await import('./guarded-plugin.ts');
    for (const { name, plugin, from: file } of found) {
      try {
        check(plugin as WhetstonePlugin);
        plugins.register(
          guardedPlugin(plugin as WhetstonePlugin, (cause) =>
            warn(`plugin '${plugin.name}' failed: ${causeText(cause)}`),
          ),
        );
        from.set(plugin.name, file);
      } catch (cause) {
        failures.push({ name, cause });
      }
    }
  };
  const workingDirectory = process.cwd();
  const manifest = nearestManifest(workingDirectory);
  const named = (options.get('plugin') as readonly string[] | undefined) ?? [];
  if (manifest !== undefined) {
    const folder = path.dirname(manifest);
    try {
      const { listed, dependencies } = declaredIn(manifest);
      if (listed) await add({ folder, names: listed });
      else if (dependencies) await add({ folder });
    } catch (cause) {
      failures.push({ name: manifest, cause });
    }
  }
  if (named.length > 0) await add({ folder: workingDirectory, names: named });
  return { plugins, from, failures };
}

/** @throws HookError for a plugin that cannot be one of ours; a hook that we do not have is only a warning */
function check(plugin: WhetstonePlugin): void {
  // Alone at first: the manager checks all of its members, and names hooks that nobody has.
  const alone = new PluginManager('whetstone', hooks);
  alone.register(plugin);
  try {
    alone.checkPending();
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    warn(error.message);
  }
}

/** The explicit list (`[]` means none at all), and whether there are dependencies to look through without one. */
function declaredIn(manifest: string): { listed: readonly string[] | undefined; dependencies: boolean } {
  const value = JSON.parse(readFileSync(manifest, 'utf8').replace(/^\uFEFF/, '')) as Partial<
    Record<string, unknown>
  > | null;
  const listed = (value?.['whetstone'] as { plugins?: unknown } | null | undefined)?.plugins;
  if (listed === undefined) {
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
    return { listed, dependencies: kinds.some((kind) => value?.[kind] !== undefined) };
  }
  if (Array.isArray(listed) && listed.every((name) => typeof name === 'string'))
    return { listed, dependencies: false };
  throw new TypeError('"whetstone": { "plugins": … } must be a list of package names and paths');
}

function nearestManifest(folder: string): string | undefined {
  const file = path.join(folder, 'package.json');
  if (existsSync(file)) return file;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : nearestManifest(parent);
}

function warn(message: string): void {
  process.stderr.write(`whetstone: ${message}\n`);
}
