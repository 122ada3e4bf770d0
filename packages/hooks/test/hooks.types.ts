// What the compiler must accept and, by @ts-expect-error, what it must refuse: `types.test.ts` runs it.
import { definePlugin, hookSpecs, PluginManager } from '@whetstone/hooks';

interface Loaded {
  code: string;
}
interface Config {
  root: string;
}
interface AppHooks {
  addArgs(a: { parser: string[]; config: Config }): string;
  load(a: { id: string }): Loaded | undefined;
  transform(a: { code: string; id: string }): string | undefined;
  configured(a: { config: Config }): void;
  teardown(a: {}): void;
}
const specs = hookSpecs<AppHooks>()({
  addArgs: {},
  load: { async: true, firstResult: true },
  transform: { async: true, reduce: 'code' },
  configured: { historic: true },
  teardown: { async: true, settle: true },
});
const config: Config = { root: '/' };
const pm = new PluginManager('app', specs);

// --- Callers know their arguments and outcomes.
const addArgs: string[] = pm.hook.addArgs({ parser: [], config });
const load: Promise<Loaded | undefined> = pm.hook.load({ id: 'x' });
const transform: Promise<string> = pm.hook.transform({ code: 'a', id: 'x' });
const teardown: Promise<never[]> = pm.hook.teardown();
pm.hook.configured.callHistoric({ config });
const entries: { plugin: string; value: string }[] = pm.hook.addArgs.entries({ parser: [], config });
const extra: string[] = pm.hook.addArgs.extra([({ config: { root } }) => root], { parser: [], config });
const rest: Promise<Loaded | undefined> = pm.hook.load.without('a').without('b')({ id: 'x' });
const size: number = pm.hook.configured.size + pm.hook.load.size;

// --- Plugins have theirs inferred, and take from them what they need.
const good = definePlugin(specs, {
  name: 'good',
  addArgs({ config: { root } }) {
    return root;
  },
  async load({ id }) {
    return { code: id };
  },
  transform: {
    tryFirst: true,
    after: ['x'],
    wrapper: async function* ({ code }) {
      const out = yield;
      return out + code.length;
    },
  },
  configured({ config: { root } }) {
    root.toUpperCase();
  },
});
using registered = pm.register(good);
definePlugin(specs, {
  name: 'catches',
  addArgs: {
    wrapper: function* ({ config: { root } }) {
      try {
        const all: string[] = yield;
        return [...all, root];
      } catch {
        return [];
      }
    },
  },
});
definePlugin(specs, {
  name: 'synchronous wrapper of an asynchronous hook',
  load: {
    wrapper: function* ({ id }) {
      const loaded = yield;
      return loaded ?? { code: id };
    },
  },
});
definePlugin(specs, { name: 'optional', elsewhere: { optional: true, handler: () => 1 } });
class Counting {
  readonly name = 'counting';
  total = 0;
  addArgs({ config: { root } }: { config: Config }) {
    this.total++;
    return root;
  }
}
pm.register(new Counting());

// --- Specifications that contradict themselves, or the interface.
// @ts-expect-error an answer that cannot replace the argument
hookSpecs<{ f(a: { n: number }): string }>()({ f: { reduce: 'n' } });
// @ts-expect-error parallel without async
hookSpecs<{ f(a: {}): string }>()({ f: { parallel: true } });
// @ts-expect-error historic and first result
hookSpecs<{ f(a: {}): string }>()({ f: { historic: true, firstResult: true } });
// @ts-expect-error settle and first result
hookSpecs<{ f(a: {}): string }>()({ f: { settle: true, firstResult: true } });
// @ts-expect-error reduce must name an argument
hookSpecs<{ f(a: { n: number }): number }>()({ f: { reduce: 'nope' } });
// @ts-expect-error a deprecated argument must be one
hookSpecs<{ f(a: { n: number }): number }>()({ f: { deprecatedArgs: { nope: 'gone' } } });
// @ts-expect-error a hook of the interface is missing
hookSpecs<{ f(a: {}): string; g(a: {}): string }>()({ f: {} });
// @ts-expect-error a hook that the interface does not have
hookSpecs<{ f(a: {}): string }>()({ f: {}, bogus: {} });

// --- Plugins that do not fit.
// @ts-expect-error first and last
definePlugin(specs, { name: 'b', addArgs: { tryFirst: true, tryLast: true, handler: () => '' } });
definePlugin(specs, {
  name: 'b',
  // @ts-expect-error handler and wrapper
  addArgs: {
    handler: () => '',
    wrapper: function* () {
      yield;
      return [];
    },
  },
});
// @ts-expect-error no such hook
definePlugin(specs, { name: 'b', addArg: () => '' });
// @ts-expect-error no such argument
definePlugin(specs, { name: 'b', addArgs: ({ nope }) => String(nope) });
// @ts-expect-error an answer of another type
definePlugin(specs, { name: 'b', addArgs: () => 3 });
// @ts-expect-error an asynchronous implementation of a synchronous hook
definePlugin(specs, { name: 'b', addArgs: async () => '' });
definePlugin(specs, {
  name: 'b',
  // @ts-expect-error an async generator round a synchronous hook
  addArgs: {
    wrapper: async function* () {
      yield;
      return [];
    },
  },
});
definePlugin(specs, {
  name: 'b',
  configured: {
    // @ts-expect-error a wrapper of a historic hook
    wrapper: function* () {
      yield;
    },
  },
});
definePlugin(specs, {
  name: 'b',
  // @ts-expect-error a wrapper that returns another type
  addArgs: {
    wrapper: function* () {
      yield;
      return 3;
    },
  },
});
// @ts-expect-error a plugin without a name
pm.register({ addArgs: () => '' });

// --- Calls that do not fit.
// @ts-expect-error an argument is missing
pm.hook.addArgs({ parser: [] });
// @ts-expect-error a hook with arguments, called without
pm.hook.addArgs();
// @ts-expect-error a historic hook is not called directly
pm.hook.configured({ config });
// @ts-expect-error a hook that is not historic has no callHistoric
pm.hook.addArgs.callHistoric({ parser: [], config });
// @ts-expect-error no such hook
pm.hook.nope({});
// @ts-expect-error an extra implementation of another type
pm.hook.addArgs.extra([() => 3], { parser: [], config });

// --- A plugin adds hooks of its own.
const more = pm.addSpecs(hookSpecs<{ lint(a: { file: string }): number }>()({ lint: {} }));
const lint: number[] = more.hook.lint({ file: '' });

void [addArgs, load, transform, teardown, entries, extra, rest, size, registered, lint];
