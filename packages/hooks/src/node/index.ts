export {
  discoverPlugins,
  type DiscoveryOptions,
  type FailedPlugin,
  type FoundPlugin,
} from './discover-plugins.ts';
