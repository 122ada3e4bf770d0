import { retry, type Statistics } from '@whetstone/retry';
import { ManualClock } from '@whetstone/retry/testing';
import { describe, expect, test, vi } from 'vitest';

import { errorOf } from './failing.ts';

describe('policy.attempts()', () => {
  test('ends with the first attempt that did not fail', async () => {
    const seen: number[] = [];
    for await (const attempt of retry({ wait: 0 }).attempts()) {
      seen.push(attempt.number);
      if (attempt.number < 3) attempt.failed(new Error('no'));
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  test('throws the last error from the loop itself', async () => {
    const loop = (async () => {
      for await (const attempt of retry({ attempts: 2, wait: 0 }).attempts()) {
        attempt.failed(new Error(`no ${attempt.number}`));
      }
    })();
    expect((await errorOf(loop)).message).toBe('no 2');
  });

  test('throws RetryError after a last rejected value, and does not ask retryIf for that', async () => {
    const retryIf = vi.fn(() => false);
    const loop = (async () => {
      for await (const attempt of retry({ attempts: 2, wait: 0, retryIf }).attempts()) attempt.rejected(503);
    })();
    expect(await errorOf(loop)).toMatchObject({
      code: 'RETRY_EXHAUSTED',
      outcome: { ok: true, value: 503 },
    });
    expect(retryIf).not.toHaveBeenCalled();
  });

  test('throws at once what retryIf does not hold for', async () => {
    const loop = (async () => {
      for await (const attempt of retry({ retryIf: () => false }).attempts())
        attempt.failed(new Error('fatal'));
    })();
    expect((await errorOf(loop)).message).toBe('fatal');
  });

  test('settles with what the body said, when it returns or breaks', async () => {
    const settled: Statistics[] = [];
    const policy = retry({ wait: 0, name: 'loop', onSettled: (s) => void settled.push(s) });
    const returned = await (async () => {
      for await (const attempt of policy.attempts()) {
        try {
          if (attempt.number < 2) throw new Error('no');
          return attempt.number;
        } catch (error) {
          attempt.failed(error);
        }
      }
      return 0;
    })();
    for await (const attempt of policy.attempts()) {
      attempt.failed(new Error('no'));
      break;
    }
    expect(returned).toBe(2);
    expect(settled).toMatchObject([
      { name: 'loop', attempts: 2, ok: true },
      { name: 'loop', attempts: 1, ok: false },
    ]);
  });

  test('is another call each time it is looped over', async () => {
    const attempts = retry({ attempts: 2, wait: 0 }).attempts();
    for (let i = 0; i < 2; i++) {
      const seen: number[] = [];
      for await (const attempt of attempts) {
        seen.push(attempt.number);
        if (attempt.number < 2) attempt.failed(new Error());
      }
      expect(seen).toEqual([1, 2]);
    }
  });

  test('aborts the signal of an attempt that takes too long', async () => {
    const clock = new ManualClock();
    const codes: unknown[] = [];
    const loop = (async () => {
      for await (const attempt of retry({ attemptTimeout: 10, wait: 0, clock }).attempts()) {
        const { signal, state } = attempt;
        if (state.attemptNumber === 2) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        codes.push(signal.reason.code);
        attempt.failed(signal.reason);
      }
    })();
    await clock.advance(100);
    await loop;
    expect(codes).toEqual(['ATTEMPT_TIMEOUT']);
  });

  test('ends with the reason of a signal, asleep or not', async () => {
    for (const which of [0, 1]) {
      const controllers = [new AbortController(), new AbortController()];
      const policy = retry({ wait: '1h', attempts: Infinity, signal: controllers[0]!.signal });
      const loop = (async () => {
        for await (const attempt of policy.attempts({ signal: controllers[1]!.signal }))
          attempt.failed(new Error());
      })();
      setTimeout(() => controllers[which]!.abort('enough'));
      expect(await errorOf(loop)).toBe('enough');
    }
  });

  test('makes one attempt when disabled', async () => {
    const seen: number[] = [];
    const loop = (async () => {
      for await (const attempt of retry({ enabled: false }).attempts()) {
        seen.push(attempt.number);
        attempt.failed(new Error('no'));
      }
    })();
    expect((await errorOf(loop)).message).toBe('no');
    expect(seen).toEqual([1]);
  });

  test('refuses a fallback, which could not give a loop its result', () => {
    expect(() => retry({ fallback: () => 0 }).attempts()).toThrow(/^fallback is .*allowed: none in loops$/);
    expect(() => retry({}).attempts({ signals: 1 } as object)).toThrow(
      'option is "signals"; allowed: signal',
    );
  });
});
