import { PluginManager } from '@whetstone/hooks';
import { hooks, type Hooks } from './hooks.ts';
import { causesPlugin } from './plugins/causes.ts';
import { formatsPlugin } from './plugins/formats.ts';
import { jsonPlugin } from './plugins/json.ts';
import { nodePlugin } from './plugins/node.ts';
import { operatingSystemPlugin } from './plugins/operating-system.ts';
import { pagePlugin } from './plugins/page.ts';
import { pythonPlugin } from './plugins/python.ts';
import { terminalPlugin } from './plugins/terminal.ts';

/** Holds the plugins of one command, and calls their hooks. */
export type Plugins = PluginManager<Hooks, (typeof hooks)['options']>;

/** What Whetstone itself brings. Each loads its packages when it is called, so all of them together cost little. */
export function builtInPlugins(): Plugins {
  const plugins = new PluginManager('whetstone', hooks);
  for (const plugin of [
    formatsPlugin,
    nodePlugin,
    pythonPlugin,
    operatingSystemPlugin,
    causesPlugin,
    terminalPlugin,
    jsonPlugin,
    pagePlugin,
  ])
    plugins.register(plugin);
  return plugins;
}
