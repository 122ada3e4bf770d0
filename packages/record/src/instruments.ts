import type { Instrument } from './instrument.ts';
import { now } from './now.ts';
import { nodeInstrument } from './node/node-instrument.ts';
import { pythonMarking } from './python/python-marks.ts';
import { pythonCounting, pythonMemoryTracing } from './python/python-passes.ts';
import { pythonTiming } from './python/python-timing.ts';
import type { Target } from './recording.ts';
import type { RunOptions } from './run-program.ts';

/** What the agent in Node does in each pass. */
const agentPasses = { time: 'time', counts: 'counts', memory: 'plain', deopts: 'time' } as const;

/** What measures a run of a target: behind scripts and commands both Node and Python may be, and a Node may start a Python. */
export async function instrumentsFor(target: Target, options: RunOptions): Promise<Instrument[]> {
  const python = await pythonInstrument(target, options);
  const node = target.kind === 'python' ? null : agentInstrument(target, options);
  const marks = target.kind === 'node' ? null : pythonMarking(target, options.workingDirectory);
  return [node, python, marks].filter((instrument) => instrument !== null);
}

async function pythonInstrument(target: Target, options: RunOptions): Promise<Instrument | null> {
  switch (options.pass) {
    case 'time':
      return await pythonTiming(target, options);
    case 'counts':
      return target.kind === 'node' ? null : pythonCounting({ lines: options.countLines });
    case 'memory':
      return pythonMemoryTracing();
    case 'deopts':
      return null;
  }
}

function agentInstrument(target: Target, options: RunOptions): Instrument {
  const deopts = options.pass === 'deopts';
  return nodeInstrument(target, {
    ...options,
    pass: agentPasses[options.pass],
    deopts,
    // Its times are thrown away: it need not name waits.
    waits: options.waits && !deopts,
    until: options.for === null ? null : now() + options.for * 1e3,
  });
}
