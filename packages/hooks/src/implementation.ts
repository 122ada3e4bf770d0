import { HookError } from './hook-error.ts';
import type { HookContext } from './hook-types.ts';
import type { Placed } from './order.ts';

/** One plugin's answer to one hook, ready to be called: `this` is the plugin. */
export interface Implementation extends Placed {
  readonly call: (args: any, context: HookContext) => unknown;
  readonly context: HookContext;
  /** True for a generator that goes round the others. */
  readonly wraps: boolean;
}

/** A plugin's member of that name, if it is its own or its class's: every object has a `toString`. */
export function memberOf(plugin: object, hook: string): unknown {
  const member = (plugin as Record<string, unknown>)[hook];
  return member === (Object.prototype as unknown as Record<string, unknown>)[hook] ? undefined : member;
}

/** Members of a plugin that look like an implementation, whether somebody specifies the hook or not. */
export function isImplementation(member: unknown): boolean {
  if (typeof member === 'function') return true;
  if (typeof member !== 'object' || member === null) return false;
  const { handler, wrapper } = member as { handler?: unknown; wrapper?: unknown };
  return typeof handler === 'function' || typeof wrapper === 'function';
}

/**
 * Reads a plugin's member.
 *
 * @throws {@link HookError} `INVALID_PLUGIN` that says what is wrong with it
 */
export function readImplementation(plugin: object, name: string, hook: string): Implementation {
  const member = memberOf(plugin, hook);
  const refuse = (what: string) =>
    new HookError('INVALID_PLUGIN', `Plugin '${name}', hook '${hook}': ${what}`, { plugin: name, hook });
  if (!isImplementation(member)) {
    throw refuse(
      `${describeValue(member)} is neither a function nor an object with a 'handler' or a 'wrapper'.`,
    );
  }
  const options = typeof member === 'function' ? {} : (member as Record<string, unknown>);
  const { handler, wrapper, tryFirst, tryLast } = options;
  if (handler !== undefined && wrapper !== undefined)
    throw refuse("there are both 'handler' and 'wrapper': give one.");
  if (tryFirst && tryLast) throw refuse("it wants to be both first and last: give 'tryFirst' or 'tryLast'.");
  for (const key of ['before', 'after'] as const) {
    const names = options[key];
    if (names !== undefined && !(Array.isArray(names) && names.every((n) => typeof n === 'string'))) {
      throw refuse(`'${key}' is ${describeValue(names)}, and takes a list of plugin names.`);
    }
  }
  const fn = (typeof member === 'function' ? member : (handler ?? wrapper)) as (...args: any[]) => unknown;
  return {
    plugin: name,
    call: fn.bind(plugin),
    context: Object.freeze({ plugin: name, hook }),
    wraps: wrapper !== undefined,
    tryFirst: tryFirst === true,
    tryLast: tryLast === true,
    before: (options['before'] as readonly string[] | undefined) ?? [],
    after: (options['after'] as readonly string[] | undefined) ?? [],
  };
}

/** What a value is, for an error: `a list`, `number 3`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (typeof value === 'object') return 'an object';
  return `${typeof value} ${String(value as string | number | boolean | bigint | symbol)}`;
}
