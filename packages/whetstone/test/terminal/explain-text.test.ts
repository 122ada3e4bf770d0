import { runReport } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { drawnRun } from '../../../analyze/test/drawn-run.ts';
import { explainText } from '../../src/terminal/explain-text.ts';
import { waitingReport } from './example-run.ts';

const plain = { columns: 80, colour: false, unicode: true };

describe('an explanation', () => {
  test('says what is so, how sure, what it could gain and what to try', () => {
    const report = { ...waitingReport, findings: waitingReport.findings.slice(1, 2) };
    expect(explainText(report, plain)).toContain(`
  1. One after another: 12 waits at src/db.ts:42 never overlap
     possible · gain at most 61.5 % of the run
     fetch at src/db.ts:42 was awaited 12 times, 258 ms each on average, and
     never were two of them under way at once. Together they are 3.10 s, 67.1 %
     of the run. If no call needs the answer of the one before, they can share
     that time.
     In our measurement a loop of independent waits of 5 ms took 77 times as
     long as all of them at once.
     → Start them together, if they do not depend on each other: await
       Promise.all(items.map(…)).
`);
  });

  test('says so where nothing was found, and what more can be looked for', () => {
    const text = explainText(runReport(drawnRun({ stacks: ['a@/app/a.ts:1 100000'] })), plain);
    expect(text).toContain('No known cause shows in this run. More can be seen with --counts');
  });

  describe('asked for rules that gain nothing', () => {
    const textFor = (name: 'cpython' | 'node', version: string) =>
      explainText(
        runReport(
          drawnRun({ stacks: ['a@/app/a.py:1 100000'], about: { runtime: { name, version, path: '' } } }),
        ),
        { ...plain, myths: true },
      );

    test('names them with their figures', () => {
      const text = textFor('cpython', '3.11.2');
      expect(text).toContain('Rules that gain nothing on CPython 3.11.2');
      expect(text).toContain('1.06× Bind globals to local variables before a loop.');
      expect(text).toContain('0.83× Bind a method before a loop (append = out.append).');
      expect(text).toMatch(/below\s+1\s+the rule/);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    });

    test.each([
      ['cpython', '3.9.18'],
      ['node', '20.20.2'],
    ] as const)('says that they are not known of %s %s', (name, version) => {
      expect(textFor(name, version)).toMatch(/Rules that gain nothing on .*: not known/);
    });

    test('names none unasked', () => {
      expect(explainText(waitingReport, plain)).not.toContain('Rules that');
    });
  });
});
