import type { Implementation } from './implementation.ts';

/** Warns that a plugin implements a hook which is going away. */
export function warnOfHook(hook: string, plugin: string, text: string): void {
  warn(`Plugin '${plugin}' implements the deprecated hook '${hook}': ${text}`);
}

/** The same implementation, whose first reading of a deprecated argument warns. */
export function warnOfArguments(
  implementation: Implementation,
  deprecated: Readonly<Record<string, string>>,
): Implementation {
  const { plugin, context } = implementation;
  const warned = new Set<string>();
  return {
    ...implementation,
    call(args, given) {
      const seen = { ...args };
      for (const [name, text] of Object.entries(deprecated)) {
        if (!(name in seen)) continue;
        const value: unknown = seen[name];
        Object.defineProperty(seen, name, {
          enumerable: true,
          get() {
            if (!warned.has(name)) {
              warned.add(name);
              warn(`Plugin '${plugin}' reads the deprecated argument '${name}' of hook '${context.hook}': ${text}`);
            }
            return value;
          },
        });
      }
      return implementation.call(seen, given);
    },
  };
}

/** Node and browsers differ in where a warning goes; neither is in this package's types. */
function warn(message: string): void {
  const { process, console } = globalThis as {
    process?: { emitWarning?(message: string, type: string): void };
    console?: { warn(message: string): void };
  };
  if (process?.emitWarning) process.emitWarning(message, 'DeprecationWarning');
  else console?.warn(message);
}
