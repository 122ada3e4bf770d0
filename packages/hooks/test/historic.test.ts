import { definePlugin, hookSpecs, PluginManager } from '@whetstone/hooks';
import { expect, test } from 'vitest';

import { errorOf } from './error-of.ts';

interface Hooks {
  configured(args: { n: number }): number | undefined;
  other(args: { n: number }): number | undefined;
  f(args: {}): string;
}
const specs = hookSpecs<Hooks>()({ configured: { historic: true }, other: { historic: true }, f: {} });
const manager = () => new PluginManager('app', specs);

test('calls who is there, and later who comes, once for each call', () => {
  const pm = manager();
  const seen: string[] = [];
  const plugin = (name: string) =>
    definePlugin(specs, { name, configured: ({ n }) => void seen.push(`${name} ${n}`) });
  pm.register(plugin('early'));
  pm.hook.configured.callHistoric({ n: 1 });
  pm.hook.configured.callHistoric({ n: 2 });
  pm.register(plugin('late'));
  expect(seen).toEqual(['early 1', 'early 2', 'late 1', 'late 2']);
  expect(pm.hook.configured.size).toBe(2);
});

test('tells each answer to the callback of its call, with who gave it, and no missing answer', () => {
  const pm = manager();
  const told: unknown[] = [];
  pm.register({ name: 'early', configured: ({ n }) => n });
  pm.register({ name: 'silent', configured: () => undefined });
  pm.hook.configured.callHistoric({ n: 1 }, (answer, plugin) => told.push([answer, plugin]));
  pm.hook.configured.callHistoric({ n: 5 });
  expect(told).toEqual([[1, 'early']]);
  pm.register({ name: 'late', configured: ({ n }) => n * 10 });
  pm.register({ name: 'late and silent', configured: () => undefined });
  expect(told).toEqual([
    [1, 'early'],
    [10, 'late'],
  ]);
});

test('returns nothing', async () => {
  const pm = manager();
  pm.register({ name: 'p', configured: ({ n }) => n });
  expect(pm.hook.configured.callHistoric({ n: 1 })).toBeUndefined();
  const later = new PluginManager(
    'app',
    hookSpecs<Hooks>()({ configured: { historic: true, async: true }, other: { historic: true }, f: {} }),
  );
  const told: number[] = [];
  later.register({ name: 'p', configured: async ({ n }) => n });
  const called = later.hook.configured.callHistoric({ n: 1 }, (answer) => told.push(answer));
  expect(called).toBeInstanceOf(Promise);
  expect(await called).toBeUndefined();
  later.register({ name: 'q', configured: async ({ n }) => n + 1 });
  await new Promise(setImmediate);
  expect(told).toEqual([1, 2]);
});

test('a throw during the replay leaves nothing of the plugin, and what it threw comes through', () => {
  const pm = manager();
  pm.hook.configured.callHistoric({ n: 1 });
  const failing = definePlugin(specs, {
    name: 'p',
    f: () => 'p',
    configured() {
      throw new RangeError('not with 1');
    },
  });
  expect(() => pm.register(failing)).toThrow(new RangeError('not with 1'));
  expect(pm.get('p')).toBeUndefined();
  expect(pm.plugins().size).toBe(0);
  expect(pm.hook.f()).toEqual([]);
  expect(pm.hook.configured.size).toBe(0);
  pm.register({ name: 'p', f: () => 'second try' });
  expect(pm.hook.f()).toEqual(['second try']);
});

test('replays nothing to a plugin that is refused', () => {
  const pm = manager();
  pm.hook.configured.callHistoric({ n: 1 });
  pm.register(definePlugin(specs, { name: 'a', f: { before: ['b'], handler: () => 'a' } }));
  let ran = 0;
  const cyclic = definePlugin(specs, {
    name: 'b',
    configured: () => void ran++,
    f: { before: ['a'], handler: () => 'b' },
  });
  expect(errorOf(() => pm.register(cyclic)).code).toBe('ORDER_CYCLE');
  expect(ran).toBe(0);
});

test('replays a call once where the replay itself calls, or registers', () => {
  const pm = manager();
  const seen: string[] = [];
  pm.hook.configured.callHistoric({ n: 1 });
  pm.register({
    name: 'calls',
    configured({ n }) {
      seen.push(`calls.configured ${n}`);
      pm.hook.other.callHistoric({ n: n + 1 });
      if (!pm.get('nested'))
        pm.register({ name: 'nested', other: ({ n }) => void seen.push(`nested.other ${n}`) });
      return undefined;
    },
    other: ({ n }) => void seen.push(`calls.other ${n}`),
  });
  expect(seen).toEqual(['calls.configured 1', 'calls.other 2', 'nested.other 2']);
});

test('a plugin that is registered during a historic call gets that call once', () => {
  const pm = manager();
  const seen: string[] = [];
  pm.register({
    name: 'registers',
    configured: ({ n }) => {
      pm.register({ name: 'new', configured: () => void seen.push(`new ${n}`) });
      return undefined;
    },
  });
  pm.hook.configured.callHistoric({ n: 1 });
  expect(seen).toEqual(['new 1']);
});

test('is not called as a function, and takes no wrappers', () => {
  const pm = manager();
  expect(() => (pm.hook.configured as unknown as (args: object) => void)({ n: 1 })).toThrow('callHistoric');
  const wrapping = {
    name: 'w',
    configured: {
      wrapper: function* () {
        yield;
      },
    },
  };
  expect(errorOf(() => pm.register(wrapping as never))).toMatchObject({
    code: 'INVALID_PLUGIN',
    plugin: 'w',
    hook: 'configured',
  });
  expect(pm.plugins().size).toBe(0);
});

test('a synchronous historic hook refuses a promise, at the replay too', () => {
  const pm = manager();
  pm.hook.configured.callHistoric({ n: 1 });
  expect(errorOf(() => pm.register({ name: 'p', configured: async () => 1 } as never)).code).toBe(
    'ASYNC_IN_SYNC_HOOK',
  );
  expect(pm.get('p')).toBeUndefined();
});
