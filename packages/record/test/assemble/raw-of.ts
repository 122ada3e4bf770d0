import {
  assemble,
  type AssembleOptions,
  type RawRecord,
  type RawStart,
  type V8Node,
} from '@whetstone/record/assembling';
import type { RawRecording } from '@whetstone/record';
import type { Profile } from '@whetstone/profile';

/** A frame as V8 gives it: `name url:line:column`, line from 1, column from 0. */
export type DrawnFrame = string;

export interface DrawnThread {
  readonly version?: string;
  /** `caller > callee`, leaf last, with the lines of its samples: `{ 'f /a.js:1:10 > g /a.js:5:10': [6, 6, 7] }`. */
  readonly stacks: Readonly<Record<string, readonly number[]>>;
  readonly records?: readonly RawRecord[];
  readonly cpu?: number | null;
  readonly interval?: number;
}

export const startOf = (version: string): RawStart => ({
  type: 'start',
  pid: 10,
  ppid: 1,
  threadId: 0,
  tid: 10,
  name: '/app/main.js',
  argv: ['node', '/app/main.js'],
  execArgv: [],
  execPath: '/usr/bin/node',
  version,
  workingDirectory: '/app',
  epoch: 0,
  now: 0,
  began: 0,
  pass: 'time',
});

/** A recording of one thread that took its samples one interval apart, in the order drawn. */
export function rawOf({
  version = 'v20.20.0',
  stacks,
  records = [],
  cpu = null,
  interval = 1000,
}: DrawnThread): RawRecording {
  const nodes: (V8Node & { children: number[]; positionTicks: { line: number; ticks: number }[] })[] = [];
  const add = (frame: DrawnFrame) => {
    const [, functionName, url, line, column] = /^(.*?)(?: (\S+):(\d+):(\d+))?$/.exec(
      frame,
    ) as RegExpExecArray;
    const place = { lineNumber: Number(line ?? 0) - 1, columnNumber: Number(column ?? -1) };
    const callFrame = { functionName: functionName as string, scriptId: '0', url: url ?? '', ...place };
    nodes.push({ id: nodes.length + 1, callFrame, children: [], positionTicks: [] });
    return nodes.length;
  };
  const paths = new Map<string, number>([['', add('(root)')]]);
  const samples: number[] = [];
  for (const [stack, lines] of Object.entries(stacks)) {
    let path = '';
    for (const frame of stack.split(' > ')) {
      const parent = paths.get(path) as number;
      path += ` > ${frame}`;
      if (paths.has(path)) continue;
      paths.set(path, add(frame));
      nodes[parent - 1]?.children.push(paths.get(path) as number);
    }
    const leaf = nodes[(paths.get(path) as number) - 1];
    for (const line of lines) {
      samples.push(leaf?.id as number);
      const known = leaf?.positionTicks.find((tick) => tick.line === line);
      if (known !== undefined) known.ticks++;
      else if (line > 0) leaf?.positionTicks.push({ line, ticks: 1 });
    }
  }
  const endTime = (samples.length + 1) * interval;
  const profile = { nodes, startTime: 0, endTime, samples, timeDeltas: samples.map(() => interval) };
  const start = startOf(version);
  const piece: RawRecord = { type: 'piece', interval, pause: 0, cpu, profile };
  return {
    threads: [{ start, records: [start, ...records, ...(samples.length > 0 ? [piece] : [])], ended: true }],
    python: null,
    figures: [],
    command: ['node', '/app/main.js'],
    workingDirectory: '/app',
    exit: { code: 0, signal: null },
    started: '2026-11-21T10:12:00.000Z',
    begin: 0,
    end: endTime,
    process: 10,
    peakMemory: null,
    load: null,
    runtime: { name: 'node', version: version.slice(1), path: '/usr/bin/node' },
    deopts: null,
    warnings: [],
  };
}

export function profileOf(
  raw: RawRecording,
  files: Readonly<Record<string, string>> = {},
  counts: RawRecording | null = null,
  more: Partial<AssembleOptions> = {},
): Profile {
  return assemble(raw, counts === null ? {} : { counts }, {
    sources: true,
    modes: { counts: counts !== null, waits: false, deopts: false, attached: false },
    influence: { value: 1, low: 1, high: 1, kind: 'estimated', longestPause: 0, pauses: 0 },
    readText: (path) => files[path] ?? null,
    agentFolder: '/agents',
    revision: null,
    ...more,
  });
}

const place = (profile: Profile, row: number) => {
  const { functions, strings } = profile;
  const name = strings[functions.name[row] as number] as string;
  const file = strings[functions.file[row] as number] as string;
  return { name, file };
};

/** Self time in milliseconds as `{ 'f > g /a.js:6': 2 }`: path of names, file and line of the leaf. */
export function selfTimes(profile: Profile): Record<string, number> {
  const self = profile.measures.find((measure) => measure.name === 'self');
  const times: Record<string, number> = {};
  for (const [i, node] of (self?.row ?? []).entries()) {
    const names: string[] = [];
    for (let at = node; at >= 0; at = profile.nodes.parent[at] as number) {
      names.unshift(place(profile, profile.nodes.function[at] as number).name);
    }
    const { file } = place(profile, profile.nodes.function[node] as number);
    const key = `${names.join(' > ')} ${file}:${self?.line[i]}`;
    times[key] = (times[key] ?? 0) + (self?.value[i] as number) / 1000;
  }
  return times;
}

/** Figures of functions as `{ 'f /a.js:6': 2 }`; line 0 is the function as a whole. */
export function figures(profile: Profile, name: string): Record<string, number> {
  const measure = profile.measures.find((candidate) => candidate.name === name);
  const found: Record<string, number> = {};
  for (const [i, row] of (measure?.row ?? []).entries()) {
    const { name: functionName, file } = place(profile, row);
    found[`${functionName} ${file}:${measure?.line[i]}`] = measure?.value[i] as number;
  }
  return found;
}
