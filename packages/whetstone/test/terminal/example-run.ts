import { callers, explain, functionLines, runReport, type RunReport } from '@whetstone/analyze';
import type { Profile } from '@whetstone/profile';
import { drawnRun } from '../../../analyze/test/drawn-run.ts';
import { fillFindings } from '../../src/findings.ts';

const source = [
  'export function splitRow(line: string): string[] {',
  '  if (line === "") return [];',
  '',
  String.raw`  const parts = line.split(/\s*,\s*/);`,
  '  return parts.map(trimmed);',
  '}',
].join('\n');

/** A program that waits for a database, parses what comes and looks for it in a list. */
export const waitingRun: Profile = drawnRun({
  stacks: [
    'main@/app/src/index.ts:20;splitRow@/app/src/parse.ts:1 412000 at 4',
    'main@/app/src/index.ts:20;splitRow@/app/src/parse.ts:1 19000 at 5',
    'main@/app/src/index.ts:20 207000 at 31',
    'main@/app/src/index.ts:20;readFileSync@node:fs:440 96000',
    '(garbage collector) 118000',
    'main@/app/src/index.ts:20;z@/app/node_modules/zod/lib/very/deep/folder/types.js:1200 88000 at 1210',
    '(program) 270000',
    '(idle) 3290000',
  ],
  thread: { wall: 4_620_000, cpu: 1_210_000, queued: 120_000, asleep: 3_290_000, startUp: 41_200 },
  about: {
    peakMemory: 84_200_000,
    modes: { counts: true, waits: true, deopts: false, attached: false },
    influence: { value: 1.04, low: 1.02, high: 1.06, kind: 'estimated', longestPause: 0, pauses: 0 },
    saved: '.whetstone/app-3.whet',
  },
  waits: [
    {
      at: ['query@/app/src/db.ts:40', 42],
      target: '127.0.0.1:5432',
      count: 12,
      start: 100_000,
      duration: 3_100_000,
      charged: 3_100_000,
      longest: 312_000,
    },
    {
      at: ['load@/app/src/load.ts:3', 9],
      kind: 'file',
      call: 'fs.readFile',
      target: 'data/rows.csv',
      duration: 40_000,
      charged: 40_000,
    },
  ],
  collections: [
    ['scavenge', 200_000, 80_000],
    ['mark-sweep-compact', 900_000, 38_000],
  ],
  calls: { 'splitRow@/app/src/parse.ts:1': 120_000, 'main@/app/src/index.ts:20': 1 },
  hits: {
    'splitRow@/app/src/parse.ts:1': { 2: 120_000, 4: 119_998, 5: 119_998 },
    'main@/app/src/index.ts:20': { 31: 40_112 },
  },
  lastLines: { 'splitRow@/app/src/parse.ts:1': 6, 'main@/app/src/index.ts:20': 60 },
  sources: {
    '/app/src/parse.ts': source,
    '/app/src/index.ts': `${'\n'.repeat(30)}    if (seen.includes(id)) continue;\n`,
  },
});

/** Its report, with findings in words. */
export const waitingReport: RunReport = runReport(waitingRun, fillFindings(explain(waitingRun)));

export const listing = functionLines(waitingRun, 'splitRow');
export const callersOfSplitRow = callers(waitingRun, 'splitRow');
