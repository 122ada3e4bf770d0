import type { HookMap, Optional, Plugin, SpecOptions, Specs } from './hook-types.ts';

/** `hookSpecs<Interface>()({ hook: options, … })`: the options of every hook, none forgotten. */
export function hookSpecs<H extends HookMap<H>>(): <const O extends SpecOptions<H>>(
  options: O & { [K in Exclude<keyof O, keyof H>]: never },
) => Specs<H, O> {
  // The interface is there for the compiler alone: at run time a specification is its options.
  return (options) => ({ options }) as unknown as Specs<H, typeof options>;
}

/**
 * Checks a plugin where it is written, and infers its arguments. For object literals; an instance of
 * a class goes to `register` directly: its other fields and inherited methods are its own business.
 */
export function definePlugin<S extends Specs<any, any>, const P extends Plugin<S>>(
  _specs: S,
  plugin: P & { [K in Exclude<keyof P, keyof S['hooks'] | 'name'>]: Optional },
): P {
  return plugin;
}
