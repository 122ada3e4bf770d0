import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Instrument } from '../instrument.ts';
import { readsNoAgent } from '../reads-no-agent.ts';
import type { RawThread, Target } from '../recording.ts';
import { samplesIn } from '../samples-in.ts';
import { leaveFolder } from '../temporary-folders.ts';
import { RawFolder } from './raw-folder.ts';
import { makeAgentFolder, withAgent, type AgentOptions } from './start-node.ts';

/** Between two looks at how much the agents have written, in milliseconds. */
const READING_TIME = 500;

/** Measures Node from inside, wherever it is below the program, by an agent that NODE_OPTIONS brings. */
export function nodeInstrument(
  target: Target,
  options: AgentOptions & { readonly deopts: boolean },
): Instrument {
  const agent = makeAgentFolder(options);
  const deoptLog = path.join(agent.folder, 'deopts.log');
  const reason = readsNoAgent(target, process.env);
  const written = new RawFolder(agent.folder);
  let reading: NodeJS.Timeout | undefined;
  return {
    folder: agent.folder,
    prepare: ({ args, environment }) => ({
      args:
        options.deopts && target.kind === 'node'
          ? [
              // `--log-deopt` is silent while the profiler runs. The traces have the place too, once they are
              // verbose; they go to stdout unless they are told a file, and a device will not do.
              '--trace-deopt',
              '--trace-deopt-verbose',
              '--redirect-code-traces',
              `--redirect-code-traces-to=${deoptLog}`,
              ...args,
            ]
          : args,
      environment: reason === null ? withAgent(environment, agent.preload) : environment,
    }),
    watch() {
      reading = setInterval(() => written.look(), READING_TIME);
    },
    samples: () => samplesIn(agent.folder),
    async result(pid, figures) {
      clearInterval(reading);
      const threads = written.threads(pid);
      for (const { start, records } of threads) {
        for (const record of records) {
          if (record.type !== 'end') continue;
          for (const [tid, cpu, queued] of record.threads ?? [])
            figures.add(start.pid, tid, cpu, queued, record.now);
        }
      }
      const main = threads.find(({ start: { pid: of, threadId } }) => of === pid && threadId === 0);
      const first = (main ?? threads[0])?.start;
      return {
        threads,
        deopts: options.deopts && existsSync(deoptLog) ? readFileSync(deoptLog, 'utf8') : null,
        missed: threads.length > 0 ? null : (reason ?? notInside(target)),
        runtime: first === undefined ? null : { name: 'node', version: first.version, path: first.execPath },
        told: main?.ended === true,
        peakMemory: peakOf(threads),
        warnings: [],
      };
    },
    leave() {
      clearInterval(reading);
      leaveFolder(agent.folder, agent.preload);
    },
  };
}

function peakOf(threads: readonly RawThread[]): number | null {
  let peak = 0;
  for (const { records } of threads) {
    for (const record of records) {
      if (record.type === 'end') peak = Math.max(peak, record.usage?.peak ?? 0);
    }
  }
  return peak === 0 ? null : peak;
}

function notInside(target: Target): string {
  return target.kind === 'node'
    ? 'The recorder did not get into the program: it ended before its first line, or Node was told to ignore NODE_OPTIONS'
    : 'No Node ran here';
}
