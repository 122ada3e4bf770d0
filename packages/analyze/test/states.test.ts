import { functionLines, runReport } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { drawnRun } from './drawn-run.ts';
import { pythonRun } from './python-run.ts';

const report = runReport(pythonRun());
const functionNamed = (name: string) => report.functions.find((row) => row.function === name);
const lineAt = (file: string, line: number) =>
  report.lines.find((row) => row.file === file && row.line === line);

describe('states', () => {
  test('of a function and of a line hold what was not computing, too', () => {
    const states = { 'c-code': 260_000, lock: 200_000 };
    expect(functionNamed('clean')).toMatchObject({ self: 260_000, states });
    expect(lineAt('orders.py', 12)).toMatchObject({ self: 260_000, states });
  });

  test('add up over the threads that ran a function', () => {
    expect(functionNamed('seal')?.states).toEqual({ bytecode: 400_000, lock: 600_000 });
  });

  test('name the lines that only waited', () => {
    expect(lineAt('weather.py', 3)).toMatchObject({ self: 0, states: { waiting: 700_000 } });
    expect(functionNamed('ask')).toMatchObject({ self: 0, states: { waiting: 700_000 } });
  });

  test('tell processes and threads apart', () => {
    expect(report.threads.map(({ process, thread, states }) => [process, thread, states])).toEqual([
      [
        400,
        0,
        {
          'c-code': 320_000,
          bytecode: 480_000,
          queued: 100_000,
          collector: 100_000,
          lock: 200_000,
          native: 100_000,
          waiting: 700_000,
        },
      ],
      [400, 1, { bytecode: 400_000, lock: 600_000 }],
      [412, 0, { bytecode: 200_000, waiting: 1_300_000 }],
    ]);
  });

  test('of computing fill what the system says was computed', () => {
    const run = pythonRun();
    const [main, ...others] = run.threads;
    const { time } = runReport({ ...run, threads: [{ ...main, cpu: 500_000 }, ...others] });
    expect(time.computing).toEqual({
      'c-code': 160_000,
      bytecode: 240_000,
      collector: 50_000,
      native: 50_000,
    });
    expect(time).toMatchObject({ collector: 50_000, lock: 200_000 });
  });

  test('are in a function’s listing, line by line', () => {
    const [unique] = functionLines(pythonRun(), 'unique');
    expect(unique.lines.map(({ line, self, states }) => [line, self, states]).slice(3, 5)).toEqual([
      [6, 380_000, { bytecode: 380_000, queued: 100_000 }],
      [7, 60_000, { bytecode: 60_000, collector: 100_000 }],
    ]);
  });

  test('are empty where the runtime does not tell', () => {
    const { functions, lines, time } = runReport(drawnRun({ stacks: ['main@/app/a.ts:1 7 at 3'] }));
    expect(functions[0]?.states).toEqual({});
    expect(lines[0]?.states).toEqual({});
    expect(time).toMatchObject({ computing: null, lock: null });
  });

  test('of a marked stretch are those inside it', () => {
    const run = pythonRun();
    const marks = {
      thread: Int32Array.of(0),
      name: Int32Array.of(run.strings.length),
      kind: Int32Array.of(run.strings.length + 1),
      start: Float64Array.of(740_000),
      duration: Float64Array.of(300_000),
    };
    const marked = runReport({ ...run, strings: [...run.strings, 'clean up', 'region'], marks });
    expect(marked.about.sampled).toBe(260_000);
    expect(marked.lines).toMatchObject([{ line: 12, states: { 'c-code': 260_000 } }]);
    expect(marked.functions.find((row) => row.function === 'clean')?.states).toEqual({
      'c-code': 260_000,
      lock: 40_000,
    });
  });
});

describe('memory by line', () => {
  test('is what the process grew by and what was allocated', () => {
    expect(lineAt('orders.py', 7)).toMatchObject({ resident: 48_000_000, allocated: 45_000_000 });
    expect(lineAt('orders.py', 6)).toMatchObject({ resident: 900_000, allocated: null });
    expect(lineAt('orders.py', 12)).toMatchObject({ resident: null, allocated: null });
  });

  test('stands in a function’s listing', () => {
    const [unique] = functionLines(pythonRun(), 'unique');
    expect(unique.lines.find(({ line }) => line === 7)).toMatchObject({
      resident: 48_000_000,
      allocated: 45_000_000,
    });
  });
});
