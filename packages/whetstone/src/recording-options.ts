import type { RecordOptions } from '@whetstone/record';
import { readDuration, type Option, type Parsed } from './options.ts';

/** How a program is measured: the same for `run`, and for `explain` on a program. */
export const recordingOptions: readonly Option[] = [
  { name: 'counts', help: 'Exact calls and line hits, by running the program a second time.' },
  {
    name: 'check-influence',
    help: 'Run it without measuring too, in turn, and say how much the measuring cost.',
  },
  { name: 'deopts', help: 'Record optimised code that V8 threw away, with the reasons.' },
  { name: 'no-waits', help: 'Do not name what the program waits for.' },
  {
    name: 'interval',
    value: 'TIME',
    read: readDuration('us'),
    help: 'Time between samples. Default: 250us for the first second, then 1ms.',
  },
  {
    name: 'for',
    value: 'TIME',
    read: readDuration('s'),
    help: 'End the measuring after this time; the program goes on.',
  },
  { name: 'runtime', value: 'NAME|PATH', help: 'Another Node: a name on the PATH, or a path.' },
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
    for: time === undefined ? null : time / 1000,
    runtime: (options.get('runtime') as string | undefined) ?? null,
    waits: !options.has('no-waits'),
    deopts: options.has('deopts'),
    checkInfluence: options.has('check-influence'),
    sources: !options.has('no-source'),
  };
}
