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
});
