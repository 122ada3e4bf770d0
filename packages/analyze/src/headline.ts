import { formatCount, formatPercent, formatTime } from '@whetstone/profile';
import { placeText } from './evidence.ts';
import { isEngine, isReadable, isUserCode } from './findings/computing.ts';
import { mayJoin } from './joined-time.ts';
import type { RunReport } from './report.ts';
import {
  COLLECTOR_MATTERS,
  HOT_FUNCTION,
  LINE_DOMINATES,
  SAMPLES_LEAST,
  START_UP_MATTERS,
  TOO_SHORT,
  WAITING_DOMINATES,
} from './thresholds.ts';
import { mostCharged } from './wait-rows.ts';

/**
 * Where the time goes, in one sentence that is true of the run: the largest part that can be named.
 *
 * Names and paths are as they were recorded: whoever prints it makes them safe.
 */
export function headline(report: RunReport): string {
  const { about, time } = report;
  const { wall } = time;
  const of = (part: number) => `${formatTime(part)} of ${formatTime(wall)}`;
  if (wall <= 0) return 'Nothing was measured.';
  if (about.samples.taken === 0 && about.sampled === 0) return withoutSamples(report);

  const elsewhere = about.cpu === null ? 0 : about.cpu - time.cpu;
  if (time.asleep / wall >= WAITING_DOMINATES) {
    if (elsewhere >= time.asleep / 2) {
      return `Computing elsewhere: other threads and processes took ${formatTime(elsewhere)} of CPU while the main thread slept ${of(time.asleep)}.`;
    }
    return waiting(report);
  }
  const queued = time.queued ?? 0;
  if (queued / wall >= WAITING_DOMINATES || queued > Math.max(time.cpu, time.asleep)) {
    const others =
      elsewhere >= queued / 2 ? 'its own threads and processes or other programs' : 'other programs';
    return `Queueing, not computing: ${of(queued)} went to waiting for a core that ${others} had.`;
  }
  if (wall < TOO_SHORT || (about.samples.taken > 0 && about.samples.taken < SAMPLES_LEAST)) {
    const { taken } = about.samples;
    const many = taken === 0 ? '' : ` with ${formatCount(taken)} ${taken === 1 ? 'sample' : 'samples'}`;
    if (time.startUp !== null && time.startUp / wall >= START_UP_MATTERS) return startingUp(report);
    return `Too short to say where: it ended after ${formatTime(wall)}${many}.`;
  }
  if (time.startUp !== null && time.startUp / wall >= WAITING_DOMINATES) return startingUp(report);

  const within = report.regions.length > 0 ? ' in the marked regions' : '';
  const computing = formatTime(about.sampled);
  const line = report.lines.find(isReadable);
  if (line && line.self / about.sampled >= LINE_DOMINATES) {
    return `Computing, mostly on one line: ${formatTime(line.self)} of ${computing}${within} went to ${placeText(line)}.`;
  }
  if (
    time.collector !== null &&
    time.collector / wall >= COLLECTOR_MATTERS &&
    time.collector > (line?.self ?? 0)
  ) {
    return `Collecting garbage: ${of(time.collector)}, more than any line of the program took.`;
  }
  const [hot] = report.functions.filter((row) => isUserCode(row) || !isEngine(row));
  if (hot && hot.self / about.sampled >= HOT_FUNCTION) {
    return `Computing, mostly in one function: ${formatTime(hot.self)} of ${computing}${within} went to ${hot.function}${hot.file === '' ? '' : ` at ${placeText(hot)}`}.`;
  }
  if (hot && hot.self > 0) {
    return `Computing, spread out: the hottest function, ${hot.function}, has ${formatPercent(hot.self / about.sampled)} of ${computing}${within}.`;
  }
  return `Computing: ${of(time.cpu)}, none of it in a function that can be named.`;
}

function waiting(report: RunReport): string {
  const { time } = report;
  const waits = mostCharged(report.waits);
  const of = (part: number) => `${formatTime(part)} of ${formatTime(time.wall)}`;
  const own = time.joined ?? 0;
  const join = waits.find(({ kind, call, charged }) => charged > 0 && mayJoin(kind, call));
  if (join && own / time.asleep >= 0.5) {
    const where = join.file === '' ? '' : ` at ${placeText(join)}`;
    return `Waiting for the program's own work: ${of(own)} went by, most in ${join.call}${where}, while ${workers(report)} worked or queued.`;
  }
  const slept = time.queued === null ? 'Waiting or queueing' : 'Waiting';
  const top = waits.find(({ charged }) => charged > 0);
  if (top && top.charged / time.asleep >= 0.5) {
    const where = top.file === '' ? '' : ` at ${placeText(top)}`;
    if (top.kind === 'lock' && top.call === 'GIL')
      return `Waiting for the interpreter's lock: ${of(top.charged)} went by${where} while other threads had it.`;
    // A synchronous call may be charged with more than the thread slept.
    return `${slept}, not computing: ${of(Math.min(top.charged, time.asleep))} went to ${top.call}${where}.`;
  }
  if (top && time.waiting !== null && time.waiting / time.asleep >= 0.5) {
    const where = top.file === '' ? '' : ` at ${placeText(top)}`;
    return `${slept}, not computing: ${of(time.waiting)} in ${waits.filter(({ charged }) => charged > 0).length} places, the most in ${top.call}${where}.`;
  }
  // What was asleep for which wait is not known, but one was under way for most of it.
  const [longest] = report.waits;
  if (longest && longest.file !== '' && longest.time / time.asleep >= 0.5) {
    return `${slept}, not computing: ${of(time.asleep)} asleep; the longest known wait is ${longest.call} at ${placeText(longest)}.`;
  }
  return `${slept}, not computing: ${of(time.asleep)} asleep, and nothing says for what.`;
}

/** Who worked besides the main thread: by name where one did most of it. */
function workers({ threads }: RunReport): string {
  const [main, ...others] = threads;
  const worked = others
    .map((thread) => ({
      thread,
      time: Object.entries(thread.states).reduce(
        (sum, [state, time]) => (state === 'waiting' ? sum : sum + time),
        0,
      ),
    }))
    .toSorted((a, b) => b.time - a.time);
  const all = worked.reduce((sum, { time }) => sum + time, 0);
  const [most] = worked;
  if (!most || most.time < all * MOSTLY_ONE_WORKER) return 'other threads and processes of it';
  const { name, process, thread } = most.thread;
  return process === main?.process ? name : `process ${process} (${thread === 0 ? '' : 'in '}${name})`;
}

/** Of the work of all others: from here on the sentence names one. */
const MOSTLY_ONE_WORKER = 0.6;

function startingUp({ time }: RunReport): string {
  return `Starting: ${formatTime(time.startUp)} of ${formatTime(time.wall)} passed before the program's first line.`;
}

/** Only the operating system measured: another kind of program, or one that no agent could enter. */
function withoutSamples({ about, time }: RunReport): string {
  const cpu = about.cpu ?? time.cpu;
  const parts = `${formatTime(cpu)} of CPU in ${formatTime(about.wall)}`;
  if (about.runtime.name !== 'other') return `No samples were taken: all that is known is ${parts}.`;
  return cpu / about.wall >= WAITING_DOMINATES
    ? `Computing: ${parts}. Only the operating system measured this program.`
    : `Waiting, not computing: ${parts}. Only the operating system measured this program.`;
}
