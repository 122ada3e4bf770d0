import {
  categories,
  ProfileBuilder,
  type Profile,
  type ProfileAbout,
  type Thread,
  type WaitInput,
} from '@whetstone/profile';
import { aboutOf, profileOf, threadOf } from '@whetstone/profile/testing';

/** A run drawn for a test: stacks as `profileOf` reads them, and what else is known of it. */
export interface DrawnRun {
  /** Of the main thread; the times of its samples follow one another from 0 on. */
  readonly stacks?: readonly string[];
  readonly thread?: Partial<Thread>;
  /** Other threads, without samples. */
  readonly threads?: readonly Partial<Thread>[];
  readonly about?: Partial<ProfileAbout>;
  /** `at` is `function@file:line`, and the line that asked. */
  readonly waits?: readonly (Partial<WaitInput> & { readonly at?: readonly [string, number] })[];
  /** `function@file:line` → calls, and hits by line. */
  readonly calls?: Readonly<Record<string, number>>;
  readonly hits?: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly lastLines?: Readonly<Record<string, number>>;
  readonly collections?: readonly (readonly [kind: string, start: number, duration: number])[];
  readonly delays?: readonly (readonly [time: number, value: number])[];
  readonly marks?: readonly (readonly [
    kind: 'function' | 'region',
    name: string,
    start: number,
    duration: number,
  ])[];
  readonly deopts?: readonly (readonly [at: string, line: number, reason: string, count: number])[];
  readonly sources?: Readonly<Record<string, string | null>>;
  /** Times of call paths and lines besides `self`: `work:calls`, `state:lock`, … */
  readonly figures?: readonly (readonly [name: string, at: string, line: number, value: number])[];
  /** What threads spent moments on, by the thread's row. */
  readonly moments?: readonly (readonly [
    thread: number,
    state: string,
    at: string,
    start: number,
    duration: number,
  ])[];
}

/** The profile of a drawn run. Where nothing is said, the main thread computed all the time. */
export function drawnRun(run: DrawnRun): Profile {
  const drawn = profileOf(...(run.stacks ?? []));
  const builder = new ProfileBuilder();
  const main = builder.addThread(
    threadOf({ ...drawn.threads[0], samples: { taken: 1000, rejected: 0 }, ...run.thread }),
  );
  for (const thread of run.threads ?? []) builder.addThread(threadOf(thread));
  const { functions, nodes, strings } = drawn;
  const rows = [...functions.name.keys()].map((f) =>
    builder.functionRow(
      strings[functions.name[f]],
      strings[functions.file[f]],
      functions.line[f],
      functions.column[f],
      categories[functions.category[f]],
      run.lastLines?.[`${strings[functions.name[f]]}@${strings[functions.file[f]]}:${functions.line[f]}`] ??
        0,
    ),
  );
  for (let n = 0; n < nodes.parent.length; n++) builder.nodeRow(nodes.parent[n], rows[nodes.function[n]]);
  const samples = drawn.samples[0];
  for (let i = 0; i < samples.node.length; i++) {
    builder.addSample(main, samples.node[i], samples.line[i], samples.time[i], samples.duration[i]);
  }
  const functionAt = (at: string) => {
    const [, name = at, file = '/app/app.ts', line = '0'] = /^(.*?)@(.+):(\d+)$/.exec(at) ?? [];
    return builder.functionRow(name, file, Number(line), line === '0' ? 0 : 1, 'own');
  };
  for (const { at, ...wait } of run.waits ?? []) {
    builder.addWait({
      thread: 0,
      node: at ? builder.nodeRow(-1, functionAt(at[0])) : -1,
      line: at?.[1] ?? 0,
      kind: 'http',
      call: 'fetch',
      target: '',
      start: 0,
      duration: 0,
      charged: 0,
      ...wait,
    });
  }
  for (const [thread, state, at, start, duration] of run.moments ?? []) {
    builder.addSample(thread, builder.nodeRow(-1, functionAt(at)), 0, start, duration, state);
  }
  // Moments of other threads would be added to what the stacks say.
  if (run.figures !== undefined) {
    const self = builder.measure('self', 'microseconds', 'sampled', 'node');
    for (let i = 0; i < samples.node.length; i++)
      self.add(samples.node[i], samples.line[i], main, samples.duration[i]);
  }
  for (const [name, at, line, value] of run.figures ?? []) {
    const node = builder.nodeRow(-1, functionAt(at));
    builder.measure(name, 'microseconds', 'sampled', 'node').add(node, line, main, value);
  }
  for (const [at, calls] of Object.entries(run.calls ?? {})) {
    builder.measure('calls', 'count', 'measured', 'function').add(functionAt(at), 0, -1, calls);
  }
  for (const [at, lines] of Object.entries(run.hits ?? {})) {
    for (const [line, hits] of Object.entries(lines)) {
      builder.measure('hits', 'count', 'measured', 'function').add(functionAt(at), Number(line), -1, hits);
    }
  }
  for (const [kind, start, duration] of run.collections ?? [])
    builder.addCollection(main, kind, start, duration);
  for (const [kind, name, start, duration] of run.marks ?? [])
    builder.addMark(main, kind, name, start, duration);
  for (const [at, line, reason, count] of run.deopts ?? []) {
    builder.addDeoptimisation(functionAt(at), line, reason, count);
  }
  if (run.delays) {
    const columns = [run.delays.map(([time]) => time), run.delays.map(([, value]) => value)] as const;
    builder.addSeries('delay', 'microseconds', main, ...columns);
  }
  for (const [file, text] of Object.entries(run.sources ?? {})) builder.addSource(file, text);
  return builder.build(
    aboutOf({
      ...drawn.about,
      wall: run.thread?.wall ?? drawn.about.wall,
      cpu: run.thread?.cpu ?? drawn.about.cpu,
      ...run.about,
    }),
  );
}
