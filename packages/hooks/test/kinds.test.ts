import { definePlugin, hookSpecs, PluginManager } from '@whetstone/hooks';
import { expect, test } from 'vitest';

import { errorOf } from './error-of.ts';

interface Hooks {
  all(args: { n: number }): number | null | undefined;
  first(args: { n: number }): number | null | undefined | false;
  code(args: { code: string; id: string }): string | undefined;
  every(args: { n: number }): number;
}
const specs = hookSpecs<Hooks>()({
  all: {},
  first: { firstResult: true },
  code: { reduce: 'code' },
  every: { settle: true },
});
const asyncSpecs = hookSpecs<Hooks>()({
  all: { async: true },
  first: { async: true, firstResult: true },
  code: { async: true, reduce: 'code' },
  every: { async: true, settle: true },
});

test('collects answers, without undefined and null, and keeps 0 and empty text', () => {
  const pm = new PluginManager('app', hookSpecs<{ f(args: {}): unknown }>()({ f: {} }));
  for (const [i, answer] of [null, 0, undefined, '', false].entries())
    pm.register({ name: `p${i}`, f: () => answer });
  expect(pm.hook.f()).toEqual([false, '', 0]);
  expect(pm.hook.f.size).toBe(5);
});

test('answers with nothing where nobody implements the hook', async () => {
  const pm = new PluginManager('app', specs);
  expect(pm.hook.all({ n: 1 })).toEqual([]);
  expect(pm.hook.first({ n: 1 })).toBeUndefined();
  expect(pm.hook.code({ code: 'x', id: '' })).toBe('x');
  const later = new PluginManager('app', asyncSpecs);
  expect(await later.hook.all({ n: 1 })).toEqual([]);
  expect(await later.hook.first({ n: 1 })).toBeUndefined();
  expect(await later.hook.code({ code: 'x', id: '' })).toBe('x');
});

test('stops at the first answer, and skips null and undefined, not false', () => {
  const pm = new PluginManager('app', specs);
  const log: string[] = [];
  const answering = (name: string, answer: number | null | undefined | false) =>
    definePlugin(specs, {
      name,
      first: () => {
        log.push(name);
        return answer;
      },
    });
  pm.register(answering('never', 1));
  pm.register(answering('false', false));
  pm.register(answering('null', null));
  pm.register(answering('nothing', undefined));
  expect(pm.hook.first({ n: 1 })).toBe(false);
  expect(log).toEqual(['nothing', 'null', 'false']);
});

test('stops at the first answer of an asynchronous hook', async () => {
  const pm = new PluginManager('app', asyncSpecs);
  pm.register({
    name: 'never',
    first() {
      throw new Error('must not run');
    },
  });
  pm.register({ name: 'answers', first: async ({ n }) => n });
  pm.register({ name: 'null', first: async () => null });
  expect(await pm.hook.first({ n: 3 })).toBe(3);
});

test.each([
  ['synchronous', specs],
  ['asynchronous', asyncSpecs],
])('hands each answer on as the argument, %s', async (_, which) => {
  const pm = new PluginManager('app', which as typeof asyncSpecs);
  const args = { code: '', id: 'x' };
  for (const name of ['c', 'b', 'a']) {
    pm.register({ name, code: ({ code, id }) => (name === 'b' ? undefined : `${code}${name}${id}`) });
  }
  expect(await pm.hook.code(args)).toBe('axcx');
  expect(args).toEqual({ code: '', id: 'x' });
});

test.each([
  ['synchronous', specs],
  ['asynchronous', asyncSpecs],
])('with settle all run, and then their errors come together, %s', async (_, which) => {
  const pm = new PluginManager('app', which as typeof asyncSpecs);
  const ran: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    pm.register({
      name,
      every() {
        ran.push(name);
        if (name !== 'b') throw new Error(name);
        return 1;
      },
    });
  }
  const error = await (async () => await pm.hook.every({ n: 1 }))().catch((error: unknown) => error);
  expect(ran).toEqual(['c', 'b', 'a']);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).errors.map(String)).toEqual(['Error: c', 'Error: a']);
  expect((error as AggregateError).message).toBe("2 implementations of hook 'every' failed.");
  pm.unregister('a');
  pm.unregister('c');
  expect(await pm.hook.every({ n: 1 })).toEqual([1]);
});

test('without settle the first error ends the call', () => {
  const pm = new PluginManager('app', specs);
  pm.register({
    name: 'never',
    all() {
      throw new Error('must not run');
    },
  });
  pm.register({
    name: 'throws',
    all() {
      throw new RangeError('mine');
    },
  });
  expect(() => pm.hook.all({ n: 1 })).toThrow(new RangeError('mine'));
});

test('runs parallel implementations at once, one after the other otherwise; answers keep their order', async () => {
  const both = hookSpecs<{
    parallel(a: Record<'log', string[]>): string;
    serial(a: Record<'log', string[]>): string;
  }>()({
    parallel: { async: true, parallel: true },
    serial: { async: true },
  });
  const pm = new PluginManager('app', both);
  for (const [name, turns] of [
    ['quick', 1],
    ['slow', 5],
  ] as const) {
    const work = async ({ log }: { log: string[] }) => {
      log.push(`${name} begins`);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      log.push(`${name} ends`);
      return name;
    };
    pm.register({ name, parallel: work, serial: work });
  }
  const parallel: string[] = [];
  expect(await pm.hook.parallel({ log: parallel })).toEqual(['slow', 'quick']);
  expect(parallel).toEqual(['slow begins', 'quick begins', 'quick ends', 'slow ends']);
  const entries = await pm.hook.parallel.entries({ log: [] });
  expect(entries.map(({ plugin }) => plugin)).toEqual(['slow', 'quick']);
  const serial: string[] = [];
  expect(await pm.hook.serial({ log: serial })).toEqual(['slow', 'quick']);
  expect(serial).toEqual(['slow begins', 'slow ends', 'quick begins', 'quick ends']);
});

test('a parallel implementation that throws at once does not keep the others from running', async () => {
  for (const settle of [true, false]) {
    const pm = new PluginManager(
      'app',
      hookSpecs<{ f(args: {}): number }>()({ f: { async: true, parallel: true, settle } }),
    );
    let ran = 0;
    pm.register({ name: 'sync', f: () => void ran++ });
    pm.register({
      name: 'late',
      f: async () => {
        ran++;
        throw new Error('late');
      },
    });
    pm.register({
      name: 'at once',
      f: () => {
        throw new Error('at once');
      },
    });
    const error = await pm.hook.f().catch((error: unknown) => error);
    expect(ran).toBe(2);
    if (settle)
      expect((error as AggregateError).errors.map(String)).toEqual(['Error: at once', 'Error: late']);
    else expect(error).toEqual(new Error('at once'));
  }
});

test('does not wait for synchronous results of an asynchronous hook', async () => {
  const pm = new PluginManager('app', asyncSpecs);
  const log: string[] = [];
  pm.register({ name: 'second', all: () => void log.push('second') });
  pm.register({ name: 'first', all: () => void log.push('first') });
  const called = pm.hook.all({ n: 1 });
  log.push('called');
  await called;
  expect(log).toEqual(['first', 'second', 'called']);
  pm.register({ name: 'promise', all: async () => void log.push('promise') });
  log.length = 0;
  const again = pm.hook.all({ n: 1 });
  log.push('called');
  await again;
  expect(log).toEqual(['promise', 'called', 'first', 'second']);
});

test('an asynchronous hook rejects, and never throws', async () => {
  const pm = new PluginManager('app', asyncSpecs);
  pm.register({
    name: 'throws',
    all() {
      throw new Error('at once');
    },
  });
  const called = pm.hook.all({ n: 1 });
  await expect(called).rejects.toThrow('at once');
});

test.each(['all', 'first', 'code', 'every'] as const)(
  'a synchronous hook refuses a promise: %s',
  async (hook) => {
    const pm = new PluginManager('app', specs);
    // As a plugin in plain JavaScript would; its own failure must not surface a second time.
    pm.register({
      name: 'untyped',
      [hook]: async () => {
        throw new Error('later');
      },
    } as never);
    const call = () => pm.hook[hook]({ n: 1, code: '', id: '' } as never);
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = hook === 'every' ? (thrown as AggregateError).errors[0] : thrown;
    }
    expect(error).toMatchObject({ code: 'ASYNC_IN_SYNC_HOOK', plugin: 'untyped', hook });
    expect(String(error)).toContain("Specify it with 'async: true'");
    await new Promise(setImmediate);
  },
);

test('takes what behaves like a promise for one', async () => {
  const thenable = { then: (ok: (value: number) => void) => ok(7) };
  const later = new PluginManager('app', asyncSpecs);
  later.register({ name: 'p', all: () => thenable as Promise<number> });
  expect(await later.hook.all({ n: 1 })).toEqual([7]);
  const pm = new PluginManager('app', specs);
  pm.register({ name: 'p', all: () => thenable as never });
  expect(errorOf(() => pm.hook.all({ n: 1 })).code).toBe('ASYNC_IN_SYNC_HOOK');
});

test('entries say who answered, of each kind of hook', async () => {
  const pm = new PluginManager('app', specs);
  for (const name of ['a', 'b', 'c']) {
    pm.register({
      name,
      all: ({ n }) => (name === 'b' ? null : n),
      first: ({ n }) => (name === 'c' ? null : n),
      code: ({ code }) => code + name,
    });
  }
  expect(pm.hook.all.entries({ n: 1 })).toEqual([
    { plugin: 'c', value: 1 },
    { plugin: 'a', value: 1 },
  ]);
  expect(pm.hook.first.entries({ n: 1 })).toEqual([{ plugin: 'b', value: 1 }]);
  expect(pm.hook.code.entries({ code: '', id: '' })).toEqual([
    { plugin: 'c', value: 'c' },
    { plugin: 'b', value: 'cb' },
    { plugin: 'a', value: 'cba' },
  ]);
  const later = new PluginManager('app', asyncSpecs);
  later.register({ name: 'a', all: async ({ n }) => n });
  later.register({ name: 'b', all: async () => null });
  expect(await later.hook.all.entries({ n: 2 })).toEqual([{ plugin: 'a', value: 2 }]);
});
