import { definePlugin, HookError, hookSpecs, PluginManager } from '@whetstone/hooks';
import { expect, test } from 'vitest';

import { errorOf } from './error-of.ts';

interface Hooks {
  f(args: { n: number }): string;
  g(args: {}): string;
  toString(args: {}): string;
}
const specs = hookSpecs<Hooks>()({ f: {}, g: {}, toString: {} });
const manager = () => new PluginManager('app', specs);
const answering = (name: string) => definePlugin(specs, { name, f: () => name, g: () => name });

test('registers until it is disposed of or unregistered', () => {
  const pm = manager();
  const a = pm.register(answering('a'));
  pm.register(answering('b'));
  expect(a.name).toBe('a');
  expect(pm.hook.f({ n: 1 })).toEqual(['b', 'a']);
  a[Symbol.dispose]();
  expect(pm.hook.f({ n: 1 })).toEqual(['b']);
  expect(pm.unregister('b')).toBe(true);
  expect(pm.unregister('b')).toBe(false);
  expect(pm.hook.f({ n: 1 })).toEqual([]);
  expect(pm.hook.f.size).toBe(0);
});

test('disposing a second time does not unregister one that has come since by that name', () => {
  const pm = manager();
  const old = pm.register(answering('a'));
  old[Symbol.dispose]();
  pm.register(answering('a'));
  old[Symbol.dispose]();
  expect(pm.hook.f({ n: 1 })).toEqual(['a']);
});

test('finds plugins by name, in the order in which they came, as a copy', () => {
  const pm = manager();
  const a = answering('a');
  pm.register(a);
  pm.register(answering('b'));
  expect(pm.get('a')).toBe(a);
  expect(pm.get('c')).toBeUndefined();
  const plugins = pm.plugins();
  expect([...plugins.keys()]).toEqual(['a', 'b']);
  pm.unregister('a');
  expect(plugins.size).toBe(2);
  expect(pm.plugins().size).toBe(1);
});

test('refuses a name, or an object, that it has', () => {
  const pm = manager();
  const a = { name: 'a', f: () => 'a' };
  pm.register(a);
  expect(errorOf(() => pm.register(answering('a')))).toMatchObject({ code: 'DUPLICATE_PLUGIN', plugin: 'a' });
  expect(errorOf(() => pm.register(a)).code).toBe('DUPLICATE_PLUGIN');
  a.name = 'another';
  expect(errorOf(() => pm.register(a)).message).toContain("as 'a'");
  expect(pm.hook.f({ n: 1 })).toEqual(['a']);
});

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  ['text', 'string text'],
  [PluginManager, 'function PluginManager'],
  [{}, "'name' is text"],
  [{ name: '' }, 'empty'],
  [{ name: 3 }, 'number 3'],
  [{ name: 'p', g: () => 'g', f: 3 }, 'number 3'],
  [{ name: 'p', f: null }, 'null'],
  [{ name: 'p', f: {} }, 'an object'],
  [{ name: 'p', f: { handler() {}, *wrapper() {} } }, "'handler' and 'wrapper'"],
  [{ name: 'p', f: { handler() {}, tryFirst: true, tryLast: true } }, "'tryFirst' or 'tryLast'"],
  [{ name: 'p', f: { handler() {}, before: 'a' } }, "'before' is string a"],
  [{ name: 'p', f: { handler() {}, after: [1] } }, "'after' is a list"],
])('refuses what is no plugin, and leaves nothing behind: %o', (plugin, message) => {
  const pm = manager();
  const error = errorOf(() => pm.register(plugin as never));
  expect(error).toBeInstanceOf(HookError);
  expect(error.code).toBe('INVALID_PLUGIN');
  expect(error.message).toContain(message);
  expect(pm.plugins().size).toBe(0);
  expect([pm.hook.f.size, pm.hook.g.size]).toEqual([0, 0]);
});

test('a member of every object implements nothing, one of its own does', () => {
  const pm = manager();
  pm.register({ name: 'inherits' });
  pm.register({ name: 'undefined', f: undefined } as never);
  expect(pm.hook.toString.size + pm.hook.f.size).toBe(0);
  pm.register({ name: 'own', toString: () => 'mine' });
  expect(pm.hook.toString()).toEqual(['mine']);
});

test('blocks: unregisters, refuses, until it is unblocked', () => {
  const pm = manager();
  pm.register(answering('a'));
  pm.block('a');
  expect(pm.get('a')).toBeUndefined();
  expect(pm.isBlocked('a')).toBe(true);
  expect(errorOf(() => pm.register(answering('a')))).toMatchObject({ code: 'BLOCKED_PLUGIN', plugin: 'a' });
  expect(pm.unblock('a')).toBe(true);
  expect(pm.unblock('a')).toBe(false);
  expect(pm.isBlocked('a')).toBe(false);
  pm.register(answering('a'));
  expect(pm.hook.f({ n: 1 })).toEqual(['a']);
});

test('calls implementations with their plugin as this, inherited ones too', () => {
  const pm = manager();
  class Base {
    total = 0;
    f({ n }: { n: number }): string {
      this.total += n;
      return String(this.total);
    }
  }
  class Counting extends Base {
    readonly name = 'counting';
  }
  const counting = new Counting();
  pm.register(counting);
  pm.hook.f({ n: 2 });
  expect(pm.hook.f({ n: 3 })).toEqual(['5']);
  expect(counting.total).toBe(5);
});

test('tells an implementation who it is', () => {
  const pm = manager();
  pm.register({ name: 'p', f: (_, { plugin, hook }) => `${plugin} ${hook}` });
  expect(pm.hook.f({ n: 1 })).toEqual(['p f']);
});

test('registering and unregistering during a call affect only later calls', () => {
  const pm = manager();
  pm.register(answering('goes'));
  pm.register({
    name: 'changes',
    f: () => {
      if (!pm.get('comes')) pm.register(answering('comes'));
      pm.unregister('goes');
      return 'changes';
    },
  });
  expect(pm.hook.f({ n: 1 })).toEqual(['changes', 'goes']);
  expect(pm.hook.f({ n: 1 })).toEqual(['comes', 'changes']);
});

test('checkPending names an unknown hook, with a guess; optional ones may be unknown', () => {
  const pm = new PluginManager('app', hookSpecs<{ transform(args: {}): string }>()({ transform: {} }));
  pm.register({
    name: 'fine',
    transform: () => '',
    elsewhere: { optional: true, handler: () => 1 },
  } as never);
  pm.checkPending();
  pm.register({ name: 'typo', transfrom: () => '', version: '1.0', settings: { deep: true } } as never);
  const error = errorOf(() => pm.checkPending());
  expect(error).toMatchObject({ code: 'UNKNOWN_HOOK', plugin: 'typo', hook: 'transfrom' });
  expect(error.message).toBe(
    "Plugin 'typo' implements hook 'transfrom', which app does not have. Did you mean transform?",
  );
  pm.unregister('typo');
  pm.checkPending();
});

test('checkPending leaves the other members of a class to it', () => {
  const pm = manager();
  pm.register(
    new (class {
      readonly name = 'p';
      field = () => 1;
      method() {}
      f() {
        return 'p';
      }
    })(),
  );
  pm.checkPending();
  expect(pm.hook.f({ n: 1 })).toEqual(['p']);
});

test('a plugin adds hooks of its own, which earlier plugins may implement already', () => {
  const pm = new PluginManager('app', hookSpecs<{ f(args: {}): string }>()({ f: {} }));
  pm.register({ name: 'waits', lint: () => 1 } as never);
  expect(errorOf(() => pm.checkPending()).code).toBe('UNKNOWN_HOOK');
  const more = pm.addSpecs(hookSpecs<{ lint(args: { file: string }): number }>()({ lint: {} }));
  expect(more).toBe(pm);
  more.checkPending();
  more.register({ name: 'new', lint: ({ file }) => file.length, f: () => 'f' });
  expect(more.hook.lint({ file: 'abc' })).toEqual([3, 1]);
  expect(more.hook.f()).toEqual(['f']);
});

test('a hook that exists is not added again, and none of those beside it', () => {
  const pm = manager();
  pm.register({ name: 'p', fresh: () => 1, f: () => 'p' } as never);
  const clash = hookSpecs<{ fresh(args: {}): number; f(args: {}): number }>()({ fresh: {}, f: {} });
  expect(errorOf(() => pm.addSpecs(clash))).toMatchObject({ code: 'DUPLICATE_HOOK', hook: 'f' });
  expect(Object.keys(pm.hook)).toEqual(['f', 'g', 'toString']);
});

test('specifications that waiting plugins cannot meet leave nothing behind', () => {
  const pm = manager();
  pm.register({ name: 'a', y: { before: ['b'], handler() {} } } as never);
  pm.register({ name: 'b', y: { before: ['a'], handler() {} } } as never);
  const added = hookSpecs<{ x(args: {}): number; y(args: {}): number }>()({ x: {}, y: {} });
  expect(errorOf(() => pm.addSpecs(added)).code).toBe('ORDER_CYCLE');
  expect(Object.keys(pm.hook)).toEqual(['f', 'g', 'toString']);
  pm.unregister('b');
  pm.addSpecs(added);
  expect(Object.keys(pm.hook)).toEqual(['f', 'g', 'toString', 'x', 'y']);
});

test('extra implementations run first, for one call alone', () => {
  const pm = manager();
  pm.register(definePlugin(specs, { name: 'p', f: { tryFirst: true, handler: () => 'p' } }));
  const extra = [({ n }: { n: number }) => `first ${n}`, () => 'second'];
  expect(pm.hook.f.extra(extra, { n: 1 })).toEqual(['first 1', 'second', 'p']);
  expect(pm.hook.f({ n: 1 })).toEqual(['p']);
  expect(errorOf(() => pm.hook.f.extra([{}] as never, { n: 1 })).message).toContain('number 1 is not');
});

test('without some plugins, wrappers too; follows who comes and goes', () => {
  const pm = manager();
  pm.register(answering('a'));
  pm.register(answering('b'));
  pm.register({
    name: 'w',
    f: {
      wrapper: function* (): Generator<void, string[], string[]> {
        return [...(yield), 'w'];
      },
    },
  });
  const rest = pm.hook.f.without('a', 'w', 'nobody');
  expect(rest({ n: 1 })).toEqual(['b']);
  expect(rest.size).toBe(1);
  pm.register(answering('c'));
  expect(rest({ n: 1 })).toEqual(['c', 'b']);
  expect(rest.entries({ n: 1 }).map(({ plugin }) => plugin)).toEqual(['c', 'b']);
  expect(rest.extra([() => 'x'], { n: 1 })).toEqual(['x', 'c', 'b']);
  expect(rest.without('c')({ n: 1 })).toEqual(['b']);
  pm.unregister('b');
  expect(rest({ n: 1 })).toEqual(['c']);
  pm.unregister('a');
  pm.register(answering('a'));
  expect(rest({ n: 1 })).toEqual(['c']);
  expect(pm.hook.f({ n: 1 })).toEqual(['a', 'c', 'w']);
});

test('tells a monitor of each call and what came of it, until it is disposed of', async () => {
  const pm = new PluginManager(
    'app',
    hookSpecs<{ f(args: { n: number }): number; later(args: {}): number }>()({
      f: {},
      later: { async: true },
    }),
  );
  const told: unknown[] = [];
  const monitor = pm.monitor(
    (hook, args) => told.push(['before', hook, args]),
    (hook, args, outcome) => told.push(['after', hook, args, outcome]),
  );
  pm.register({
    name: 'p',
    f: ({ n }) => {
      if (n > 1) throw new Error('no');
      return n;
    },
    later: async () => 5,
  });
  pm.hook.f({ n: 1 });
  expect(() => pm.hook.f({ n: 2 })).toThrow('no');
  await pm.hook.later();
  expect(told).toEqual([
    ['before', 'f', { n: 1 }],
    ['after', 'f', { n: 1 }, { value: [1] }],
    ['before', 'f', { n: 2 }],
    ['after', 'f', { n: 2 }, { error: new Error('no') }],
    ['before', 'later', {}],
    ['after', 'later', {}, { value: [5] }],
  ]);
  told.length = 0;
  monitor[Symbol.dispose]();
  pm.hook.f({ n: 1 });
  expect(told).toEqual([]);
});

test('tells a monitor of an asynchronous failure, and the caller as well', async () => {
  const pm = new PluginManager('app', hookSpecs<{ f(args: {}): number }>()({ f: { async: true } }));
  const outcomes: unknown[] = [];
  pm.monitor(
    () => {},
    (_hook, _args, outcome) => outcomes.push(outcome),
  );
  pm.register({
    name: 'p',
    f: async () => {
      throw new Error('no');
    },
  });
  await expect(pm.hook.f()).rejects.toThrow('no');
  expect(outcomes).toEqual([{ error: new Error('no') }]);
});

test('a monitor that comes during a call sees no end without a beginning, one that goes sees no more', () => {
  const pm = manager();
  const told: string[] = [];
  const first = pm.monitor(
    () => told.push('first before'),
    () => told.push('first after'),
  );
  pm.register({
    name: 'p',
    f: () => {
      first[Symbol.dispose]();
      pm.monitor(
        () => told.push('second before'),
        () => told.push('second after'),
      );
      return '';
    },
  });
  pm.hook.f({ n: 1 });
  expect(told).toEqual(['first before']);
});

test('traces calls with arguments and outcome, indented by depth', () => {
  const pm = manager();
  const lines: string[] = [];
  pm.register({
    name: 'p',
    f: ({ n }) => {
      if (n === 2) throw new Error('no');
      return pm.hook.g()[0]!;
    },
    g: () => 'g',
  });
  const trace = pm.trace((line) => lines.push(line));
  pm.hook.f({ n: 1 });
  expect(() => pm.hook.f({ n: 2 })).toThrow('no');
  trace[Symbol.dispose]();
  pm.hook.f({ n: 1 });
  expect(lines).toEqual([
    'f {"n":1}',
    '  g {}',
    '  g → ["g"]',
    'f → ["g"]',
    'f {"n":2}',
    'f threw Error: no',
  ]);
});

test('a trace writes any value, on a line that ends', () => {
  const pm = new PluginManager('app', hookSpecs<{ f(args: { value: unknown }): string }>()({ f: {} }));
  const lines: string[] = [];
  pm.trace((line) => lines.push(line));
  const traced = (value: unknown) => {
    lines.length = 0;
    pm.hook.f({ value });
    return /^f \{"value":(.*)\}$/.exec(lines[0]!)?.[1] ?? lines[0]!;
  };
  const circle: Record<string, unknown> = { twice: [{}, {}] };
  circle['again'] = circle;
  const throwing = {
    get x(): never {
      throw new Error('no');
    },
  };
  expect(traced(circle)).toBe('{"twice":[{},{}],"again":[circular]}');
  expect(traced([1n, undefined, null, () => {}, Symbol('s')])).toBe(
    '[1n,undefined,null,[function without a name],Symbol(s)]',
  );
  expect(traced(new RangeError('no'))).toBe('RangeError: no');
  expect(traced(Object.create(null))).toBe('{}');
  expect(traced(throwing)).toContain('[Error: no]');
  expect(traced('line\nline')).toBe(String.raw`"line\nline"`);
  expect(traced(new Float64Array(1e8))).toMatch(/^f \{"value":\[0,0,.*…$/);
  expect(traced('x'.repeat(1e6)).length).toBeLessThan(130);
});
