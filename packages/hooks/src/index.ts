export { didYouMean } from './did-you-mean.ts';
export { HookError, type HookErrorCode } from './hook-error.ts';
export { definePlugin, hookSpecs } from './hook-specs.ts';
export type {
  HookCaller,
  HookContext,
  HookMap,
  Implementation,
  Optional,
  Order,
  Plugin,
  SpecOptions,
  Specs,
  Wrapper,
} from './hook-types.ts';
export { PluginManager } from './plugin-manager.ts';
