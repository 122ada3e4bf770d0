import type { Instrument } from './instrument.ts';
import { nodeInstrument } from './node/node-instrument.ts';
import { pythonCounting, pythonMemoryTracing } from './python/python-passes.ts';
import { pythonTiming } from './python/python-timing.ts';
import type { Target } from './recording.ts';
import type { RunOptions } from './run-program.ts';

/** What the agent in Node does in each pass. */
const agentPasses = { time: 'time', counts: 'counts', memory: 'plain', deopts: 'time' } as const;

/** What measures a run of a target: behind scripts and commands, both Node and Python may be. */
export async function instrumentsFor(
  target: Target,
  options: RunOptions,
  until: number | null,
): Promise<Instrument[]> {
  const instruments: Instrument[] = [];
  if (target.kind !== 'python') {
    const pass = agentPasses[options.pass];
    const deopts = options.pass === 'deopts';
    // Its times are thrown away: it need not name waits.
    instruments.push(
      nodeInstrument(target, { ...options, pass, deopts, waits: options.waits && !deopts, until }),
    );
  }
  if (target.kind === 'node') return instruments;
  if (options.pass === 'counts') instruments.push(pythonCounting({ lines: options.countLines }));
  else if (options.pass === 'memory') instruments.push(pythonMemoryTracing());
  else {
    const timing = await pythonTiming(target, { ...options, until });
    if (timing !== null) instruments.push(timing);
  }
  return instruments;
}
