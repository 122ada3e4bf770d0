import { categories, ProfileBuilder, type Profile } from '@whetstone/profile';
import { aboutOf, threadOf } from '@whetstone/profile/testing';
import * as fc from 'fast-check';

/** A finite figure of any size, whole or not. */
const figure = fc.oneof(
  fc.integer({ min: -1000, max: 1_000_000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }),
);
const length = fc.oneof(
  fc.integer({ min: 0, max: 10_000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e9 }),
);
/** Any string, halves of surrogate pairs included. */
const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('\ud800', '\udfff', ';', '\n', '"', '\\'),
  ),
});
const line = fc.integer({ min: 0, max: 100_000 });
const row = fc.nat();

const contents = fc.record({
  functions: fc.array(fc.tuple(text, text, line, line, fc.constantFrom(...categories), line), {
    minLength: 1,
    maxLength: 12,
  }),
  nodes: fc.array(fc.tuple(row, row, fc.boolean()), { minLength: 1, maxLength: 30 }),
  threads: fc.array(text, { minLength: 1, maxLength: 3 }),
  samples: fc.array(fc.tuple(row, row, line, figure, length, text), { maxLength: 40 }),
  figures: fc.array(
    fc.tuple(fc.constantFrom('self', 'calls', 'allocated'), fc.boolean(), row, line, row, figure),
    { maxLength: 20 },
  ),
  series: fc.array(fc.array(fc.tuple(figure, figure)), { maxLength: 3 }),
  waits: fc.array(fc.tuple(row, row, line, text, text, text, figure, length), { maxLength: 8 }),
  stretches: fc.array(fc.tuple(row, text, text, figure, length), { maxLength: 8 }),
  deoptimisations: fc.array(fc.tuple(row, line, text), { maxLength: 8 }),
  sources: fc.array(fc.tuple(text, fc.option(text)), { maxLength: 4 }),
});

/** One of the rows, by any number. */
function pick(rows: readonly number[], number: number): number {
  return rows[number % rows.length] as number;
}

/** Any profile that the builder can make. */
export const arbitraryProfile: fc.Arbitrary<Profile> = contents.map((given) => {
  const builder = new ProfileBuilder();
  const functions = given.functions.map((fields) => builder.functionRow(...fields));
  const threads = given.threads.map((name, thread) => builder.addThread(threadOf({ name, thread })));
  const nodes: number[] = [];
  for (const [parent, of, isRoot] of given.nodes) {
    const caller = isRoot || nodes.length === 0 ? -1 : pick(nodes, parent);
    nodes.push(builder.nodeRow(caller, pick(functions, of)));
  }
  for (const [thread, node, at, time, duration, state] of given.samples) {
    builder.addSample(pick(threads, thread), pick(nodes, node), at, time, duration, state);
  }
  for (const [name, perNode, of, at, thread, value] of given.figures) {
    const measure = builder.measure(name, 'count', 'measured', perNode ? 'node' : 'function');
    measure.add(pick(perNode ? nodes : functions, of), at, pick([-1, ...threads], thread), value);
  }
  for (const points of given.series) {
    builder.addSeries(
      'heap',
      'bytes',
      -1,
      points.map(([time]) => time),
      points.map(([, value]) => value),
    );
  }
  for (const [thread, node, at, kind, call, target, start, duration] of given.waits) {
    const place = pick([-1, ...nodes], node);
    builder.addWait({
      thread: pick(threads, thread),
      node: place,
      line: at,
      kind,
      call,
      target,
      start,
      duration,
      charged: duration / 2,
    });
  }
  for (const [thread, kind, name, start, duration] of given.stretches) {
    builder.addCollection(pick(threads, thread), kind, start, duration);
    builder.addMark(pick(threads, thread), kind, name, start, duration);
  }
  for (const [of, at, reason] of given.deoptimisations) {
    builder.addDeoptimisation(pick([-1, ...functions], of), at, reason);
  }
  for (const [file, source] of given.sources) builder.addSource(file, source);
  return builder.build(aboutOf({ warnings: [{ code: 'a', message: given.threads.join() }] }));
});

/** Profiles as recorders make them: samples follow one another in time, and nothing else says what `self` is. */
export const recordedProfile: fc.Arbitrary<Profile> = fc
  .record({
    functions: fc.array(fc.tuple(text, fc.constantFrom('/app/a.ts', '/app/ä b#?%.ts', 'node:fs', ''), line), {
      minLength: 1,
      maxLength: 8,
    }),
    nodes: fc.array(fc.tuple(row, row, fc.boolean()), { minLength: 1, maxLength: 30 }),
    samples: fc.array(fc.tuple(row, line, fc.integer({ min: 0, max: 3 }), length), {
      minLength: 1,
      maxLength: 60,
    }),
  })
  .map((given) => {
    const builder = new ProfileBuilder();
    const functions = given.functions.map(([name, file, at]) =>
      builder.functionRow(name, file, at, at, 'own'),
    );
    const thread = builder.addThread(threadOf());
    const nodes: number[] = [];
    for (const [parent, of, isRoot] of given.nodes) {
      const caller = isRoot || nodes.length === 0 ? -1 : pick(nodes, parent);
      nodes.push(builder.nodeRow(caller, pick(functions, of)));
    }
    let now = 0;
    for (const [node, at, gap, duration] of given.samples) {
      now += gap * 1000;
      builder.addSample(thread, pick(nodes, node), at, now, duration);
      now += duration;
    }
    return builder.build(aboutOf());
  });
