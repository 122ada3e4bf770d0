import { definePlugin, hookSpecs, type Order, PluginManager } from '@whetstone/hooks';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { errorOf } from './error-of.ts';

interface Hooks {
  f(args: {}): string;
}
const specs = hookSpecs<Hooks>()({ f: {} });

/** Registers `name` or `name tryFirst`, …, in that order, and says who was called, in the order of calls. */
function called(...plugins: readonly (string | (Order & { name: string }))[]): string[] {
  const pm = new PluginManager('app', specs);
  for (const plugin of plugins) {
    const { name, ...order } = typeof plugin === 'string' ? { name: plugin } : plugin;
    pm.register(definePlugin(specs, { name, f: { ...order, handler: () => name } }));
  }
  return pm.hook.f();
}

// Pluggy's own cases of insertion (testing/test_hookcaller.py), in order of calls.
test.each([
  ['last registered first', ['a', 'b', 'c'], 'c b a'],
  ['tryLast after the others', ['l1 tryLast', 'a', 'l2 tryLast', 'b'], 'b a l1 l2'],
  ['tryFirst before the others', ['f1 tryFirst', 'f2 tryFirst', 'a', 'f3 tryFirst'], 'f3 f2 f1 a'],
  ['both at once', ['a tryFirst', 'b tryLast', 'c', 'd tryLast', 'e tryFirst', 'f'], 'e a f c b d'],
])('calls %s', (_, registered, expected) => {
  const plugins = registered.map((text) => {
    const [name, option] = text.split(' ');
    return {
      name: name!,
      ...(option === 'tryFirst' && { tryFirst: true }),
      ...(option === 'tryLast' && { tryLast: true }),
    };
  });
  expect(called(...(plugins as (Order & { name: string })[]))).toEqual(expected.split(' '));
});

test('puts a plugin before or after the ones it names', () => {
  expect(called({ name: 'a', before: ['c'] }, 'b', 'c')).toEqual(['b', 'a', 'c']);
  expect(called('a', 'b', { name: 'c', after: ['a'] })).toEqual(['b', 'a', 'c']);
});

test('lets a named order win over tryFirst and tryLast', () => {
  expect(called({ name: 'a', tryFirst: true, after: ['b'] }, { name: 'b', tryLast: true }, 'c')).toEqual([
    'c',
    'b',
    'a',
  ]);
});

test('says nothing of plugins that are not registered', () => {
  expect(called({ name: 'a', before: ['nobody'] }, { name: 'b', after: ['nobody'] })).toEqual(['b', 'a']);
});

test('orders wrappers by the same rules, apart from what they go round', () => {
  const pm = new PluginManager('app', specs);
  const log: string[] = [];
  const wrapping = (name: string, order: Order) =>
    definePlugin(specs, {
      name,
      f: {
        ...order,
        wrapper: function* () {
          log.push(name);
          return yield;
        },
      },
    });
  pm.register(wrapping('inner', {}));
  pm.register(wrapping('outer', { tryFirst: true }));
  pm.register(wrapping('innermost', { after: ['inner'] }));
  pm.register(definePlugin(specs, { name: 'handler', f: { tryFirst: true, handler: () => 'x' } }));
  pm.hook.f();
  expect(log).toEqual(['outer', 'inner', 'innermost']);
});

test('prints a cycle, and leaves nothing of the plugin that closes it', () => {
  const pm = new PluginManager('app', specs);
  const plugin = (name: string, order: Order) =>
    definePlugin(specs, { name, f: { ...order, handler: () => name } });
  pm.register(plugin('a', { before: ['b'] }));
  pm.register(plugin('b', { before: ['c'] }));
  pm.register(plugin('bystander', {}));
  const error = errorOf(() => pm.register(plugin('c', { before: ['a'] })));
  expect(error).toMatchObject({ code: 'ORDER_CYCLE', hook: 'f' });
  expect(error.message).toMatch(/a → b → c → a|b → c → a → b|c → a → b → c/);
  expect(error.message).not.toContain('bystander');
  expect(pm.get('c')).toBeUndefined();
  expect(pm.hook.f()).toEqual(['bystander', 'a', 'b']);
});

interface Drawn {
  name: string;
  tryFirst: boolean;
  tryLast: boolean;
  before: string[];
  after: string[];
}
const names = 'abcdefgh'.split('');
const drawn: fc.Arbitrary<Drawn[]> = fc.shuffledSubarray(names, { minLength: 1 }).chain((chosen) =>
  fc.tuple(
    ...chosen.map((name) =>
      fc
        .record({
          name: fc.constant(name),
          place: fc.constantFrom('', 'tryFirst', 'tryLast'),
          before: fc.subarray(names, { maxLength: 2 }),
          after: fc.subarray(names, { maxLength: 1 }),
        })
        .map(({ name, place, before, after }) => ({
          name,
          tryFirst: place === 'tryFirst',
          tryLast: place === 'tryLast',
          before: before.filter((other) => other !== name),
          after: after.filter((other) => other !== name),
        })),
    ),
  ),
);
const register = (plugins: readonly Drawn[]) =>
  called(...(plugins as unknown as (Order & { name: string })[]));
/** The order, or undefined for a cycle. */
function orderOf(plugins: readonly Drawn[]): string[] | undefined {
  try {
    return register(plugins);
  } catch (error) {
    expect((error as { code: string }).code).toBe('ORDER_CYCLE');
    return undefined;
  }
}
const free = (plugins: readonly Drawn[]) => plugins.map((plugin) => ({ ...plugin, before: [], after: [] }));
const mustPrecede = (plugins: readonly Drawn[]) =>
  plugins.flatMap(({ name, before, after }) => [
    ...before.map((other) => [name, other] as const),
    ...after.map((other) => [other, name] as const),
  ]);

test('law: calls everyone once, and respects before and after', () => {
  fc.assert(
    fc.property(drawn, (plugins) => {
      const order = orderOf(plugins);
      if (!order) return;
      expect(order.toSorted()).toEqual(plugins.map(({ name }) => name).toSorted());
      for (const [first, second] of mustPrecede(plugins)) {
        if (order.includes(first) && order.includes(second))
          expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
      }
    }),
  );
});

test('law: without before and after, tryFirst, then who says nothing, then tryLast', () => {
  fc.assert(
    fc.property(drawn, (plugins) => {
      const by = (keep: (plugin: Drawn) => boolean) => plugins.filter(keep).map(({ name }) => name);
      expect(register(free(plugins))).toEqual([
        ...by(({ tryFirst }) => tryFirst).toReversed(),
        ...by(({ tryFirst, tryLast }) => !tryFirst && !tryLast).toReversed(),
        ...by(({ tryLast }) => tryLast),
      ]);
    }),
  );
});

test('law: moves nobody for a wish that is fulfilled already', () => {
  fc.assert(
    fc.property(drawn, (plugins) => {
      const order = register(free(plugins));
      const wishes = plugins.map((plugin) => {
        const at = order.indexOf(plugin.name);
        return {
          ...plugin,
          before: plugin.before.filter((other) => order.indexOf(other) > at),
          after: plugin.after.filter((other) => order.includes(other) && order.indexOf(other) < at),
        };
      });
      expect(register(wishes)).toEqual(order);
    }),
  );
});

test('law: refuses exactly what cannot be, and the cycle it prints is one', () => {
  fc.assert(
    fc.property(drawn, (plugins) => {
      const present = new Set(plugins.map(({ name }) => name));
      const edges = mustPrecede(plugins).filter(([a, b]) => present.has(a) && present.has(b));
      const pairs = new Set(edges.map(([a, b]) => `${a} ${b}`));
      let cycle: string[] | undefined;
      try {
        register(plugins);
      } catch (error) {
        cycle = /: (\w( → \w)+)\./.exec((error as Error).message)![1]!.split(' → ');
      }
      expect(cycle !== undefined).toBe(hasCycle([...present], edges));
      if (!cycle) return;
      expect(cycle[0]).toBe(cycle.at(-1));
      for (let i = 1; i < cycle.length; i++) expect(pairs).toContain(`${cycle[i - 1]} ${cycle[i]}`);
    }),
    { numRuns: 300 },
  );
});

/** By taking away what nothing precedes, until nothing can be taken. */
function hasCycle(nodes: readonly string[], edges: readonly (readonly [string, string])[]): boolean {
  let left = nodes;
  for (;;) {
    const next = left.filter((node) => edges.some(([a, b]) => b === node && left.includes(a)));
    if (next.length === left.length) return left.length > 0;
    left = next;
  }
}
