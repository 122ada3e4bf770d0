import { fields, figure, flag, listOf, oneOf, orNull, text, whole, type Shape } from '../shape.ts';

const kind = oneOf('measured', 'sampled', 'estimated');
const unit = oneOf('microseconds', 'bytes', 'count');
const processNumber = whole(-1, Number.MAX_SAFE_INTEGER);

/** What `about` of a profile must be when it comes from a file. */
export const aboutShape: Shape = fields({
  command: listOf(text),
  runtime: fields({ name: oneOf('node', 'cpython', 'pypy', 'other'), version: text, path: text }),
  machine: fields({ system: text, processor: text, cores: figure, memory: figure, load: orNull(figure) }),
  started: text,
  workingDirectory: text,
  revision: orNull(text),
  exit: fields({ code: orNull(figure), signal: orNull(text) }),
  wall: figure,
  cpu: orNull(figure),
  peakMemory: orNull(figure),
  swaps: orNull(figure),
  interval: figure,
  modes: fields({ counts: flag, waits: flag, deopts: flag, attached: flag }),
  influence: fields({ value: figure, low: figure, high: figure, kind, longestPause: figure, pauses: figure }),
  warnings: listOf(fields({ code: text, message: text })),
  saved: orNull(text),
});

export const threadsShape: Shape = listOf(
  fields({
    process: processNumber,
    thread: processNumber,
    name: text,
    start: figure,
    wall: figure,
    cpu: orNull(figure),
    queued: orNull(figure),
    asleep: orNull(figure),
    startUp: orNull(figure),
    loading: orNull(figure),
    majorFaults: orNull(figure),
    minorFaults: orNull(figure),
    samples: fields({ taken: figure, rejected: figure }),
  }),
);

export const measuresShape: Shape = listOf(
  fields({ name: text, unit, kind, per: oneOf('node', 'function') }),
);

export const seriesShape: Shape = listOf(fields({ name: text, unit, thread: whole(-1, 0x7fffffff) }));
