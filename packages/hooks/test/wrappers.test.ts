import { definePlugin, hookSpecs, PluginManager } from '@whetstone/hooks';
import { expect, test } from 'vitest';

import { errorOf } from './error-of.ts';

interface Hooks {
  f(args: { log: string[] }): string;
  first(args: { log: string[] }): string;
}
const sync = hookSpecs<Hooks>()({ f: {}, first: { firstResult: true } });
const later = hookSpecs<Hooks>()({ f: { async: true }, first: { async: true, firstResult: true } });

/** A wrapper that logs how it is passed, and adds its name to what comes back. */
const logging = (name: string) =>
  definePlugin(sync, {
    name,
    f: {
      wrapper: function* ({ log }) {
        log.push(`${name} in`);
        try {
          return [...(yield), name];
        } catch (error) {
          log.push(`${name} sees ${String(error)}`);
          throw error;
        } finally {
          log.push(`${name} out`);
        }
      },
    },
  });
const answering = (name: string) =>
  definePlugin(sync, {
    name,
    f({ log }) {
      log.push(name);
      return name;
    },
  });

test('go round all implementations, the last registered outermost', () => {
  const pm = new PluginManager('app', sync);
  pm.register(logging('inner'));
  pm.register(answering('a'));
  pm.register(logging('outer'));
  pm.register(answering('b'));
  const log: string[] = [];
  expect(pm.hook.f({ log })).toEqual(['b', 'a', 'inner', 'outer']);
  expect(log).toEqual(['outer in', 'inner in', 'b', 'a', 'inner out', 'outer out']);
  expect(pm.hook.f.size).toBe(4);
});

test('run where nobody implements the hook', () => {
  const pm = new PluginManager('app', sync);
  pm.register(logging('alone'));
  expect(pm.hook.f({ log: [] })).toEqual(['alone']);
});

test('replace the result, and see that of a first-result hook', () => {
  const pm = new PluginManager('app', sync);
  pm.register({ name: 'a', first: () => 'a' });
  expect(pm.hook.first({ log: [] })).toBe('a');
  pm.register(
    definePlugin(sync, {
      name: 'w',
      first: {
        wrapper: function* () {
          const answer = yield;
          return `${answer}!`;
        },
      },
    }),
  );
  expect(pm.hook.first({ log: [] })).toBe('a!');
});

test('see an error at their yield, each from the inside out', () => {
  const pm = new PluginManager('app', sync);
  pm.register(logging('inner'));
  pm.register(logging('outer'));
  pm.register({
    name: 'fails',
    f() {
      throw new RangeError('no');
    },
  });
  const log: string[] = [];
  expect(() => pm.hook.f({ log })).toThrow(new RangeError('no'));
  expect(log).toEqual([
    'outer in',
    'inner in',
    'inner sees RangeError: no',
    'inner out',
    'outer sees RangeError: no',
    'outer out',
  ]);
});

test('catch the error, and the outer ones get a result', () => {
  const pm = new PluginManager('app', sync);
  pm.register(
    definePlugin(sync, {
      name: 'catches',
      f: {
        wrapper: function* () {
          try {
            return yield;
          } catch {
            return ['caught'];
          }
        },
      },
    }),
  );
  pm.register(logging('outer'));
  pm.register({
    name: 'fails',
    f() {
      throw new Error('no');
    },
  });
  expect(pm.hook.f({ log: [] })).toEqual(['caught', 'outer']);
});

test('chain another error, which keeps its cause', () => {
  const pm = new PluginManager('app', sync);
  pm.register(
    definePlugin(sync, {
      name: 'chains',
      f: {
        wrapper: function* () {
          try {
            return yield;
          } catch (cause) {
            throw new Error('while wrapping', { cause });
          }
        },
      },
    }),
  );
  pm.register(logging('outer'));
  pm.register({
    name: 'fails',
    f() {
      throw new RangeError('no');
    },
  });
  const log: string[] = [];
  expect(() => pm.hook.f({ log })).toThrow(
    expect.objectContaining({ message: 'while wrapping', cause: new RangeError('no') }),
  );
  expect(log).toContain('outer sees Error: while wrapping');
});

test.each(['before', 'after'])(
  'pass what they throw %s the yield to the outer ones, not to the inner',
  (when) => {
    const pm = new PluginManager('app', sync);
    pm.register(logging('inner'));
    pm.register(
      definePlugin(sync, {
        name: 'throws',
        f: {
          wrapper: function* () {
            if (when === 'before') throw new Error('mine');
            yield;
            throw new Error('mine');
          },
        },
      }),
    );
    pm.register(logging('outer'));
    pm.register(answering('a'));
    const log: string[] = [];
    expect(() => pm.hook.f({ log })).toThrow('mine');
    expect(log).toEqual(
      when === 'before'
        ? ['outer in', 'outer sees Error: mine', 'outer out']
        : ['outer in', 'inner in', 'a', 'inner out', 'outer sees Error: mine', 'outer out'],
    );
  },
);

test.each([
  ['sync', sync],
  ['async', later],
])('an error names the plugin whose wrapper does not yield, %s', async (_, specs) => {
  const pm = new PluginManager('app', specs as typeof later);
  pm.register(logging('outer') as never);
  pm.register({
    name: 'none',
    f: {
      // oxlint-disable-next-line require-yield -- the mistake that is tested
      wrapper: function* () {
        return ['x'];
      },
    },
  });
  pm.register({
    name: 'never',
    f() {
      throw new Error('must not run');
    },
  });
  const log: string[] = [];
  const error = await (async () => await pm.hook.f({ log }))().catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'WRAPPER_YIELDS', plugin: 'none', hook: 'f' });
  expect(String(error)).toContain("Plugin 'none'");
});

test.each([
  ['sync', sync],
  ['async', later],
])(
  'an error names the plugin whose wrapper yields twice, closes it, and goes on outwards, %s',
  async (_, specs) => {
    const pm = new PluginManager('app', specs as typeof later);
    let closed = 0;
    pm.register({
      name: 'twice',
      f: {
        wrapper: function* () {
          try {
            yield;
            yield;
            return [];
          } finally {
            closed++;
          }
        },
      },
    });
    pm.register(logging('outer') as never);
    const log: string[] = [];
    const error = await (async () => await pm.hook.f({ log }))().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'WRAPPER_YIELDS', plugin: 'twice', hook: 'f' });
    expect(closed).toBe(1);
    expect(log.join()).toContain('outer sees HookError');
  },
);

test('an error that a second yield would hide stays as the cause', () => {
  const pm = new PluginManager('app', sync);
  pm.register({
    name: 'twice',
    f: {
      wrapper: function* () {
        try {
          yield;
        } catch {
          yield;
        }
        return [];
      },
    },
  });
  pm.register({
    name: 'fails',
    f() {
      throw new RangeError('no');
    },
  });
  const error = errorOf(() => pm.hook.f({ log: [] }));
  expect(error).toMatchObject({ code: 'WRAPPER_YIELDS', cause: new RangeError('no') });
});

test('a wrapper that is no generator is refused at the call', async () => {
  for (const specs of [sync, later]) {
    const pm = new PluginManager('app', specs as typeof later);
    pm.register({ name: 'plain', f: { wrapper: () => ['x'] } } as never);
    const error = await (async () => await pm.hook.f({ log: [] }))().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'INVALID_PLUGIN', plugin: 'plain', hook: 'f' });
  }
});

test('an async generator round a synchronous hook is refused at the call, and closed', async () => {
  const pm = new PluginManager('app', sync);
  let closed = false;
  pm.register({
    name: 'async',
    f: {
      wrapper: async function* (): AsyncGenerator<void, void> {
        try {
          yield;
        } finally {
          closed = true;
        }
      },
    },
  } as never);
  expect(errorOf(() => pm.hook.f({ log: [] }))).toMatchObject({
    code: 'ASYNC_IN_SYNC_HOOK',
    plugin: 'async',
  });
  await new Promise(setImmediate);
  expect(closed).toBe(true);
});

test('a wrapper of a synchronous hook may not return a promise', () => {
  const pm = new PluginManager('app', sync);
  pm.register({
    name: 'promise',
    f: {
      wrapper: function* () {
        yield;
        return Promise.resolve([]);
      },
    },
  } as never);
  expect(errorOf(() => pm.hook.f({ log: [] }))).toMatchObject({
    code: 'ASYNC_IN_SYNC_HOOK',
    plugin: 'promise',
  });
});

test('generators and async generators go together round an asynchronous hook', async () => {
  const pm = new PluginManager('app', later);
  pm.register(logging('generator') as never);
  pm.register(
    definePlugin(later, {
      name: 'async',
      f: {
        wrapper: async function* ({ log }) {
          await Promise.resolve();
          log.push('async in');
          try {
            return [...(yield), 'async'];
          } catch (error) {
            log.push(`async sees ${String(error)}`);
            await Promise.resolve();
            return ['caught'];
          }
        },
      },
    }),
  );
  pm.register({ name: 'a', f: async () => 'a' });
  const log: string[] = [];
  expect(await pm.hook.f({ log })).toEqual(['a', 'generator', 'async']);
  expect(log).toEqual(['async in', 'generator in', 'generator out']);
  pm.register({
    name: 'fails',
    f: async () => {
      throw new Error('no');
    },
  });
  log.length = 0;
  expect(await pm.hook.f({ log })).toEqual(['caught']);
  expect(log).toEqual([
    'async in',
    'generator in',
    'generator sees Error: no',
    'generator out',
    'async sees Error: no',
  ]);
});

test('see the arguments, their context, and their plugin as this', () => {
  const pm = new PluginManager('app', sync);
  class Counting {
    readonly name = 'counting';
    calls = 0;
    readonly f = { wrapper: Counting.prototype.wrap };
    *wrap(
      this: Counting,
      { log }: { log: string[] },
      context: { plugin: string; hook: string },
    ): Generator<void, string[], string[]> {
      this.calls++;
      log.push(`${context.plugin} ${context.hook}`);
      return yield;
    }
  }
  const counting = new Counting();
  pm.register(counting);
  const log: string[] = [];
  pm.hook.f({ log });
  expect(counting.calls).toBe(1);
  expect(log).toEqual(['counting f']);
});

test("go round entries and extra implementations too; what they return is nobody's answer", () => {
  const pm = new PluginManager('app', sync);
  pm.register(answering('a'));
  pm.register(logging('w'));
  const log: string[] = [];
  expect(pm.hook.f.entries({ log })).toEqual([{ plugin: 'a', value: 'a' }]);
  expect(log).toEqual(['w in', 'a', 'w out']);
  expect(pm.hook.f.extra([() => 'extra'], { log: [] })).toEqual(['extra', 'a', 'w']);
});
