import { retry, type RetryState } from '@whetstone/retry';
import { skipSleeps } from '@whetstone/retry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { errorOf, failing } from './failing.ts';

let sleeps: Disposable;
beforeEach(() => void (sleeps = skipSleeps()));
afterEach(() => sleeps[Symbol.dispose]());

describe('retry(fn)', () => {
  test('calls again until it succeeds', async () => {
    const fn = failing(3);
    expect(await retry(fn)()).toBe('done');
    expect(fn.calls).toBe(4);
  });

  test('calls once what succeeds at once', async () => {
    const fn = failing(0);
    expect(await retry(fn)()).toBe('done');
    expect(fn.calls).toBe(1);
  });

  test('gives up after ten attempts with the last error itself', async () => {
    const fn = failing(Infinity);
    expect((await errorOf(retry(fn)())).message).toBe('failure 10');
    expect(fn.calls).toBe(10);
  });

  test('keeps name, length, this and arguments', async () => {
    const device = {
      port: 7,
      tries: 0,
      open: retry(async function open(this: { port: number; tries: number }, host: string, path: string) {
        if (this.tries++ === 0) throw new Error('asleep');
        return `${host}:${this.port}${path}`;
      }),
    };
    expect(await device.open('a', '/b')).toBe('a:7/b');
    expect([device.open.name, device.open.length]).toEqual(['open', 2]);
  });

  test('turns a synchronous throw into a retry, and a plain value into a promise', async () => {
    let calls = 0;
    const fn = retry(() => {
      if (++calls < 3) throw new Error('thrown');
      return calls;
    });
    const promise = fn();
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(3);
  });

  test('awaits a thenable of any make', async () => {
    let calls = 0;
    const thenable: PromiseLike<number> = {
      // oxlint-disable-next-line unicorn/no-thenable -- that is the point
      then: (resolve, reject) =>
        Promise.resolve(1)
          .then(() => {
            if (++calls < 2) throw new Error('late');
            return calls;
          })
          .then(resolve, reject),
    };
    expect(await retry(() => thenable)()).toBe(2);
  });

  test('overrides with .with, and leaves the first as it was', async () => {
    const fn = failing(Infinity);
    const three = retry(fn, { attempts: 3, name: 'three' });
    const two = three.with({ attempts: 2 });
    await errorOf(two());
    expect(fn.calls).toBe(2);
    await errorOf(three());
    expect(fn.calls).toBe(5);
    expect(two.name).toBe('fn');
    await expect(two.with({ fallback: (s) => s.name })()).resolves.toBe('three');
  });

  test('puts a default back where .with says undefined', async () => {
    const fn = failing(Infinity);
    await errorOf(retry(fn, { attempts: 2 }).with({ attempts: undefined } as object)());
    expect(fn.calls).toBe(10);
  });
});

describe('retry(options)', () => {
  test('wraps functions', async () => {
    const policy = retry({ attempts: 2 });
    const fn = failing(Infinity);
    await errorOf(policy(fn)());
    expect(fn.calls).toBe(2);
  });

  test('overrides with .with, and leaves the first as it was', async () => {
    const policy = retry({ attempts: 2, wrapError: true });
    const fn = failing(Infinity);
    expect((await errorOf(policy.with({ attempts: 4 })(fn)())).code).toBe('RETRY_EXHAUSTED');
    expect(fn.calls).toBe(4);
    await errorOf(policy(fn)());
    expect(fn.calls).toBe(6);
  });

  test('runs a function now, and hands it the state', async () => {
    const seen: number[] = [];
    const result = await retry({ attempts: 3 }).run(async ({ attemptNumber, args }) => {
      seen.push(attemptNumber, args.length);
      if (attemptNumber < 3) throw new Error('not yet');
      return 'up';
    });
    expect(result).toBe('up');
    expect(seen).toEqual([1, 0, 2, 0, 3, 0]);
  });

  test('runs with a signal of its own beside that of the policy', async () => {
    for (const which of [0, 1]) {
      const controllers = [new AbortController(), new AbortController()];
      const policy = retry({ signal: controllers[0]!.signal });
      const running = policy.run(() => new Promise<never>(() => {}), { signal: controllers[1]!.signal });
      controllers[which]!.abort(new Error(`from ${which}`));
      expect((await errorOf(running)).message).toBe(`from ${which}`);
    }
  });
});

describe('@retry', () => {
  class Device {
    tries = 0;
    static tries = 0;
    constructor(readonly port: number) {}

    @retry async open(path: string): Promise<string> {
      if (this.tries++ < 2) throw new Error('asleep');
      return path + this.port;
    }

    @retry({ attempts: 2 })
    async close(): Promise<void> {
      this.tries++;
      throw new Error('busy');
    }

    @retry({ attempts: 2 })
    static async find(): Promise<number> {
      if (this.tries++ === 0) throw new Error('none yet');
      return this.tries;
    }
  }

  test('retries a bare decorated method, on its own object', async () => {
    const [one, two] = [new Device(1), new Device(2)];
    expect(await Promise.all([one.open('/a'), two.open('/b')])).toEqual(['/a1', '/b2']);
    expect([one.tries, two.tries]).toEqual([3, 3]);
    expect([one.open.name, one.open.length]).toEqual(['open', 1]);
  });

  test('retries with options', async () => {
    const device = new Device(1);
    await errorOf(device.close());
    expect(device.tries).toBe(2);
  });

  test('retries a static method', async () => {
    expect(await Device.find()).toBe(2);
  });

  test('refuses what is no method', () => {
    const field = { kind: 'field', name: 'x' } as unknown as ClassMethodDecoratorContext;
    expect(() => retry(undefined as never, field)).toThrow('@retry is "field"; allowed: method');
    expect(() => retry({})(undefined as never, field)).toThrow(TypeError);
    expect(() => retry(Error as never, { kind: 'class' } as never)).toThrow(TypeError);
  });
});

test('gives a new state to each attempt of each call', async () => {
  const states: RetryState[] = [];
  await retry(failing(2), { before: (state) => void states.push(state) })('a', 1);
  expect(states.map((s) => [s.attemptNumber, s.name, ...s.args])).toEqual([
    [1, 'fn', 'a', 1],
    [2, 'fn', 'a', 1],
    [3, 'fn', 'a', 1],
  ]);
  expect(new Set(states.map((s) => s.signal)).size).toBe(3);
  expect(states[0]!.signal).toBe(states[0]!.signal);
});
