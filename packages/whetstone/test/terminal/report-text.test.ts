import { callees, callers, explain, functionLines, functionNames, runReport } from '@whetstone/analyze';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawnRun } from '../../../analyze/test/drawn-run.ts';
import { pythonRun } from '../../../analyze/test/python-run.ts';
import { arbitraryProfile } from '../../../profile/test/arbitrary-profile.ts';
import { fillFindings } from '../../src/findings.ts';
import { explainText } from '../../src/terminal/explain-text.ts';
import { reportText } from '../../src/terminal/report-text.ts';
import { textWidth } from '../../src/terminal/text-width.ts';
import { sortKeys, type View } from '../../src/terminal/view.ts';
import { callersOfSplitRow, listing, waitingReport, waitingRun } from './example-run.ts';

const plain: View = { columns: 80, colour: false, unicode: true };
const sgr = new RegExp(String.raw`\x1b\[[\d;]*m`, 'g');

const lines = (text: string) => text.split('\n');

describe('a report', () => {
  test('at 80 columns', () => {
    expect(lines(reportText(waitingReport, plain))).toEqual(
      lines(String.raw`
  Waiting, not computing: 3.10 s of 4.62 s went to fetch at src/db.ts:42.

  wall 4.62 s   █████████████████▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░··
  █ computing 1.21 s  ▒ queueing 120 ms  ░ waiting 3.14 s  · unexplained 150 ms
  start-up 41.2 ms · collector 118 ms · peak memory 84.2 MB

  HOTTEST LINES                                              self     %     hits
  src/parse.ts:4         const parts = line.split(/\s*,…   412 ms  34.0  119,998
  src/index.ts:31        if (seen.includes(id)) continu…   207 ms  17.1   40,112
  node_m…/types.js:1210                                   88.0 ms   7.3
  src/parse.ts:5         return parts.map(trimmed);       19.0 ms   1.6  119,998

  FUNCTIONS       calls     self per call    total per call  gain at most
  splitRow      120,000   431 ms  3.59 µs   431 ms  3.59 µs  36 %  …/parse.ts:1
  (program)               270 ms            270 ms           22 %
  main                1   207 ms   207 ms   822 ms   822 ms  68 %  …/index.ts:20
  (garbage co…            118 ms            118 ms           10 %
  readFileSync           96.0 ms           96.0 ms            8 %  node:fs:440
  z                      88.0 ms           88.0 ms            7 %  node….js:1200

  WAITS                      count     time  longest
  fetch 127.0.0.1:5432          12  3.10 s    312 ms  src/db.ts:42
  fs.readFile data/rows.csv      1  40.0 ms  40.0 ms  src/load.ts:9

  1,000 samples up to 1.00 ms apart, node 20.20.2
  Slowdown by measuring: about 1.04× (estimated; --check-influence measures it)
  Saved as .whetstone/app-3.whet · see: whetstone view · why: whetstone explain
  The program ran again for the calls: times are of the first run.

`),
    );
  });

  test('at 120 columns', () => {
    expect(lines(reportText(waitingReport, { ...plain, columns: 120 })).slice(1, 22)).toEqual(
      lines(String.raw`  Waiting, not computing: 3.10 s of 4.62 s went to fetch at src/db.ts:42.

  wall 4.62 s   ██████████████████████████▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░···
                █ computing 1.21 s  ▒ queueing 120 ms  ░ waiting 3.14 s  · unexplained 150 ms
  start-up 41.2 ms · collector 118 ms · peak memory 84.2 MB

  HOTTEST LINES                                                               self     %     hits
  src/parse.ts:4                     const parts = line.split(/\s*,\s*/);   412 ms  34.0  119,998
  src/index.ts:31                    if (seen.includes(id)) continue;       207 ms  17.1   40,112
  node_modules/zod/l…/types.js:1210                                        88.0 ms   7.3
  src/parse.ts:5                     return parts.map(trimmed);            19.0 ms   1.6  119,998

  FUNCTIONS              calls     self per call    total per call  gain at most
  splitRow             120,000   431 ms  3.59 µs   431 ms  3.59 µs  36 %  src/parse.ts:1
  (program)                      270 ms            270 ms           22 %
  main                       1   207 ms   207 ms   822 ms   822 ms  68 %  src/index.ts:20
  (garbage collector)            118 ms            118 ms           10 %
  readFileSync                  96.0 ms           96.0 ms            8 %  node:fs:440
  z                             88.0 ms           88.0 ms            7 %  node_modules/zod/lib/very/deep/…/types.js:1200

  WAITS                      count     time  longest`),
    );
  });

  test('at 40 columns loses what matters least', () => {
    expect(lines(reportText(waitingReport, { ...plain, columns: 40 })).slice(1, 25)).toEqual(
      lines(`  Waiting, not computing: 3.10 s of
  4.62 s went to fetch at src/db.ts:42.

  wall 4.62 s   ██████▒░░░░░░░░░░░░░░░░·
  █ computing 1.21 s  ▒ queueing 120 ms
  ░ waiting 3.14 s  · unexplained 150 ms
  start-up 41.2 ms · collector 118 ms
  peak memory 84.2 MB

  HOTTEST LINES               self     %
  …/parse.ts:4   const p…   412 ms  34.0
  …/index.ts:31  if (see…   207 ms  17.1
  node….js:1210            88.0 ms   7.3
  …/parse.ts:5   return …  19.0 ms   1.6

  FUNCTIONS         self
  splitRow        431 ms  src/parse.ts:1
  (program)       270 ms
  main            207 ms  …/index.ts:20
  (garbage col…   118 ms
  readFileSync   96.0 ms  node:fs:440
  z              88.0 ms  node…s.js:1200

  WAITS              time`),
    );
  });

  test('has callers and lines where they are asked for', () => {
    const text = reportText(waitingReport, { ...plain, callers: callersOfSplitRow, lines: listing });
    expect(lines(text).slice(7, 20)).toEqual(
      lines(String.raw`  splitRow src/parse.ts:1: self 431 ms, total 431 ms
  CALLED BY    self   total      %
  main       431 ms  431 ms  100.0  src/index.ts:20

  splitRow src/parse.ts:1–6 · self 431 ms · total 431 ms · 120,000 calls
  line     hits     self  per hit     %
     1                                   export function splitRow(line: string)…
     2  120,000                            if (line === "") return [];
     3
     4  119,998   412 ms  3.43 µs  95.6    const parts = line.split(/\s*,\s*/);
     5  119,998  19.0 ms   158 ns   4.4    return parts.map(trimmed);
     6                                   }
`),
    );
  });

  test('is the same text with colour and without', () => {
    const coloured = reportText(waitingReport, { ...plain, colour: true });
    expect(coloured).toContain('\x1b[');
    expect(coloured.replace(sgr, '')).toBe(reportText(waitingReport, plain));
  });

  test('is ASCII where nothing else can be shown', () => {
    const text = reportText(waitingReport, { ...plain, unicode: false, lines: listing });
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text).toContain('wall 4.62 s   #####');
  });

  test('names the option that counts where nothing was counted', () => {
    const report = runReport(drawnRun({ stacks: ['main@/app/a.ts:1 9000000 at 2'] }));
    const text = reportText(report, plain);
    expect(text).toMatch(/--counts counts them, in a second run\.\n\n$/);
    expect(text).not.toContain('calls ');
    expect(reportText(report, { ...plain, counts: true })).not.toContain('--counts');
  });

  test('says where the system told less', () => {
    const report = runReport(
      drawnRun({ stacks: ['main 30000'], thread: { wall: 100_000, cpu: 30_000, queued: null } }),
    );
    expect(reportText(report, plain)).toContain('░ waiting or queueing 70.0 ms');
    expect(reportText(report, plain)).toContain('queueing is not told here');
  });

  test('of a program that only the system measured has no tables and no guess of a slowdown', () => {
    const report = runReport(
      drawnRun({
        thread: { wall: 2e6, cpu: 1.9e6, samples: { taken: 0, rejected: 0 } },
        about: { runtime: { name: 'other', version: '', path: '/usr/bin/make' }, peakMemory: 5e6 },
      }),
    );
    expect(lines(reportText(report, plain))).toEqual([
      '',
      '  Computing: 1.90 s of CPU in 2.00 s. Only the operating system measured this',
      '  program.',
      '',
      `  wall 2.00 s   ${'█'.repeat(61)}░░░`,
      '                █ computing 1.90 s  ░ waiting 100 ms',
      '  peak memory 5.00 MB',
      '',
      '',
    ]);
  });

  test('hides the paths that were not asked for, and says so', () => {
    const text = reportText(waitingReport, { ...plain, exclude: ['src/parse.ts', 'node_modules'] });
    expect(text).not.toContain('parse.ts');
    expect(text).toContain('2 functions of other paths are not shown.');
    expect(reportText(waitingReport, { ...plain, include: ['nowhere'] })).toContain(
      'No function lies in the paths',
    );
  });

  test.each(sortKeys)('can be sorted by %s', (sort) => {
    expect(reportText(waitingReport, { ...plain, sort, top: 1 })).toMatch(/\n {2}FUNCTIONS.*\n.*\n\n/);
  });

  test('lists threads, regions and warnings where there are any', () => {
    const report = runReport(
      drawnRun({
        stacks: ['main 1000000'],
        threads: [
          { process: 7, thread: 0, name: 'child.js', wall: 10, cpu: 800_000, queued: null, asleep: 5 },
        ],
        marks: [['region', 'load', 0, 500_000]],
        about: { warnings: [{ code: 'x', message: 'The second run printed something else.' }] },
      }),
    );
    const text = reportText(report, plain);
    expect(text).toContain('REGIONS  count    time\n  load         1  500 ms');
    expect(text).toMatch(
      /THREADS +process  computing  queueing  waiting\n {2}main +1 +1\.00 s +0 s +0 s\n {2}child\.js +7 +800 ms +5\.00 µs/,
    );
    expect(text).toContain('\n  ! The second run printed something else.\n');
  });

  test('says of what was asked for that there is nothing to show, and nothing instead of it', () => {
    const text = reportText(waitingReport, {
      ...plain,
      callers: callers(waitingRun, 'spiltRow'),
      missing: ["No function is called 'x\x1b[2J'."],
    });
    expect(text).toContain(String.raw`No function is called 'x\x1b[2J'.`);
    expect(text).not.toContain('spiltRow');
  });
});

describe('a report of a Python program', () => {
  const report = runReport(pythonRun());

  test('says what the time was spent on', () => {
    expect(lines(reportText(report, plain)).slice(0, 37)).toEqual(
      lines(String.raw`
  Computing, mostly on one line: 400 ms of 1.60 s went to seal.py:4.

  wall 2.00 s   ███████████████▓▓▓▓▓▓▓▓▓▓▄▄▄▚▚▚▒▒▒╳╳╳╳╳╳╳░░░░░░░░░░░░░░░░░░░░░░░
  █ Python 480 ms  ▓ C code 320 ms  ▄ native 100 ms  ▚ collector 100 ms
  ▒ queueing 100 ms  ╳ waiting for the lock 200 ms  ░ waiting 700 ms
  loading modules 60.0 ms · CPU of all threads 1.60 s · peak memory 120 MB

  HOTTEST LINES                                     self     %    hits  spent on
  seal.py:4      value = value * 31 + byte & 0x…  400 ms  25.0          ███╳╳╳╳╳
  orders.py:6    if order.id in seen: continue    380 ms  23.8  10,000  ██████▒▒
  orders.py:12   return re.sub(r"\s+$", "", not…  260 ms  16.3          ▓▓▓▓▓╳╳╳
  server.py:5                                     200 ms  12.5          ████████
  main.py:9                                       100 ms   6.3          ▄▄▄▄▄▄▄▄

  FUNCTIONS     calls     self per call    total  spent on  gain at most
  unique            1   440 ms   440 ms   540 ms  ██████▚▒  34 %  orders.py:3
  seal                  400 ms            400 ms  ███╳╳╳╳╳  25 %  seal.py:1
  clean         8,000   260 ms  32.5 µs   260 ms  ▓▓▓▓▓╳╳╳  16 %  orders.py:11
  serve                 200 ms            200 ms  █░░░░░░░  13 %  server.py:1
  <module>              140 ms           1.00 s   ██▄▄▄▄▄▄  63 %  main.py:1
  (garbage co…          100 ms            100 ms             6 %
  _find_and_l…         60.0 ms           60.0 ms  ▓▓▓▓▓▓▓▓   4 %  <fro…rap>:1165
  ask                     0 s               0 s   ░░░░░░░░   0 %  weather.py:2

  MEMORY BY LINE                         grew by  allocated
  orders.py:7     seen.append(order.id)  48.0 MB    45.0 MB

  WAITS                count    time  longest
  recv 127.0.0.1:8080     50  700 ms  15.0 ms  weather.py:3
  GIL                     40  200 ms  5.00 ms  orders.py:12

  THREADS    process  computing  Python  C code  native    lock  waiting
  main.py        400    1.00 s   480 ms  320 ms  100 ms  200 ms   700 ms
  sealer         400     400 ms  400 ms    0 s     0 s   600 ms     0 s
  server.py      412     200 ms  200 ms    0 s     0 s     0 s   1.30 s
`),
    );
  });

  test('says it in words and in whole where there is room', () => {
    const text = reportText(report, { ...plain, columns: 120 });
    expect(text).toContain('▓▓▓▓▓╳╳╳  C code 57 %, lock 43 %\n');
    expect(text).toContain('Python  C code  native  collector    lock  queueing  waiting\n');
  });

  test('needs neither colour nor more than ASCII', () => {
    expect(reportText(report, { ...plain, unicode: false })).toContain(
      'wall 2.00 s   ###############ccccccccccnnnggg===xxxxxxx-',
    );
    const coloured = reportText(report, { ...plain, colour: true });
    expect(coloured.replace(sgr, '')).toBe(reportText(report, plain));
  });

  test('keeps the source in a listing, and lets figures go', () => {
    const unique = functionLines(pythonRun(), 'unique');
    expect(lines(reportText(report, { ...plain, lines: unique })).slice(8, 17)).toEqual(
      lines(`  unique orders.py:3–9 · self 440 ms · total 540 ms · 1 call
  line    hits     self  per hit     %  spent on  grew by
     3                                                     def unique(orders):
     4                                                         seen = []
     5                                                         for order in ord…
     6  10,000   380 ms  38.0 µs  86.4  ██████▒▒   900 kB          if order.id …
     7          60.0 ms           13.6  ███▚▚▚▚▚  48.0 MB          seen.append(…
     8                                                         return seen
     9`),
    );
  });

  test('names the hottest threads where there are many', () => {
    const threads = Array.from({ length: 40 }, (_, i) => ({ thread: i + 1, name: `t${i}`, cpu: i * 1000 }));
    const text = reportText(runReport(drawnRun({ stacks: ['main 1000000'], threads })), plain);
    expect(text).toMatch(/THREADS.*\n {2}main .*\n {2}t39 /);
    expect(text).toContain('33 more computed less; --top 41 shows them.');
  });
});

describe('whatever a program is called', () => {
  const view = fc.record({
    columns: fc.integer({ min: 20, max: 220 }),
    colour: fc.boolean(),
    unicode: fc.boolean(),
    sort: fc.constantFrom(...sortKeys),
    top: fc.integer({ min: 1, max: 30 }),
  });

  test('no line is wider than the terminal, and nothing reaches it unescaped', () => {
    fc.assert(
      fc.property(arbitraryProfile, view, fc.nat(), (profile, shown, pick) => {
        const report = runReport(profile, fillFindings(explain(profile)));
        const names = functionNames(profile);
        const name = names[pick % names.length];
        for (const text of [
          reportText(report, shown),
          reportText(report, {
            ...shown,
            callers: callers(profile, name),
            callees: callees(profile, name),
            lines: functionLines(profile, name).map((found) => ({
              ...found,
              lines: found.lines.slice(0, 20),
            })),
          }),
          explainText(report, shown),
        ]) {
          const bare = shown.colour ? text.replace(sgr, '') : text;
          expect(bare).not.toMatch(/[^\P{C}\n]/u);
          if (!shown.unicode) expect(bare).toMatch(/^[\n\x20-\x7e]*$/);
          for (const line of bare.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(shown.columns);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('colour adds nothing to the text', () => {
    fc.assert(
      fc.property(arbitraryProfile, view, (profile, shown) => {
        const report = runReport(profile);
        expect(reportText(report, { ...shown, colour: true }).replace(sgr, '')).toBe(
          reportText(report, { ...shown, colour: false }),
        );
      }),
    );
  });
});
