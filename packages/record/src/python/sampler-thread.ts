import { parentPort, workerData } from 'node:worker_threads';
import type { Microseconds } from '@whetstone/profile';
import { now } from '../now.ts';
import { awaitPython } from './await-python.ts';
import { DEEPEST_STACK } from './interpreter-frames.ts';
import { childrenOf, isEnded, NewTasks } from './process-tree.ts';
import type { PythonSamplerOptions, RawPython } from './raw-python.ts';
import { pageSize, ProcFile } from './sampler-files.ts';
import { ProcessSampler, type RecordingTables } from './sampler-process.ts';
import { SamplerProgress } from './sampler-progress.ts';
import { SamplerTables } from './sampler-tables.ts';
import type { SamplerThreadData, SamplerThreadMessage } from './start-python-sampler.ts';

/** The part of one core that the sampler may take. */
const BUDGET = 0.12;
/** CPU time that it may take beyond that: finding an interpreter, and all codes for the first time, costs most. */
const ADVANCE: Microseconds = 20_000;
/** How much the newest look counts in what one is expected to cost. */
const NEWEST = 1 / 16;
/** To save what was spent in advance, no pause is made longer than this. */
const LONGEST_PAUSE: Microseconds = 20_000;
/** How many times longer than asked the time between two looks may be until one is told. */
const NOTEWORTHY = 3;
/** Between two searches for new processes and threads: at least, where many begin, and at most. */
const SHORTEST_SEARCH: Microseconds = 2000;
const LONGEST_SEARCH: Microseconds = 100_000;
/** And how many times longer than a search computes: where there are many threads, and others start processes. */
const SEARCH_SHARE = 30;

const { options, progress } = workerData as SamplerThreadData;
const tell = (message: SamplerThreadMessage): void => parentPort?.postMessage(message);
tell('ready');
const shared = new SamplerProgress(progress);
const root = shared.awaitPid();
const found = root > 0 && (options.isPython || awaitPython(root, shared));
tell(sample(found ? root : -1, options, shared));

/** Looks at a process and its descendants until all have ended, or measuring has. */
function sample(pid: number, { interval, until }: PythonSamplerOptions, shared: SamplerProgress): RawPython {
  const start = now();
  const recording: RecordingTables = {
    tables: new SamplerTables(),
    processes: [],
    threads: [],
    pageSize: pageSize(),
    cut: false,
  };
  const samplers = new Map<number, ProcessSampler>();
  const newTasks = new NewTasks();
  const own = new ProcFile('/proc/thread-self/schedstat');
  const ownFigures = new Float64Array(1);
  const ownCpu = (): Microseconds => {
    if (own.read()) own.numbers(ownFigures);
    return (ownFigures[0] ?? 0) / 1e3;
  };

  if (pid > 0) samplers.set(pid, new ProcessSampler(pid, null, recording));
  const cpuBefore = ownCpu();
  let cpu = cpuBefore;
  let looks = 0;
  let cost = 0;
  let searched = 0;
  let patience = 0;
  let due = now();

  while (samplers.size > 0 && !shared.stopped) {
    const moment = now();
    if (moment >= until) break;
    const since = moment - searched;
    if (since >= patience && (newTasks.any || since >= LONGEST_SEARCH)) {
      const before = ownCpu();
      search(samplers, recording);
      searched = now();
      patience = Math.max(SHORTEST_SEARCH, (ownCpu() - before) * SEARCH_SHARE);
    }
    for (const [number, sampler] of samplers) {
      sampler.look();
      if (!sampler.isOver) continue;
      sampler.close();
      samplers.delete(number);
    }
    looks++;
    const spent = ownCpu();
    cost += (spent - cpu - cost) * NEWEST;
    cpu = spent;
    shared.write({ looks, samples: recording.tables.sampleCount, over: samplers.size === 0 });
    // A rhythm of its own could fall in step with the program's.
    const beyond = cpu - cpuBefore - ADVANCE;
    const pause = beyond < 0 ? interval : Math.max(interval, cost / BUDGET);
    const affordable = Math.min(start + beyond / BUDGET, moment + LONGEST_PAUSE);
    due = Math.max(due + pause * (0.5 + Math.random()), affordable, now());
    if (!shared.sleep(due - now())) break;
  }

  const end = now();
  for (const sampler of samplers.values()) sampler.close();
  newTasks.close();
  const actual = looks === 0 ? interval : (end - start) / looks;
  return {
    processes: recording.processes,
    threads: recording.threads,
    ...recording.tables.plain,
    start,
    end,
    interval: { asked: interval, actual },
    looks,
    samplerCpu: ownCpu() - cpuBefore,
    warnings: warningsOf(interval, actual, recording),
  };
}

function search(samplers: Map<number, ProcessSampler>, recording: RecordingTables): void {
  for (const sampler of samplers.values()) {
    sampler.findThreads();
    for (const child of childrenOf(sampler.pid, sampler.threads)) {
      // A notebook's kernel has started the very process that looks at it.
      if (child === process.pid) continue;
      // The map's walk comes to those that are added on the way, and to their children.
      if (!samplers.has(child) && !isEnded(child))
        samplers.set(child, new ProcessSampler(child, sampler, recording));
    }
  }
}

function warningsOf(
  asked: Microseconds,
  actual: Microseconds,
  { cut }: RecordingTables,
): RawPython['warnings'] {
  const milliseconds = (time: Microseconds): number => Number((time / 1e3).toPrecision(2));
  return [
    ...(actual > asked * NOTEWORTHY
      ? [
          {
            code: 'python-sampled-seldom',
            message: `The program was looked at every ${milliseconds(actual)} ms, not every ${milliseconds(asked)} ms: there was too much to look at, or the machine was busy.`,
          },
        ]
      : []),
    ...(cut
      ? [
          {
            code: 'python-stacks-cut',
            message: `Stacks were deeper than ${DEEPEST_STACK} calls: what lies further out is not shown.`,
          },
        ]
      : []),
  ];
}
