import { warnOfArguments, warnOnce } from './deprecation.ts';
import { didYouMean } from './did-you-mean.ts';
import { hookCaller } from './hook-caller.ts';
import { HookError } from './hook-error.ts';
import { Hook, type CallOutcome, type Monitor } from './hook.ts';
import type { HookCaller, OptionsOf, Plugin, Specs } from './hook-types.ts';
import {
  describeValue,
  isImplementation,
  memberOf,
  readImplementation,
  type Implementation,
} from './implementation.ts';
import type { Manner } from './run-hook.ts';
import { tracer } from './trace.ts';

interface Registration {
  readonly plugin: object;
  /** Hooks that it implements and nobody specified when it came. */
  readonly pending: readonly string[];
}

/** Holds the plugins of a project and calls their hooks. */
export class PluginManager<H, O> {
  readonly hook: { readonly [K in keyof H]: HookCaller<H[K], OptionsOf<O, K>> };
  readonly #project: string;
  readonly #hooks = new Map<string, Hook>();
  readonly #registrations = new Map<string, Registration>();
  readonly #blocked = new Set<string>();
  readonly #monitors = new Set<Monitor>();
  readonly #warn = warnOnce();

  constructor(project: string, specs: Specs<H, O>) {
    this.#project = project;
    this.hook = Object.create(null) as typeof this.hook;
    this.addSpecs(specs);
  }

  /** All or nothing: a plugin that is refused leaves nothing behind. Disposing unregisters. */
  register(plugin: Plugin<Specs<H, O>>): Disposable & { readonly name: string } {
    const name = this.#nameOf(plugin);
    const implementations = new Map<Hook, Implementation>();
    for (const [hookName, hook] of this.#hooks) {
      if (memberOf(plugin, hookName) !== undefined)
        implementations.set(hook, this.#read(plugin, name, hook.manner));
    }
    const pending = pendingHooks(plugin).filter((hook) => !this.#hooks.has(hook));
    this.#registrations.set(name, { plugin, pending });
    try {
      for (const [hook, implementation] of implementations) hook.add(implementation);
      // Read before the first replay, which may call hooks itself: those calls find the plugin in its place.
      const missed = [...implementations.keys()].map((hook) => hook.history());
      [...implementations].forEach(([hook, implementation], i) => hook.replay(implementation, missed[i]!));
    } catch (error) {
      this.#unregisterThis(name, plugin);
      throw error;
    }
    for (const hook of implementations.keys()) this.#warnOfHook(hook.manner, name);
    return { name, ...disposable(() => this.#unregisterThis(name, plugin)) };
  }

  /** False if there is none. */
  unregister(name: string): boolean {
    if (!this.#registrations.delete(name)) return false;
    for (const hook of this.#hooks.values()) hook.remove(name);
    return true;
  }

  /** Unregisters, and refuses it from now on. */
  block(name: string): void {
    this.unregister(name);
    this.#blocked.add(name);
  }

  unblock(name: string): boolean {
    return this.#blocked.delete(name);
  }

  isBlocked(name: string): boolean {
    return this.#blocked.has(name);
  }

  get(name: string): Plugin<Specs<H, O>> | undefined {
    return this.#registrations.get(name)?.plugin as Plugin<Specs<H, O>> | undefined;
  }

  /** By name, in the order in which they were registered. A copy. */
  plugins(): ReadonlyMap<string, Plugin<Specs<H, O>>> {
    return new Map(
      [...this.#registrations].map(([name, { plugin }]) => [name, plugin as Plugin<Specs<H, O>>]),
    );
  }

  /** The same manager, seen with more hooks: how a plugin brings hooks of its own. `DUPLICATE_HOOK` if one exists. */
  addSpecs<H2, O2>(specs: Specs<H2, O2>): PluginManager<H & H2, O & O2> {
    // All are made before one is added: a plugin that waits for a hook and implements it wrongly must not leave half of them.
    const added = Object.entries(specs.options as object).map(([hookName, options]) => {
      if (this.#hooks.has(hookName)) {
        const message = `Hook '${hookName}' of ${this.#project} exists: give yours another name.`;
        throw new HookError('DUPLICATE_HOOK', message, { hook: hookName });
      }
      const manner = mannerOf(hookName, options as Partial<Manner>);
      const waiting = [...this.#registrations]
        .filter(([, { plugin }]) => memberOf(plugin, hookName) !== undefined)
        .map(([name, { plugin }]) => this.#read(plugin, name, manner));
      return new Hook(manner, waiting, this.#monitors);
    });
    for (const hook of added) {
      this.#hooks.set(hook.manner.hook, hook);
      Object.defineProperty(this.hook, hook.manner.hook, { value: hookCaller(hook), enumerable: true });
      for (const { plugin } of [...hook.cast.wrappers, ...hook.cast.handlers])
        this.#warnOfHook(hook.manner, plugin);
    }
    return this as unknown as PluginManager<H & H2, O & O2>;
  }

  /** @throws {@link HookError} `UNKNOWN_HOOK` for what plugins implement and nobody specifies, with did-you-mean */
  checkPending(): void {
    for (const [name, { plugin, pending }] of this.#registrations) {
      const unknown = pending.find((hook) => !this.#hooks.has(hook) && !isOptional(memberOf(plugin, hook)));
      if (unknown === undefined) continue;
      const guess = didYouMean(unknown, [...this.#hooks.keys()]);
      throw new HookError(
        'UNKNOWN_HOOK',
        `Plugin '${name}' implements hook '${unknown}', which ${this.#project} does not have.${guess}`,
        { plugin: name, hook: unknown },
      );
    }
  }

  /** Tells of every call before and after it; disposing ends that. */
  monitor(
    before: (hook: keyof H, args: unknown) => void,
    after: (hook: keyof H, args: unknown, outcome: CallOutcome) => void,
  ): Disposable {
    const monitor = { before, after } as Monitor;
    this.#monitors.add(monitor);
    return disposable(() => this.#monitors.delete(monitor));
  }

  /** Writes every call, indented by depth, with its arguments and outcome. */
  trace(write: (line: string) => void): Disposable {
    const { before, after } = tracer(write);
    return this.monitor(before, after);
  }

  #nameOf(plugin: object): string {
    const name: unknown = (plugin as { name?: unknown } | null)?.name;
    if (typeof plugin !== 'object' || plugin === null) {
      throw new HookError(
        'INVALID_PLUGIN',
        `A plugin is an object with a 'name', and this is ${describeValue(plugin)}.`,
      );
    }
    if (typeof name !== 'string' || name === '') {
      throw new HookError(
        'INVALID_PLUGIN',
        `A plugin's 'name' is text, and this one's is ${name === '' ? 'empty' : describeValue(name)}.`,
      );
    }
    if (this.#blocked.has(name)) {
      throw new HookError(
        'BLOCKED_PLUGIN',
        `Plugin '${name}' is blocked in ${this.#project}: unblock it first.`,
        { plugin: name },
      );
    }
    const twin = [...this.#registrations].find(
      ([other, registration]) => other === name || registration.plugin === plugin,
    );
    if (twin) {
      throw new HookError(
        'DUPLICATE_PLUGIN',
        twin[0] === name
          ? `Plugin '${name}' is registered already.`
          : `Plugin '${name}' is registered already, as '${twin[0]}'.`,
        { plugin: name },
      );
    }
    return name;
  }

  #read(plugin: object, name: string, { hook, historic, deprecatedArgs }: Manner): Implementation {
    const implementation = readImplementation(plugin, name, hook);
    if (implementation.wraps && historic) {
      const message = `Plugin '${name}', hook '${hook}': a historic hook takes no wrappers.`;
      throw new HookError('INVALID_PLUGIN', message, { plugin: name, hook });
    }
    return deprecatedArgs ? warnOfArguments(implementation, deprecatedArgs, this.#warn) : implementation;
  }

  #warnOfHook({ hook, deprecated }: Manner, plugin: string): void {
    if (deprecated !== undefined)
      this.#warn(`Plugin '${plugin}' implements the deprecated hook '${hook}': ${deprecated}`);
  }

  /** Only if it is still the one that was registered. */
  #unregisterThis(name: string, plugin: object): void {
    if (this.#registrations.get(name)?.plugin === plugin) this.unregister(name);
  }
}

function mannerOf(hook: string, options: Partial<Manner>): Manner {
  return {
    hook,
    async: options.async === true,
    firstResult: options.firstResult === true,
    historic: options.historic === true,
    reduce: options.reduce,
    parallel: options.parallel === true,
    settle: options.settle === true,
    deprecated: options.deprecated,
    deprecatedArgs: options.deprecatedArgs,
  };
}

/** Members that look like hooks. The other fields and methods of a class instance are its own business. */
function pendingHooks(plugin: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(plugin);
  if (prototype !== Object.prototype && prototype !== null) return [];
  return Object.keys(plugin).filter((key) => key !== 'name' && isImplementation(memberOf(plugin, key)));
}

function isOptional(member: unknown): boolean {
  return (member as { optional?: unknown }).optional === true;
}

/** Browsers that do not have `Symbol.dispose` yet have no `using` either; whoever brings both finds it. */
function disposable(dispose: () => void): Disposable {
  return { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => dispose() } as Disposable;
}
