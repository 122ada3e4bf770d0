import type { Influence, Microseconds, Profile } from '@whetstone/profile';
import type { RawRecord } from './node/raw.ts';
import type { RawPython } from './python/raw-python.ts';
import type { RawRecording } from './recording.ts';

/**
 * What measuring costs where it was tried (`bench/overhead-node`): CPU of V8 for one sample of a stack of
 * usual depth, the agent's share of one wait, and what it adds to the start of a process. Microseconds.
 */
const SAMPLE_COST = 25;
const WAIT_COST = 8;
const START_COST = 55_000;
/** The guess can be wrong by this factor either way. */
const UNCERTAINTY = 2;

/** Reading from outside was never seen to slow a program down by more, where a core was free for it. */
const OUTSIDE = 1.02;

/**
 * A guess at what the measuring cost, from what was done and from calibration: labelled as estimated.
 *
 * @param own time of ours that the samples saw, in the thread that has most of it
 */
export function estimatedInfluence(raw: RawRecording, own: Microseconds = 0): Influence {
  if (raw.python !== null && raw.threads.length === 0) {
    const isInside = raw.python.warnings.some(({ code }) => code === 'python-from-inside');
    return isInside ? influenceFromInside(raw, raw.python) : influenceFromOutside(raw, raw.python);
  }
  const wall = Math.max(raw.end - raw.begin, 1);
  // Threads run beside each other: what they pay does not add up to one wall time, but is felt where it is most.
  const threads = raw.threads.map(({ records }) => ({ ...pausesOf(records), waits: waitsOf(records) }));
  const most = (cost: (thread: (typeof threads)[number]) => Microseconds) =>
    Math.max(0, ...threads.map(cost));
  const sampling = most(({ samples }) => samples * SAMPLE_COST);
  const work = most(({ samples, waits, pauses }) => samples * SAMPLE_COST + waits * WAIT_COST + pauses);
  const paid = Math.max(threads.length === 0 ? 0 : START_COST + work, sampling + own);
  const slowdown = (factor: number) => {
    const cost = paid * factor;
    return wall / (wall - Math.min(cost, wall / 2));
  };
  return {
    value: slowdown(1),
    low: slowdown(1 / UNCERTAINTY),
    high: slowdown(UNCERTAINTY),
    kind: 'estimated',
    longestPause: most(({ longestPause }) => longestPause),
    pauses: threads.reduce((sum, { pauses }) => sum + pauses, 0),
  };
}

/** The sampler only takes a core from the program while the program waits for one. */
function influenceFromOutside(raw: RawRecording, { samplerCpu }: RawPython): Influence {
  const wall = Math.max(raw.end - raw.begin, 1);
  const main = raw.figures.find(({ process, tid }) => process === raw.process && tid === raw.process);
  const most = Math.min(samplerCpu, main?.queued ?? samplerCpu, wall / 2);
  const high = Math.max(wall / (wall - most), OUTSIDE);
  return { value: wall / (wall - most / 2), low: 1, high, kind: 'estimated', longestPause: 0, pauses: 0 };
}

/** What a look from inside cost the program where it was tried: PyPy leaves its compiled code for it. Microseconds. */
const INSIDE_COST = { cpython: 150, pypy: 750 };

function influenceFromInside(raw: RawRecording, { interval }: RawPython): Influence {
  const cost = INSIDE_COST[raw.runtime.name === 'pypy' ? 'pypy' : 'cpython'];
  const slowdown = (factor: number) => 1 + (cost * factor) / Math.max(interval.actual, cost);
  return {
    value: slowdown(1),
    low: slowdown(1 / UNCERTAINTY),
    high: slowdown(UNCERTAINTY),
    kind: 'estimated',
    longestPause: 0,
    pauses: 0,
  };
}

/** Pairs of times (with measuring, without it) as a slowdown with its 95 % interval. */
export function measuredInfluence(
  raw: RawRecording,
  pairs: readonly (readonly [measured: number, plain: number])[],
): Influence {
  const threads = raw.threads.map(({ records }) => pausesOf(records));
  // Ratios are averaged as logarithms, so that 2× and ½× cancel out.
  const logs = pairs.map(([measured, plain]) => Math.log(measured / plain));
  const { mean, half } = meanWithInterval(logs);
  return {
    value: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
    kind: 'measured',
    longestPause: Math.max(0, ...threads.map(({ longestPause }) => longestPause)),
    pauses: threads.reduce((sum, { pauses }) => sum + pauses, 0),
  };
}

/** Mean and half of its 95 % interval, by Student's t. */
export function meanWithInterval(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  const quantile = quantiles[values.length - 2] ?? (values.length < 2 ? Infinity : 2);
  return { mean, half: quantile * Math.sqrt(variance / values.length) };
}

/** Student's t for 95 %, two-sided, with 1, 2, … degrees of freedom. */
const quantiles = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
];

/** The profile with the guess that its own samples allow. */
export function withEstimatedInfluence(profile: Profile, raw: RawRecording): Profile {
  const { value, low, high } = estimatedInfluence(raw, ownTime(profile));
  return {
    ...profile,
    about: { ...profile.about, influence: { ...profile.about.influence, value, low, high } },
  };
}

/** Of the thread that has most of it. */
function ownTime({ functions, nodes, samples, strings }: Profile): Microseconds {
  const ours = functions.name.findIndex((name) => strings[name] === '(measuring)');
  const times = samples.map(({ node, duration }) =>
    node.reduce((time, row, i) => (nodes.function[row] === ours ? time + duration[i]! : time), 0),
  );
  return Math.max(0, ...times);
}

function waitsOf(records: readonly RawRecord[]): number {
  let waits = 0;
  for (const record of records) if (record.type === 'waits') for (const count of record.count) waits += count;
  return waits;
}

function pausesOf(records: readonly RawRecord[]) {
  let [samples, pauses, longestPause] = [0, 0, 0];
  for (const record of records) {
    if (record.type !== 'piece') continue;
    samples += record.compact?.sample.length ?? record.profile.samples?.length ?? 0;
    pauses += record.pause;
    longestPause = Math.max(longestPause, record.pause);
  }
  return { samples, pauses, longestPause };
}
