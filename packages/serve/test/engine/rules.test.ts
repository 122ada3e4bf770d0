import { describe, expect, test } from 'vitest';
import { ruleCases, ruleLimits } from '../http-rules.ts';
import { engines } from './engines.ts';
import { sent } from './sent.ts';

describe.each(engines)('the %s engine', (engine) => {
  describe.each(ruleCases)('rule $rule: $title', ({ bytes, verdict }) => {
    const message = Buffer.from(bytes, 'latin1');

    test('in one piece', async () => {
      expect((await sent(engine, [message], ruleLimits)).verdict).toEqual(verdict);
    });

    test('byte by byte', async () => {
      const pieces = Array.from(message, (_, i) => message.subarray(i, i + 1));
      expect((await sent(engine, pieces, ruleLimits)).verdict).toEqual(verdict);
    });

    // A long one is cut near its ends and here and there: what is between repeats itself.
    test('cut in two at every byte', async () => {
      const step = Math.max(1, Math.floor(message.length / 300));
      const cuts: number[] = [];
      for (let cut = 1; cut < message.length; cut += cut < 100 ? 1 : step) cuts.push(cut);
      const outcomes = await Promise.all(
        cuts.map((cut) => sent(engine, [message.subarray(0, cut), message.subarray(cut)], ruleLimits)),
      );
      for (const [i, outcome] of outcomes.entries())
        expect(outcome.verdict, `cut at ${cuts[i]}`).toEqual(verdict);
    });
  });
});
