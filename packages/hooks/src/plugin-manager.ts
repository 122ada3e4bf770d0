import { didYouMean } from './did-you-mean.ts';
import { warnOfArguments, warnOfHook } from './deprecation.ts';
import { Hook, hookCaller, type Monitor } from './hook-caller.ts';
import { HookError } from './hook-error.ts';
import type { HookCaller, OptionsOf, Plugin, Specs } from './hook-types.ts';
import { isImplementation, readImplementation, type Implementation } from './implementation.ts';
import { tracer } from './trace.ts';

/** A hook's options, without what the compiler knows of them. */
interface Options {
  readonly async?: boolean;
  readonly firstResult?: boolean;
  readonly historic?: boolean;
  readonly reduce?: string;
  readonly parallel?: boolean;
  readonly settle?: boolean;
  readonly deprecated?: string;
  readonly deprecatedArgs?: Readonly<Record<string, string>>;
}

interface Registration {
  readonly plugin: object;
  /** Hooks that it implements and nobody specifies so far. */
  readonly pending: ReadonlySet<string>;
}

/** Holds the plugins of a project and calls their hooks. */
export class PluginManager<H, O> {
  readonly hook: { readonly [K in keyof H]: HookCaller<H[K], OptionsOf<O, K>> };
  readonly #project: string;
  readonly #hooks = new Map<string, Hook>();
  readonly #options = new Map<string, Options>();
  readonly #registrations = new Map<string, Registration>();
  readonly #blocked = new Set<string>();
  readonly #monitors = new Set<Monitor>();

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
      if (hookName in plugin) implementations.set(hook, this.#read(plugin, name, hookName));
    }
    const pending = new Set(pendingHooks(plugin).filter((hook) => !this.#hooks.has(hook)));
    this.#registrations.set(name, { plugin, pending });
    try {
      for (const [hook, implementation] of implementations) {
        hook.replace((registered) => [...registered, implementation]);
        hook.replay(implementation);
      }
    } catch (error) {
      this.unregister(name);
      throw error;
    }
    for (const hook of implementations.keys()) this.#warn(hook.manner.hook, name);
    return { name, [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => void this.#unregisterThis(name, plugin) } as Disposable & {
      readonly name: string;
    };
  }

  /** False if there is none. */
  unregister(name: string): boolean {
    if (!this.#registrations.delete(name)) return false;
    for (const hook of this.#hooks.values()) {
      if ([...hook.wrappers, ...hook.handlers].some(({ plugin }) => plugin === name)) {
        hook.replace((registered) => registered.filter(({ plugin }) => plugin !== name));
      }
    }
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
    return new Map([...this.#registrations].map(([name, { plugin }]) => [name, plugin as Plugin<Specs<H, O>>]));
  }

  /** The same manager, seen with more hooks: how a plugin brings hooks of its own. `DUPLICATE_HOOK` if one exists. */
  addSpecs<H2, O2>(specs: Specs<H2, O2>): PluginManager<H & H2, O & O2> {
    const added = Object.entries(specs.options as Readonly<Record<string, Options>>);
    for (const [hook] of added) {
      if (this.#hooks.has(hook)) {
        throw new HookError('DUPLICATE_HOOK', `Hook '${hook}' of ${this.#project} exists: give yours another name.`, { hook });
      }
    }
    // Read first: a plugin that is waiting for a hook and implements it wrongly must not leave half of them.
    const waiting = added.map(([hookName, options]) => {
      this.#options.set(hookName, options);
      try {
        return [...this.#registrations]
          .filter(([, { plugin }]) => hookName in plugin)
          .map(([name, { plugin }]) => this.#read(plugin, name, hookName));
      } catch (error) {
        for (const [name] of added) this.#options.delete(name);
        throw error;
      }
    });
    added.forEach(([hookName, options], i) => {
      const hook = new Hook(mannerOf(hookName, options), options.historic === true, this.#monitors);
      hook.replace(() => waiting[i]!);
      this.#hooks.set(hookName, hook);
      Object.defineProperty(this.hook, hookName, { value: hookCaller(hook), enumerable: true });
      for (const { plugin } of waiting[i]!) this.#warn(hookName, plugin);
    });
    return this as unknown as PluginManager<H & H2, O & O2>;
  }

  /** @throws HookError `UNKNOWN_HOOK` for what plugins implement and nobody specifies, with did-you-mean */
  checkPending(): void {
    for (const [name, { plugin, pending }] of this.#registrations) {
      for (const hook of pending) {
        if (this.#hooks.has(hook) || (plugin as Record<string, { optional?: boolean }>)[hook]?.optional === true) continue;
        throw new HookError(
          'UNKNOWN_HOOK',
          `Plugin '${name}' implements hook '${hook}', which ${this.#project} does not have.${didYouMean(hook, [...this.#hooks.keys()])}`,
          { plugin: name, hook },
        );
      }
    }
  }

  /** Tells of every call before and after it; disposing ends that. */
  monitor(
    before: (hook: keyof H, args: unknown) => void,
    after: (hook: keyof H, args: unknown, outcome: { value: unknown } | { error: unknown }) => void,
  ): Disposable {
    const monitor = { before, after } as unknown as Monitor;
    this.#monitors.add(monitor);
    return { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => void this.#monitors.delete(monitor) } as Disposable;
  }

  /** Writes every call, indented by depth, with its arguments and outcome. */
  trace(write: (line: string) => void): Disposable {
    const { before, after } = tracer(write);
    return this.monitor(before as (hook: keyof H, args: unknown) => void, after);
  }

  #nameOf(plugin: object): string {
    const name: unknown = (plugin as { name?: unknown } | null)?.name;
    if (typeof plugin !== 'object' || plugin === null || typeof name !== 'string' || name === '') {
      throw new HookError('INVALID_PLUGIN', `A plugin is an object with a 'name' that is text, and this one's is ${String(name)}.`);
    }
    if (this.#blocked.has(name)) {
      throw new HookError('BLOCKED_PLUGIN', `Plugin '${name}' is blocked in ${this.#project}: unblock it first.`, { plugin: name });
    }
    const twin = [...this.#registrations].find(([other, registration]) => other === name || registration.plugin === plugin);
    if (twin) {
      throw new HookError(
        'DUPLICATE_PLUGIN',
        twin[0] === name ? `Plugin '${name}' is registered already.` : `Plugin '${name}' is registered already, as '${twin[0]}'.`,
        { plugin: name },
      );
    }
    return name;
  }

  #read(plugin: object, name: string, hookName: string): Implementation {
    const implementation = readImplementation(plugin, name, hookName);
    const options = this.#options.get(hookName)!;
    if (implementation.wraps && options.historic) {
      throw new HookError('INVALID_PLUGIN', `Plugin '${name}', hook '${hookName}': a historic hook takes no wrappers.`, {
        plugin: name,
        hook: hookName,
      });
    }
    return options.deprecatedArgs ? warnOfArguments(implementation, options.deprecatedArgs) : implementation;
  }

  #warn(hookName: string, plugin: string): void {
    const text = this.#options.get(hookName)?.deprecated;
    if (text !== undefined) warnOfHook(hookName, plugin, text);
  }

  /** Only if it is still the one that was registered. */
  #unregisterThis(name: string, plugin: object): void {
    if (this.#registrations.get(name)?.plugin === plugin) this.unregister(name);
  }
}

function mannerOf(hook: string, options: Options) {
  return {
    hook,
    async: options.async === true,
    firstResult: options.firstResult === true,
    reduce: options.reduce,
    parallel: options.parallel === true,
    settle: options.settle === true,
  };
}

/** Members that look like hooks. The other fields and methods of a class instance are its own business. */
function pendingHooks(plugin: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(plugin);
  const plain = prototype === Object.prototype || prototype === null;
  return plain ? Object.keys(plugin).filter((key) => key !== 'name' && isImplementation((plugin as Record<string, unknown>)[key])) : [];
}
