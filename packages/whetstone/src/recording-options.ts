import type { RecordOptions } from '@whetstone/record';
import { readDuration, type Option, type Parsed } from './options.ts';

/** How a program is measured: the same for `run`, and for `explain` on a program. */
export const recordingOptions: readonly Option[] = [
  {
    name: 'counts',
    value: 'lines',
    optional: true,
    choices: ['lines'],
    help: 'Exact calls and line hits, by running the program a second time. Python counts calls alone: with =lines, the lines of the functions that took most time too, and of those that --lines names.',
  },
  {
    name: 'memory',
    help: 'Python: what each line holds when most is held, by running the program once more under tracemalloc.',
  },
  {
    name: 'check-influence',
    help: 'Run it without measuring too, in turn, and say how much the measuring cost.',
  },
  { name: 'deopts', help: 'Record optimised code that V8 threw away, in a run of its own.' },
  { name: 'no-waits', help: 'Do not name what the program waits for.' },
  {
    name: 'interval',
    value: 'TIME',
    read: readDuration('us'),
    help: 'Time between samples. Default: 1ms; for Node 250us in the first second at most, then 1 to 8ms, by what a sample costs.',
  },
  {
    name: 'for',
    value: 'TIME',
    read: readDuration('s'),
    help: 'End the measuring after this time; the program goes on.',
  },
  { name: 'runtime', value: 'NAME|PATH', help: 'Another Node or Python: a name on the PATH, or a path.' },
];

/** What becomes of the profile. */
export const savingOptions: readonly Option[] = [
  { name: 'no-save', help: 'Do not keep the profile.' },
  { name: 'no-source', help: 'Leave the sources out of the profile and the report.' },
];

/** What the recorder is told, from the command line. */
export function recordOptions({ options }: Parsed): RecordOptions {
  const time = options.get('for') as number | undefined;
  return {
    workingDirectory: process.cwd(),
    interval: (options.get('interval') as number | undefined) ?? null,
    counts: options.has('counts'),
    countLines:
      options.get('counts') === 'lines' ? ((options.get('lines') as string[] | undefined) ?? []) : null,
    memory: options.has('memory'),
    for: time === undefined ? null : time / 1000,
    runtime: (options.get('runtime') as string | undefined) ?? null,
    waits: !options.has('no-waits'),
    deopts: options.has('deopts'),
    checkInfluence: options.has('check-influence'),
    sources: !options.has('no-source'),
  };
}
