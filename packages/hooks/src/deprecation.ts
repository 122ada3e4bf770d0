import type { Implementation } from './implementation.ts';

/** The same implementation, which tells `warn` when it reads a deprecated argument. */
export function warnOfArguments(
  implementation: Implementation,
  deprecated: Readonly<Record<string, string>>,
  warn: (message: string) => void,
): Implementation {
  const {
    plugin,
    context: { hook },
  } = implementation;
  return {
    ...implementation,
    call(args: Readonly<Record<string, unknown>>, context) {
      const seen = { ...args };
      for (const [name, text] of Object.entries(deprecated)) {
        if (!(name in seen)) continue;
        const value = seen[name];
        Object.defineProperty(seen, name, {
          get() {
            warn(`Plugin '${plugin}' reads the deprecated argument '${name}' of hook '${hook}': ${text}`);
            return value;
          },
        });
      }
      return implementation.call(seen, context);
    },
  };
}

/** Warns of each message once. Node and browsers differ in where a warning goes, and neither is in this package's types. */
export function warnOnce(): (message: string) => void {
  const warned = new Set<string>();
  return (message) => {
    if (warned.has(message)) return;
    warned.add(message);
    const { process, console } = globalThis as {
      process?: { emitWarning?(message: string, type: string): void };
      console?: { warn(message: string): void };
    };
    if (process?.emitWarning) process.emitWarning(message, 'DeprecationWarning');
    else console?.warn(message);
  };
}
