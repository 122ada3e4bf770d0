import type { ProfileBuilder, ProfileWarning } from '@whetstone/profile';
import { basename, sep } from 'node:path';
import type { AssembleOptions } from '../assemble.ts';
import type { FurtherRuns, RawRecording, RawThread } from '../recording.ts';
import { addSamples, type StateRows } from './assemble-samples.ts';
import { beganAt, endedAt, measuredThreads, threadRow, type KnownThread } from './assemble-threads.ts';
import { sleepsOf, waitsOf, withSleepingCalls } from './assemble-waits.ts';
import { CallTree } from './call-tree.ts';
import { categoryOf } from './category.ts';
import { deoptimisations } from './deopts.ts';
import { InlinedLines, type LineTrust } from './inlined-lines.ts';
import { joinCounts } from './join-counts.ts';
import { Frames, mergePiece, type MergedPiece } from './merge-piece.ts';
import { pathOf } from './ran-file.ts';
import type { RawMark } from './raw.ts';
import { Scripts, type ThreadScripts } from './scripts.ts';
import { SleepingCalls } from './sleeping-calls.ts';
import { isPreload } from './start-node.ts';
import { UserFunctions } from './user-functions.ts';

/** The largest text of a source that is kept, in UTF-16 units: the compiler of TypeScript 5 fits in. */
const LARGEST_SOURCE = 8_000_000;

/**
 * Adds what the agents of one run left behind, and what a second one counted, to a profile.
 *
 * Pure but for `readText`, through which it reads sources and their maps: each once, and only those that
 * were seen running.
 *
 * @returns what is wrong with the recording
 */
export function addNode(
  raw: RawRecording,
  { counts, deopts }: FurtherRuns,
  options: AssembleOptions,
  builder: ProfileBuilder,
): ProfileWarning[] {
  const tree = new CallTree(builder);
  const scripts = new Scripts(options.readText);
  const functions = new UserFunctions(builder);
  const oursOf = oursIn(options.agentFolder);
  const warnings: ProfileWarning[] = [];
  const functionRow = (name: string, file: string, line: number, column: number) =>
    builder.functionRow(name, file, line, column, categoryOf(name, file, line));
  const runtimeRows = new Set<number>();
  const codeRow = (name: string, file: string, line: number, column: number) => {
    const row = functionRow(name, file, line, column);
    if (file !== '') runtimeRows.add(row);
    return row;
  };
  const states: StateRows = {
    idle: functionRow('(idle)', '', 0, 0),
    program: functionRow('(program)', '', 0, 0),
    waiting: functionRow('(waiting)', '', 0, 0),
    measuring: functionRow('(measuring)', '', 0, 0),
    // Who attaches sees neither: what it finds before and after its samples is its own coming and going.
    startUp: functionRow(options.modes.attached ? '(measuring)' : '(start-up)', '', 0, 0),
    exit: functionRow(options.modes.attached ? '(measuring)' : '(exit)', '', 0, 0),
    lost: functionRow('(not sampled)', '', 0, 0),
  };

  const threads = measuredThreads(raw).map((known) => {
    const threadScripts = known.raw === null ? null : scripts.ofThread(known.raw);
    return { known, scripts: threadScripts, pieces: mergedPieces(known, threadScripts) };
  });
  // All call paths come first: an inlined call is put where it was seen before it was inlined.
  const lines = new InlinedLines(
    tree,
    functions,
    (row) => runtimeRows.has(row),
    () => codeRow('(inlined)', 'node:internal', 0, 0),
  );
  let unexplained = 0;
  for (const { known, scripts: own, pieces } of threads) {
    const rejected = pieces.reduce((sum, piece) => sum + piece.rejected, 0);
    const row = builder.addThread(threadRow(known, raw, rejected));
    if (known.raw === null || own === null) continue;
    const calls = new SleepingCalls();
    unexplained += addSamples(
      {
        row,
        pieces,
        scripts: own,
        trust: trustOf(known.raw, own),
        complete: known.raw.ended,
        time: {
          cpu: known.figures?.cpu ?? null,
          queued: known.figures?.queued ?? null,
          began: beganAt(known),
          ended: endedAt(known, raw),
        },
        sleeps: sleepsOf(known.raw),
        calls,
      },
      raw.begin,
      builder,
      tree,
      lines,
      states,
    );
    const waits = waitsOf(known.raw, row, raw.begin, own, functions, tree);
    const { asleep } = threadRow(known, raw, rejected);
    for (const wait of withSleepingCalls(waits, calls.found, asleep, row, raw.begin)) builder.addWait(wait);
    addMoments(known.raw, row, raw.begin, builder, (mark) => markedName(mark, pieces, own, functions));
    warnings.push(...notesOf(known.raw));
  }
  if (counts !== undefined) joinCounts(counts, scripts, functions, (url) => oursOf(url) !== null, builder);
  if (deopts !== undefined) addDeoptimisations(deopts, scripts, functions, builder);
  addSources(options.sources, scripts, functions, builder);
  warnings.push(...complaints(raw, threads, unexplained));
  return warnings;

  function mergedPieces({ raw: thread }: KnownThread, own: ThreadScripts | null): MergedPiece[] {
    if (thread === null || own === null) return [];
    const frames = new Frames(own, functions, codeRow, oursOf);
    return thread.records
      .filter((record) => record.type === 'piece')
      .map((piece) => mergePiece(piece, tree, (frame) => frames.of(frame), states.measuring))
      .sort((a, b) => a.profile.startTime - b.profile.startTime);
  }
}

/** Files of ours that stand between the program and what it calls; the others work for the recorder alone. */
const wrappers =
  /^(?:waits|delays|loader(?!-compile|-typescript|-tsconfig)|children|console|endings|environment|marks|workers)/;

function oursIn(folders: string | readonly string[]): (url: string) => 'wrapper' | 'worker' | null {
  const prefixes = [folders].flat().map((folder) => (folder.endsWith(sep) ? folder : folder + sep));
  return (url) => {
    const path = pathOf(url);
    if (isPreload(path)) return 'worker';
    if (!prefixes.some((prefix) => path.startsWith(prefix))) return null;
    return wrappers.test(basename(path)) ? 'wrapper' : 'worker';
  };
}

function trustOf(thread: RawThread, scripts: ThreadScripts): LineTrust {
  const major = Number.parseInt(thread.start.version.replace(/^v/, ''), 10);
  if (major >= 25) return 'exact';
  return scripts.hasRanges ? 'ranges' : 'coarse';
}

/** Collections, figures over time, and marks. */
function addMoments(
  thread: RawThread,
  row: number,
  begin: number,
  builder: ProfileBuilder,
  nameOf: (mark: RawMark) => string,
): void {
  for (const record of thread.records) {
    if (record.type === 'collections') {
      for (const [index, kind] of record.kind.entries()) {
        const start = Math.max((record.start[index] ?? begin) - begin, 0);
        builder.addCollection(row, kind, start, record.duration[index] ?? 0);
      }
    } else if (record.type === 'mark') {
      builder.addMark(row, record.kind, nameOf(record), Math.max(record.start - begin, 0), record.duration);
    }
  }
  const series = new Map<
    string,
    { unit: 'microseconds' | 'bytes' | 'count'; points: (readonly [number, number])[] }
  >();
  for (const record of thread.records) {
    if (record.type !== 'series') continue;
    let known = series.get(record.name);
    if (known === undefined) series.set(record.name, (known = { unit: record.unit, points: [] }));
    for (const [index, time] of record.time.entries())
      known.points.push([time - begin, record.value[index] ?? 0]);
  }
  for (const [name, { unit, points }] of series) {
    points.sort((a, b) => a[0] - b[0]);
    builder.addSeries(
      name,
      unit,
      row,
      points.map((point) => point[0]),
      points.map((point) => point[1]),
    );
  }
}

/**
 * A region's name; a function's with the place where the user wrote it, as reports name places: tools rename
 * functions, and several have one name.
 */
function markedName(
  { kind, name, scriptId, line, column }: RawMark,
  pieces: readonly MergedPiece[],
  scripts: ThreadScripts,
  functions: UserFunctions,
): string {
  if (kind !== 'function' || scriptId === undefined || line === undefined || column === undefined)
    return name;
  let ran = scripts.inRange(line + 1);
  for (const { profile } of pieces) {
    if (ran !== null) break;
    const url = profile.frames.find((frame) => frame.scriptId === scriptId)?.url;
    if (url !== undefined) ran = scripts.at(url, line + 1);
  }
  if (ran === null) return name;
  // It is in the profile even if no sample was taken in it.
  const { file } = functions.at(ran.file, ran.line, column, name);
  const place = ran.file.original(ran.line, column);
  return place.file === file ? `${name} (${file}:${place.line}:${place.column + 1})` : name;
}

/** Moments that are columns of their own, not something to tell. */
const silentNotes = new Set(['first-line', 'loading', 'fork', 'main-script', 'exec', 'compiler']);

function notesOf(thread: RawThread): ProfileWarning[] {
  return thread.records
    .filter((record) => record.type === 'note')
    .filter((note) => !silentNotes.has(note.code))
    .map(({ code, message }) => ({ code, message }));
}

/** From the main thread of the run that was traced. */
function addDeoptimisations(
  { deopts, threads, process }: RawRecording,
  scripts: Scripts,
  functions: UserFunctions,
  builder: ProfileBuilder,
): void {
  const main = threads.find(({ start }) => start.pid === process && start.threadId === 0);
  if (deopts === null || main === undefined) return;
  const own = scripts.ofThread(main);
  for (const { url, line, column, reason } of deoptimisations(deopts)) {
    if (url.startsWith('node:')) continue;
    const place = own.at(url, line);
    const source = place.file.original(place.line, column - 1);
    const inner = place.file.innermost(place.line, column - 1);
    const range = place.file.ranges?.functions[inner];
    const user =
      range === undefined
        ? null
        : inner === 0
          ? functions.at(place.file, 1, 0, '')
          : functions.ofRange(place.file, range);
    builder.addDeoptimisation(user?.row ?? -1, source.line, reason);
  }
}

function addSources(
  keep: boolean,
  scripts: Scripts,
  functions: UserFunctions,
  builder: ProfileBuilder,
): void {
  for (const file of functions.files) {
    const text = keep ? scripts.readText(file) : null;
    if (!keep) builder.addSource(file, null);
    else if (text !== null && text.length <= LARGEST_SOURCE) builder.addSource(file, text);
  }
}

/** What is wrong with the recording itself. */
function complaints(
  raw: RawRecording,
  threads: readonly { readonly known: KnownThread; readonly pieces: readonly MergedPiece[] }[],
  unexplained: number,
): ProfileWarning[] {
  const found: ProfileWarning[] = [];
  if (raw.runtime.name === 'node' && raw.threads.length === 0) {
    found.push({
      code: 'no-agent',
      message: 'The program did not load the recorder: only the operating system measured it.',
    });
  }
  const torn = raw.threads
    .filter((thread) => !thread.ended && thread.start.threadId === 0)
    .map((thread) => thread.start.pid);
  if (torn.length > 0) {
    found.push({
      code: 'ended-early',
      message: `Process ${torn.join(', ')} ended before its last samples were written; what it had written until then is here.`,
    });
  }
  const rejected = threads.reduce(
    (sum, { pieces }) => sum + pieces.reduce((all, piece) => all + piece.rejected, 0),
    0,
  );
  if (rejected > 0)
    found.push({
      code: 'samples-rejected',
      message: `${rejected} samples had no call path and were left out.`,
    });
  const cpu = threads.reduce(
    (sum, { known, pieces }) => sum + (pieces.length > 0 ? (known.figures?.cpu ?? 0) : 0),
    0,
  );
  if (cpu > 0 && unexplained > cpu * UNEXPLAINED_SHARE && unexplained > UNEXPLAINED_LEAST) {
    const share = ((unexplained / cpu) * 100).toFixed(1);
    found.push({
      code: 'cpu-unexplained',
      message: `${share} % of the CPU time was spent where no sample was taken.`,
    });
  }
  return found;
}

/** From here on time without samples is told: below it is the jitter of clocks that are read one after another. */
const UNEXPLAINED_SHARE = 0.05;
/** Microseconds; a start and an end that nobody sampled are not worth a word. */
const UNEXPLAINED_LEAST = 50_000;
