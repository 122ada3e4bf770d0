import { hookSpecs, definePlugin, PluginManager } from '@whetstone/hooks';
interface Module_ { code: string } interface Config { root: string }
interface AppHooks {
  addArgs(a: { parser: string[]; config: Config }): string;
  load(a: { id: string }): Module_ | undefined;
  transform(a: { code: string; id: string }): string | undefined;
  configured(a: { config: Config }): void;
  teardown(a: {}): void;
}
const specs = hookSpecs<AppHooks>()({
  addArgs: {}, load: { async: true, firstResult: true }, transform: { async: true, reduce: 'code' }, configured: { historic: true }, teardown: { async: true, settle: true },
});
const pm = new PluginManager('app', specs);
// callers
const r1: string[] = pm.hook.addArgs({ parser: [], config: { root: '/' } });
const r2: Promise<Module_ | undefined> = pm.hook.load({ id: 'x' });
const r3: Promise<string> = pm.hook.transform({ code: 'a', id: 'x' });
pm.hook.configured.callHistoric({ config: { root: '' } });
pm.hook.teardown();
for (const e of pm.hook.addArgs.entries({ parser: [], config: { root: '' } })) { const p: string = e.plugin; const v: string = e.value; void p; void v; }
// plugins: arguments inferred, subset by destructuring
const good = definePlugin(specs, {
  name: 'good',
  addArgs({ config }) { return config.root; },
  async load({ id }) { return { code: id }; },
  transform: { tryFirst: true, after: ['x'], wrapper: async function* ({ code }) { const out = yield; return out + code.length; } },
  configured({ config }) { config.root.length; },
});
pm.register(good);
definePlugin(specs, { name: 'w', addArgs: { wrapper: function* ({ config }) { try { const all = yield; const x: string[] = all; return [...x, config.root]; } catch { return []; } } } });
definePlugin(specs, { name: 'w2', load: { wrapper: function* ({ id }) { const m = yield; return m ?? { code: id }; } } }); // sync wrapper on async hook
definePlugin(specs, { name: 'o', elsewhere: { optional: true, handler: () => 1 } });
class Counting { readonly name = 'counting'; total = 0; addArgs({ config }: { config: Config }) { this.total++; return config.root; } }
pm.register(new Counting());
// --- errors the compiler must give ---
// @ts-expect-error an answer that cannot replace the argument
hookSpecs<{ f(a: { n: number }): string }>()({ f: { reduce: 'n' } });
// @ts-expect-error parallel without async
hookSpecs<{ f(a: {}): string }>()({ f: { parallel: true } });
// @ts-expect-error first and last
definePlugin(specs, { name: 'b', addArgs: { tryFirst: true, tryLast: true, handler: () => '' } });
// @ts-expect-error handler and wrapper
definePlugin(specs, { name: 'b', addArgs: { handler: () => '', wrapper: function* () { return yield; } } });
// @ts-expect-error unknown hook name in a plugin
definePlugin(specs, { name: 'b1', addArg() { return ''; } });
// @ts-expect-error unknown argument
definePlugin(specs, { name: 'b2', addArgs({ nope }) { return ''; } });
// @ts-expect-error wrong result type
definePlugin(specs, { name: 'b3', addArgs() { return 3; } });
// @ts-expect-error async implementation of a sync hook
definePlugin(specs, { name: 'b4', async addArgs() { return ''; } });
// @ts-expect-error async generator as wrapper of a sync hook
definePlugin(specs, { name: 'b5', addArgs: { wrapper: async function* () { const r = yield; return r; } } });
// @ts-expect-error wrapper on historic hook
definePlugin(specs, { name: 'b6', configured: { wrapper: function* () { yield; } } });
// @ts-expect-error wrapper returns wrong type
definePlugin(specs, { name: 'b7', addArgs: { wrapper: function* () { yield; return 3; } } });
// @ts-expect-error missing argument at the call
pm.hook.addArgs({ parser: [] });
// @ts-expect-error historic hook is not directly callable
pm.hook.configured({ config: { root: '' } });
// @ts-expect-error no such hook
pm.hook.nope({});
// @ts-expect-error contradiction
hookSpecs<AppHooks>()({ addArgs: { historic: true, firstResult: true }, load: {}, transform: {}, configured: {}, teardown: {} });
// @ts-expect-error reduce must name an argument
hookSpecs<AppHooks>()({ addArgs: {}, load: {}, transform: { reduce: 'nope' }, configured: {}, teardown: {} });
// @ts-expect-error spec missing a hook of the interface
hookSpecs<AppHooks>()({ addArgs: {} });
// @ts-expect-error extra hook not in the interface
hookSpecs<AppHooks>()({ addArgs: {}, load: {}, transform: {}, configured: {}, teardown: {}, bogus: {} });
void r1; void r2; void r3;
// extension: a plugin adds hooks of its own
interface More { lint(a: { file: string }): number }
const pm2 = pm.addSpecs(hookSpecs<More>()({ lint: {} }));
const n: number[] = pm2.hook.lint({ file: '' }); void n;
