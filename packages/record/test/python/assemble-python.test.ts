import { assemble } from '@whetstone/record/assembling';
import type { RawRecording } from '@whetstone/record';
import type { Profile } from '@whetstone/profile';
import { describe, expect, test } from 'vitest';
import { cutToCell } from '../../src/python/cut-to-cell.ts';
import { pythonStates, type PythonState, type RawPython } from '../../src/python/raw-python.ts';

/** `caller > callee`, leaf last, each `name file:firstLine`. */
type DrawnStack = string;

interface DrawnSample {
  /** Milliseconds from the start of the run. */
  readonly at: number;
  readonly for: number;
  readonly stack?: DrawnStack;
  readonly line?: number;
  readonly state: PythonState;
  readonly wait?: readonly [kind: string, call: string, target: string];
  readonly opcode?: number;
  readonly grown?: number;
}

const begin = 1_000_000;
const ms = (value: number) => value * 1000;

/** One thread of one process of CPython 3.11, as the sampler tells of it. */
function pythonOf(samples: readonly DrawnSample[]): RawPython {
  const strings: string[] = [''];
  const text = (value: string) =>
    strings.includes(value) ? strings.indexOf(value) : strings.push(value) - 1;
  const codes = {
    name: [] as number[],
    qualname: [] as number[],
    file: [] as number[],
    firstLine: [] as number[],
  };
  const stacks = { parent: [] as number[], code: [] as number[] };
  const rows = new Map<string, number>();
  const codeRow = (frame: string) => {
    const [, qualname = '', file = '', line = '0'] = /^(\S+) (.+):(\d+)$/.exec(frame) ?? [];
    codes.name.push(text(qualname.split('.').at(-1) ?? ''));
    codes.qualname.push(text(qualname));
    codes.file.push(text(file));
    return codes.firstLine.push(Number(line)) - 1;
  };
  const codeRows = new Map<string, number>();
  const stackRow = (stack: DrawnStack) => {
    let [row, path] = [-1, ''];
    for (const frame of stack.split(' > ')) {
      path += ` > ${frame}`;
      if (!codeRows.has(frame)) codeRows.set(frame, codeRow(frame));
      if (!rows.has(path)) {
        stacks.parent.push(row);
        rows.set(path, stacks.code.push(codeRows.get(frame)!) - 1);
      }
      row = rows.get(path)!;
    }
    return row;
  };
  const waits: RawPython['waits'][number][] = [];
  const stack = samples.map((each) => (each.stack === undefined ? -1 : stackRow(each.stack)));
  return {
    processes: [
      {
        pid: 10,
        parent: 0,
        command: ['python3', 'app.py'],
        executable: '/usr/bin/python3.11',
        version: '3.11.2',
        first: begin,
        last: begin + ms(100),
        measured: true,
        reason: null,
      },
    ],
    threads: [
      {
        process: 0,
        tid: 10,
        name: 'python3',
        main: true,
        python: true,
        first: begin,
        last: begin + ms(100),
        cpu: null,
        queued: null,
        taken: samples.length,
        rejected: 0,
      },
    ],
    strings,
    codes: {
      name: Int32Array.from(codes.name),
      qualname: Int32Array.from(codes.qualname),
      file: Int32Array.from(codes.file),
      firstLine: Int32Array.from(codes.firstLine),
      lastLine: new Int32Array(codes.name.length),
    },
    stacks: {
      parent: Int32Array.from(stacks.parent),
      code: Int32Array.from(stacks.code),
      callLine: new Int32Array(stacks.code.length),
    },
    samples: {
      thread: new Int32Array(samples.length),
      time: Float64Array.from(samples, (each) => begin + ms(each.at)),
      duration: Float64Array.from(samples, (each) => ms(each.for)),
      stack: Int32Array.from(stack),
      line: Int32Array.from(samples, (each) => each.line ?? 0),
      state: Uint8Array.from(samples, (each) => pythonStates.indexOf(each.state)),
      opcode: Int16Array.from(samples, (each) => each.opcode ?? -1),
      wait: Int32Array.from(samples, ({ wait }) => {
        if (wait === undefined) return -1;
        const [kind, call, target] = wait;
        return waits.push({ kind, call, target }) - 1;
      }),
      grown: Float64Array.from(samples, (each) => each.grown ?? 0),
    },
    waits,
    resident: { process: new Int32Array(), time: new Float64Array(), value: new Float64Array() },
    start: begin,
    end: begin + ms(100),
    interval: { asked: 1000, actual: 1000 },
    looks: samples.length,
    samplerCpu: 0,
    warnings: [],
  };
}

/** A run of a tenth of a second whose process used `cpu` milliseconds. */
function profileOf(
  samples: readonly DrawnSample[],
  cpu: number | null = null,
  more: Partial<RawRecording> = {},
): Profile {
  return assembled(rawOf(samples, cpu, more));
}

function rawOf(
  samples: readonly DrawnSample[],
  cpu: number | null = null,
  more: Partial<RawRecording> = {},
): RawRecording {
  return {
    threads: [],
    python: pythonOf(samples),
    figures: [
      {
        process: 10,
        parent: 1,
        tid: 10,
        name: 'python3',
        first: begin,
        last: begin + ms(100),
        cpu: cpu === null ? null : ms(cpu),
        queued: cpu === null ? null : 0,
        majorFaults: 0,
        minorFaults: 0,
      },
    ],
    command: ['app.py'],
    workingDirectory: '/app',
    exit: { code: 0, signal: null },
    started: '',
    begin,
    end: begin + ms(100),
    process: 10,
    peakMemory: null,
    load: null,
    runtime: { name: 'cpython', version: '3.11.2', path: '/usr/bin/python3.11' },
    deopts: null,
    warnings: [],
    ...more,
  };
}

function assembled(raw: RawRecording): Profile {
  return assemble(
    raw,
    {},
    {
      sources: true,
      modes: { counts: false, waits: true, deopts: false, attached: false },
      influence: { value: 1, low: 1, high: 1, kind: 'estimated', longestPause: 0, pauses: 0 },
      readText: () => 'text',
      agentFolder: [],
      revision: null,
    },
  );
}

/** Milliseconds (or bytes) of a measure as `{ 'caller > callee:line': value }`. */
function measured(profile: Profile, name: string): Record<string, number> {
  const { measures, nodes, functions, strings } = profile;
  const pathOf = (row: number): string => {
    const parent = nodes.parent[row]!;
    const own = strings[functions.name[nodes.function[row]!]!]!;
    return parent < 0 ? own : `${pathOf(parent)} > ${own}`;
  };
  const found: Record<string, number> = {};
  for (const { name: each, row, line, value, unit } of measures) {
    if (each !== name) continue;
    row.forEach((node, index) => {
      found[`${pathOf(node)}:${line[index]}`] =
        unit === 'microseconds' ? value[index]! / 1000 : value[index]!;
    });
  }
  return found;
}

const main = '<module> /app/app.py:1';

describe('a profile of Python', () => {
  test('charges functions and lines with what they computed, and keeps what they waited for apart', () => {
    const stack = `${main} > work /app/app.py:3`;
    const profile = profileOf(
      [
        { at: 0, for: 10, state: 'native' },
        { at: 10, for: 20, stack, line: 4, state: 'bytecode' },
        { at: 30, for: 10, stack, line: 5, state: 'c-code' },
        { at: 40, for: 5, stack, line: 5, state: 'collector' },
        { at: 45, for: 15, stack, line: 6, state: 'lock' },
        { at: 60, for: 30, stack, line: 7, state: 'waiting', wait: ['sleep', 'sleep', ''] },
        { at: 90, for: 10, stack, line: 4, state: 'queued' },
      ],
      null,
    );
    expect(measured(profile, 'self')).toEqual({
      '(start-up):0': 10,
      '<module> > work:4': 20,
      '<module> > work:5': 10,
      '<module> > work > (garbage collector):0': 5,
      '<module> > work > (waiting for the GIL):0': 15,
      '<module> > work > (waiting):0': 30,
      '<module> > work > (waiting for a core):0': 10,
    });
    expect(measured(profile, 'state:lock')).toEqual({ '<module> > work:6': 15 });
    expect(measured(profile, 'state:collector')).toEqual({ '<module> > work:5': 5 });
    const { waits, strings, collections } = profile;
    expect(Array.from(waits.call, (call) => strings[call])).toEqual(['GIL', 'sleep']);
    expect([...waits.line]).toEqual([6, 7]);
    expect([...waits.duration]).toEqual([15_000, 30_000]);
    expect([...collections.duration]).toEqual([5000]);
  });

  test('never has more of a thread than the system says that it ran', () => {
    const samples = [{ at: 0, for: 100, stack: main, line: 2, state: 'bytecode' as const }];
    expect(measured(profileOf(samples, 60), 'self')).toEqual({ '<module>:2': 60 });
  });

  test('tells how long the interpreter took to begin, and its modules to load', () => {
    const loader = '_find_and_load <frozen importlib._bootstrap>:1165';
    const profile = profileOf([
      { at: 0, for: 10, stack: `${loader} > <module> <frozen site>:1`, line: 1, state: 'bytecode' },
      { at: 10, for: 5, stack: main, line: 1, state: 'bytecode' },
      { at: 15, for: 20, stack: `${main} > ${loader}`, line: 1178, state: 'bytecode' },
      {
        at: 35,
        for: 7,
        stack: `${main} > ${loader} > <module> /usr/lib/python3.11/json/__init__.py:1`,
        line: 9,
        state: 'c-code',
      },
      {
        at: 42,
        for: 4,
        stack: `${main} > ${loader} > <module> /app/venv/lib/python3.11/site-packages/lib.py:1`,
        line: 9,
        state: 'bytecode',
      },
      {
        at: 46,
        for: 30,
        stack: `${main} > ${loader} > <module> /app/other.py:1`,
        line: 9,
        state: 'bytecode',
      },
    ]);
    expect(profile.threads[0]).toMatchObject({ startUp: 10_000, loading: 41_000 });
    const { functions, strings } = profile;
    const categories = new Map(
      Array.from(functions.file, (file, row) => [strings[file], functions.category[row]]),
    );
    expect(categories.get('/app/other.py')).toBe(0);
    expect(categories.get('/app/venv/lib/python3.11/site-packages/lib.py')).toBe(1);
    expect(categories.get('/usr/lib/python3.11/json/__init__.py')).toBe(2);
    expect(categories.get('<frozen site>')).toBe(2);
  });

  test('has one collection where the thread waited for a core in the middle of it', () => {
    const { collections } = profileOf([
      { at: 0, for: 10, stack: main, line: 2, state: 'collector' },
      { at: 10, for: 20, stack: main, line: 2, state: 'queued' },
      { at: 30, for: 5, stack: main, line: 2, state: 'collector' },
      { at: 35, for: 10, stack: main, line: 2, state: 'queued' },
      { at: 45, for: 10, stack: main, line: 2, state: 'bytecode' },
      { at: 55, for: 5, stack: main, line: 2, state: 'collector' },
    ]);
    expect([...collections.start]).toEqual([0, 55_000]);
    expect([...collections.duration]).toEqual([35_000, 5000]);
  });

  test('adds up short waits of one place, and keeps long ones apart', () => {
    const wait = ['socket', 'recv', '127.0.0.1:80'] as const;
    const short = Array.from({ length: 5 }, (_, i) => ({
      at: i * 2,
      for: 2,
      stack: main,
      line: 3,
      state: 'waiting' as const,
      wait,
    }));
    const { waits } = profileOf([
      ...short,
      { at: 20, for: 40, stack: main, line: 3, state: 'waiting', wait },
    ]);
    expect(waits.count.reduce((a, b) => a + b, 0)).toBe(6);
    expect([...waits.longest].toSorted((a, b) => a - b).at(-1)).toBe(40_000);
    expect(waits.duration.reduce((a, b) => a + b, 0)).toBe(50_000);
  });

  test('shows files relative to the program’s folder whole, and nested functions without <locals>', () => {
    const profile = profileOf([
      { at: 0, for: 10, stack: 'outer.<locals>.inner app.py:7', line: 8, state: 'bytecode', grown: 4096 },
    ]);
    expect(measured(profile, 'self')).toEqual({ 'outer.inner:8': 10 });
    expect(measured(profile, 'resident')).toEqual({ 'outer.inner:8': 4096 });
    expect(profile.sources.map(({ file }) => profile.strings[file])).toEqual(['/app/app.py']);
  });

  test('says that nothing was seen where nothing was', () => {
    expect(profileOf([]).about.warnings.map(({ code }) => code)).toEqual(['no-samples']);
  });
});

test.each([
  [
    'Thread._bootstrap /usr/lib/python3.11/threading.py:1 > Thread.run /usr/lib/python3.11/threading.py:9 > spin /app/app.py:3 > f /app/app.py:9',
    'thread 1 (spin)',
  ],
  [
    'Thread.run /usr/lib/python3.11/threading.py:9 > _worker /usr/lib/python3.11/concurrent/futures/thread.py:3',
    'thread 1',
  ],
  ['Thread.run /usr/lib/python3.11/threading.py:9', 'thread 1'],
  [main, 'thread 1'],
])('names a thread that ran %s', (stack, name) => {
  const python = pythonOf([
    { at: 0, for: 50, stack: main, state: 'bytecode' },
    { at: 50, for: 50, stack, state: 'bytecode' },
  ]);
  const threads = [...python.threads, { ...python.threads[0]!, tid: 11, main: false }];
  const samples = { ...python.samples, thread: Int32Array.of(0, 1) };
  const profile = profileOf([], null, { python: { ...python, threads, samples } });
  expect(profile.threads.map((thread) => thread.name)).toEqual(['app.py', name]);
});

describe('the report of a cell', () => {
  const sleep = ['sleep', 'sleep', ''] as const;
  const magics = 'whet /lib/whetstone/_magics.py:20';
  const file = '/app/app.py';
  const python = pythonOf([
    // Asleep before the cell, and still where it was seen last.
    { at: 0, for: 26, stack: magics, line: 90, state: 'waiting', wait: sleep },
    { at: 26, for: 4, stack: main, line: 2, state: 'bytecode' },
    { at: 30, for: 29, stack: main, line: 3, state: 'waiting', wait: sleep },
    { at: 59, for: 41, stack: magics, line: 99, state: 'waiting', wait: sleep },
    { at: 0, for: 100, stack: 'run /lib/history.py:1', state: 'waiting', wait: ['lock', 'Event.wait', ''] },
    { at: 0, for: 100, stack: 'pool /app/app.py:7', state: 'bytecode' },
  ]);
  const [kernel] = python.threads;
  const raw = rawOf([], 90, {
    python: {
      ...python,
      threads: [kernel!, { ...kernel!, tid: 11, main: false }, { ...kernel!, tid: 12, main: false }],
      samples: { ...python.samples, thread: Int32Array.of(0, 0, 0, 0, 1, 2) },
      resident: {
        process: Int32Array.of(0, 0, 0),
        time: Float64Array.of(begin, begin + ms(40), begin + ms(90)),
        value: Float64Array.of(1, 2, 3),
      },
    },
  });

  test('is of its time alone, without what measured it and threads that slept', () => {
    const cut = cutToCell(
      raw,
      [
        { start: begin + ms(25), duration: ms(10), cpu: 4000, queued: 100 },
        { start: begin + ms(40), duration: ms(20), cpu: 1000, queued: 0 },
      ],
      file,
    );
    const { about, threads, waits, strings, series } = assembled(cut);
    expect(about).toMatchObject({ wall: ms(35), cpu: 5000 });
    expect(threads).toMatchObject([
      { wall: ms(35), cpu: 5000, queued: 100, samples: { taken: 2 } },
      { wall: ms(35), samples: { taken: 1 } },
    ]);
    expect([...waits.call].map((call) => strings[call])).toEqual(['sleep']);
    expect([...waits.start]).toEqual([ms(5)]);
    expect(waits.duration[0]).toBe(ms(29));
    expect(series.find(({ name }) => name === 'resident')?.value).toEqual(Float64Array.of(2));
  });

  test('lasts from the first run to the last, however many there are', () => {
    const run = { start: begin, duration: ms(1), cpu: 0, queued: 0 };
    const cut = cutToCell(
      raw,
      [...Array.from({ length: 200_000 }, () => run), { ...run, start: begin + ms(9) }],
      file,
    );
    expect([cut.begin, cut.end]).toEqual([begin, begin + ms(10)]);
  });

  test('is of all that was seen if the cell never ran', () => expect(cutToCell(raw, [], file)).toBe(raw));
});
