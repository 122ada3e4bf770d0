import { headline, type LineRow, type RunReport } from '@whetstone/analyze';
import { readWhet, type Profile } from '@whetstone/profile';
import { activity } from '../model/activity.ts';
import { busyWidths } from '../model/busy.ts';
import { callTree } from '../model/call-tree.ts';
import { functionFigures, preorder, type Preorder } from '../model/function-figures.ts';
import { lineFigures, type LineFigures } from '../model/line-figures.ts';
import { neighbours } from '../model/neighbours.ts';
import { pyramid } from '../model/pyramid.ts';
import { hasSamples, isWaiting, visitSelf, type Scope } from '../model/scope.ts';
import { shades } from '../model/shade.ts';
import { hasStates, mainStates, stateTimes } from '../model/states.ts';
import { addWaits, withWaits, type ProfileWithWaits } from '../model/with-waits.ts';
import { fromBase64 } from './from-base64.ts';
import { inflate } from './inflate.ts';
import type { Answers, Colours, DataPlace, Opened, Question, Reply, ReportPart, View } from './messages.ts';

/** Stretches of the time strip; more than a wide screen has pixels would not be seen. */
const activityBins = 1200;
/** Lines that come with their text. */
const textLines = 50;
/** Lines with growth that are handed on. */
const mostMemoryLines = 60;
/** Kinds of waits that are handed on. */
const mostWaits = 200;

let open: ProfileWithWaits | undefined;
/** The tree shown last, for questions about its functions. */
let shown:
  | { tree: Pick<View['tree'], 'function' | 'parent' | 'width'>; busy: Float64Array; order: Preorder }
  | undefined;

self.addEventListener('message', ({ data }: MessageEvent<{ number: number; question: Question }>) => {
  const { number, question } = data;
  answer(question).then(
    (result) => send({ kind: 'answer', number, answer: result }, buffersOf(result)),
    (error: unknown) => {
      const { code, message } = error as { code?: string; message?: string };
      send({ kind: 'failed', number, code: code ?? 'UNKNOWN', message: message ?? String(error) });
    },
  );
});

async function answer(question: Question): Promise<Answers[Question['kind']]> {
  if (question.kind === 'open') {
    const bytes = await bytesOf(question.place);
    send({ kind: 'progress', stage: 'Reading the profile', done: bytes.length, whole: bytes.length });
    open = withWaits(await readWhet(bytes, { inflate }));
    return opened(open.profile, await reportOf(question.place));
  }
  if (open === undefined) throw new Error('No profile is open.');
  const { profile } = open;
  switch (question.kind) {
    case 'view':
      return view(open, question.scope, question.colours);
    case 'neighbours': {
      if (shown === undefined) return { callers: [], callees: [] };
      const { category } = profile.functions;
      // Around what waits it is the waiting that counts, elsewhere the computing.
      const time = isWaiting(category[question.function]!) ? shown.tree.width : shown.busy;
      return neighbours(shown.tree, time, shown.order, category.length, question.function);
    }
    case 'source':
      return { text: profile.sources.find(({ file }) => file === question.file)?.text ?? null };
  }
}

async function bytesOf(place: DataPlace): Promise<Uint8Array> {
  if (place.kind === 'texts') return fromBase64(place.profile);
  const response = await get(place.profile);
  if (response.body === null) return new Uint8Array(0);
  const whole = Number(response.headers.get('content-length')) || null;
  const chunks: Uint8Array[] = [];
  let done = 0;
  for (const reader = response.body.getReader(); ;) {
    const { value } = await reader.read();
    if (value === undefined) break;
    chunks.push(value);
    done += value.length;
    send({ kind: 'progress', stage: 'Loading the profile', done, whole });
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function reportOf(place: DataPlace): Promise<ReportPart> {
  const text = place.kind === 'texts' ? place.report : await (await get(place.report)).text();
  const report = JSON.parse(text) as RunReport;
  const { time, waits, warnings, findings, about, threads } = report;
  return {
    headline: headline(report),
    time,
    waits: waits.slice(0, mostWaits),
    warnings,
    findings,
    samples: about.samples,
    threads,
    memory: memoryLines(report),
  };
}

/** Lines at which memory grew or was allocated, the most first. */
function memoryLines({ lines }: RunReport): ReportPart['memory'] {
  const weight = ({ resident, allocated }: LineRow) => Math.max(resident ?? 0, allocated ?? 0);
  return lines
    .filter((line) => weight(line) > 0)
    .toSorted((a, b) => weight(b) - weight(a))
    .slice(0, mostMemoryLines);
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`The server answered ${response.status}. Was whetstone view ended?`);
  return response;
}

function opened(from: Profile, report: ReportPart): Opened {
  const { functions } = from;
  return {
    report,
    about: from.about,
    threads: from.threads,
    sampled: from.threads.map((_, thread) => hasSamples(from, thread)),
    strings: from.strings,
    // Handed over, so in a copy: the worker goes on reading its own.
    functions: {
      name: functions.name.slice(),
      file: functions.file.slice(),
      line: functions.line.slice(),
      lastLine: functions.lastLine.slice(),
      category: functions.category.slice(),
    },
    sources: from.sources.filter(({ text }) => text !== null).map(({ file }) => file),
    nodes: from.nodes.parent.length,
    states: hasStates(from),
  };
}

function view(shownProfile: ProfileWithWaits, scope: Scope, colours: Colours): View {
  const from = shownProfile.profile;
  const self = new Float64Array(from.nodes.parent.length);
  visitSelf(from, scope, (node, _line, duration) => {
    self[node]! += duration;
  });
  addWaits(shownProfile, scope, self);
  const { category } = from.functions;
  const tree = callTree(from.nodes, self, (fn) => isWaiting(category[fn]!));
  const order = preorder(tree);
  const spent = stateTimes(from, scope);
  const colour = shades(from, tree, colours === 'states' ? mainStates(tree, spent.ofNode) : undefined);
  const busy = busyWidths(from, tree);
  // What is sent is gone, so the worker keeps the columns that it is asked about in a copy.
  shown = {
    tree: { width: tree.width.slice(), function: tree.function.slice(), parent: tree.parent.slice() },
    busy: busy.slice(),
    order,
  };
  const lines = lineFigures(from, scope);
  return {
    scope,
    colours,
    tree,
    colour,
    busy,
    pyramid: pyramid(tree, colour),
    figures: functionFigures(from, tree, busy, order, scope.thread, spent.ofFunction),
    lines,
    lineTexts: lineTexts(from, lines),
    activity: activity(from, scope.thread, activityBins, colours === 'states'),
  };
}

/** Texts of the hottest lines. */
function lineTexts({ functions, sources }: Profile, lines: LineFigures): (string | null)[] {
  const split = new Map<number, readonly string[]>();
  return Array.from(lines.line.subarray(0, textLines), (line, i) => {
    const file = functions.file[lines.function[i]!]!;
    let texts = split.get(file);
    if (texts === undefined) {
      texts = sources.find((source) => source.file === file)?.text?.split(/\r\n|\r|\n/) ?? [];
      split.set(file, texts);
    }
    return texts[line - 1] ?? null;
  });
}

/** The memory of all columns in an answer, to be handed over instead of copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.flatMap(buffersOf) : [];
  return Object.values(value).flatMap(buffersOf);
}

function send(reply: Reply, transfer: ArrayBuffer[] = []): void {
  (self as unknown as { postMessage(message: Reply, transfer: ArrayBuffer[]): void }).postMessage(
    reply,
    transfer,
  );
}
