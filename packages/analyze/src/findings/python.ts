import { categories, selfByNode, type Profile } from '@whetstone/profile';
import { placeText, type Evidence, type FindingId } from '../evidence.ts';
import type { Facts } from '../explain.ts';
import type { LineRow, Place, RunReport } from '../report.ts';
import { placeOf } from '../places.ts';
import { isResting, joinedStretches } from '../selection.ts';
import { measuredLines, measuredPlaces, type MeasuredPlaces } from '../measured-places.ts';
import {
  C_CODE_DOMINATES,
  GENERIC_MATTERS,
  GENERIC_PART,
  IMPORT_MATTERS,
  INTERPRETER_DOMINATES,
  LOCK_MATTERS,
  WORK_MATTERS,
} from '../thresholds.ts';
import { enoughSamples, isReadable, ofWall } from './computing.ts';

/** Threads wait for the one lock of the interpreter while another of them runs Python. */
export function waitingForGil({ profile, report }: Facts): Evidence[] {
  const contest = lockContest(profile);
  const { wall } = report.time;
  if (contest === null || wall === 0 || contest.time / wall < LOCK_MATTERS) return [];
  const place = measuredPlaces(profile, 'state:lock').hottest;
  const line = place && lineAt(report, place);
  const atOnce = Math.min(contest.threads, Math.max(1, report.about.machine.cores));
  return [
    {
      id: 'waiting-for-gil',
      confidence: 'certain',
      // While one waits another runs: side by side, these stretches would take their part of the time.
      gainAtMost: Math.min(1, contest.time / wall) * (1 - 1 / atOnce),
      where: place,
      evidence: {
        threads: contest.threads,
        time: contest.time,
        waited: contest.waited,
        wall,
        share: Math.min(1, contest.time / wall),
        cores: report.about.machine.cores,
        place: place ? placeText(place) : '',
        text: line?.text?.trim() ?? '',
      },
    },
  ];
}

/** Most of the computing is the interpreter itself, at work on bytecode. */
export function interpreterDominates({ profile, report }: Facts): Evidence[] {
  const split = workSplit(profile, report);
  if (split === null || split.bytecode / split.computing < INTERPRETER_DOMINATES) return [];
  const share = (name: string) => split.work(name).total / split.bytecode;
  return [
    {
      id: 'interpreter',
      confidence: 'certain',
      gainAtMost: ofWall(report, split.bytecode),
      where: null,
      evidence: {
        bytecode: split.bytecode,
        computing: split.computing,
        share: split.bytecode / split.computing,
        calls: share('calls'),
        attributes: share('attributes'),
        globals: share('globals'),
        arithmetic: share('arithmetic'),
        iteration: share('iteration'),
        containers: share('containers'),
        control: share('control'),
        other: share('other'),
      },
    },
  ];
}

/** What the interpreter does most, by the class of its instructions; loads, stores and jumps cannot be saved. */
const workFindings = [
  ['python-calls', 'calls'],
  ['python-attributes', 'attributes'],
  ['python-globals', 'globals'],
  ['python-arithmetic', 'arithmetic'],
  ['python-iteration', 'iteration'],
  ['python-containers', 'containers'],
] as const satisfies readonly (readonly [FindingId, string])[];

/** Each kind of work of the interpreter that takes a large part of the computing. */
export function interpreterWork({ profile, report }: Facts): Evidence[] {
  const split = workSplit(profile, report);
  if (split === null) return [];
  return workFindings.flatMap(([id, name]): Evidence[] => {
    const { total, hottest } = split.work(name);
    if (total / split.computing < WORK_MATTERS || hottest === null) return [];
    return [
      {
        id,
        confidence: 'likely',
        gainAtMost: ofWall(report, total),
        where: placeOnly(hottest),
        evidence: {
          time: total,
          computing: split.computing,
          share: total / split.computing,
          ...evidenceOfPlace(report, hottest, total),
        },
      },
    ];
  });
}

/** Lines whose instructions have fast forms, a large part of which run without them. */
export function genericInstructions({ profile, report }: Facts): Evidence[] {
  const split = workSplit(profile, report);
  if (split === null) return [];
  const key = ({ file, line, function: name }: Place) => `${file}\0${line}\0${name}`;
  const fast = new Map(
    measuredLines(profile, 'work:specialised').lines.map((line) => [key(line), line.value]),
  );
  // By line: a program of many types has fast forms all the same, for its loops and calls.
  const slow = measuredLines(profile, 'work:generic').lines.filter(
    (line) => line.value / (line.value + (fast.get(key(line)) ?? 0)) >= GENERIC_PART,
  );
  const [hottest] = slow.toSorted((a, b) => b.value - a.value);
  const generic = slow.reduce((sum, { value }) => sum + value, 0);
  const specialised = slow.reduce((sum, line) => sum + (fast.get(key(line)) ?? 0), 0);
  if (hottest === undefined || generic / split.computing < GENERIC_MATTERS) return [];
  return [
    {
      id: 'generic-instructions',
      // A line may have no fast form at all, whatever its types.
      confidence: 'possible',
      gainAtMost: ofWall(report, generic),
      where: placeOnly(hottest),
      evidence: {
        lines: slow.length,
        time: generic,
        specialised,
        computing: split.computing,
        share: generic / split.computing,
        part: generic / (generic + specialised),
        ...evidenceOfPlace(report, hottest, generic),
      },
    },
  ];
}

/** Most of the computing is inside functions written in C. */
export function cCodeDominates({ profile, report }: Facts): Evidence[] {
  const split = workSplit(profile, report);
  if (split === null) return [];
  const holding = measuredPlaces(profile, 'state:c-code');
  const without = measuredPlaces(profile, 'state:native', 'called');
  const time = holding.total + without.total;
  if (time / split.computing < C_CODE_DOMINATES) return [];
  const hottest = holding.total >= without.total ? holding.hottest : without.hottest;
  if (hottest === null) return [];
  return [
    {
      id: 'c-code',
      confidence: 'certain',
      gainAtMost: ofWall(report, time),
      where: placeOnly(hottest),
      evidence: {
        time,
        holding: holding.total,
        without: without.total,
        computing: split.computing,
        share: time / split.computing,
        rest: split.bytecode / split.computing,
        ...evidenceOfPlace(report, hottest, Math.max(holding.total, without.total)),
      },
    },
  ];
}

/** Modules of the program or of its packages compute while they are imported. */
export function importTime({ profile, report }: Facts): Evidence[] {
  const { wall } = report.time;
  if (profile.about.runtime.name === 'node' || wall === 0 || !enoughSamples(report)) return [];
  const modules = importedModules(profile);
  const total = [...modules.values()].reduce((sum, time) => sum + time, 0);
  if (total / wall < IMPORT_MATTERS) return [];
  const [first] = [...modules].toSorted((a, b) => b[1] - a[1]);
  const [module, time] = first!;
  const place = placeOf(profile, module);
  return [
    {
      id: 'import-time',
      confidence: 'certain',
      gainAtMost: ofWall(report, total),
      where: place,
      evidence: {
        time: total,
        wall,
        share: Math.min(1, total / wall),
        modules: modules.size,
        module: place.file,
        moduleTime: time,
      },
    },
  ];
}

/** Computing by module, while it was imported: the function row of its top level, with the time of what that called. */
function importedModules(profile: Profile): Map<number, number> {
  const { functions, nodes, strings } = profile;
  const isImporting = Array.from(functions.file, (file) => strings[file]!.startsWith('<frozen importlib'));
  const isModule = Array.from(
    functions.name,
    (name, f) =>
      strings[name] === '<module>' && ['own', 'dependency'].includes(categories[functions.category[f]!]!),
  );
  const self = selfByNode(profile);
  const modules = new Map<number, number>();
  // For each call path the module that is being imported in it, -1 where none is.
  const importing = new Int32Array(nodes.parent.length);
  for (let node = 0; node < importing.length; node++) {
    const parent = nodes.parent[node]!;
    const f = nodes.function[node]!;
    const above = parent < 0 ? -1 : importing[parent]!;
    const begins = isModule[f]! && parent >= 0 && isImporting[nodes.function[parent]!]!;
    const module = begins ? f : above;
    importing[node] = module;
    if (module < 0 || isImporting[f]! || isResting(profile, f)) continue;
    modules.set(module, (modules.get(module) ?? 0) + self[node]!);
  }
  return modules;
}

interface WorkSplit {
  readonly computing: number;
  readonly bytecode: number;
  readonly work: (name: string) => MeasuredPlaces;
}

/** What CPython's computing was, `null` where too little of it was seen; of the whole run, with or without regions. */
function workSplit(profile: Profile, report: RunReport): WorkSplit | null {
  if (profile.about.runtime.name !== 'cpython' || !enoughSamples(report)) return null;
  const total = (state: string) => measuredPlaces(profile, `state:${state}`).total;
  const bytecode = total('bytecode');
  const computing = bytecode + total('c-code') + total('native') + total('collector');
  if (bytecode === 0 || computing === 0) return null;
  return { computing, bytecode, work: (name) => measuredPlaces(profile, `work:${name}`) };
}

/**
 * The process whose threads were longest in each other's way: when at least one waited for the lock.
 *
 * A thread that waits a little now and then takes no part in it.
 */
function lockContest({
  threads,
  samples,
  strings,
}: Profile): { readonly threads: number; readonly time: number; readonly waited: number } | null {
  const lock = strings.indexOf('lock');
  if (lock < 0) return null;
  const processes = new Map<number, { start: number; end: number }[][]>();
  for (const [t, table] of samples.entries()) {
    const stretches: { start: number; end: number }[] = [];
    for (let i = 0; i < table.node.length; i++) {
      const start = table.time[i]!;
      if (table.state[i] === lock) stretches.push({ start, end: start + table.duration[i]! });
    }
    if (stretches.length === 0) continue;
    const process = threads[t]!.process;
    processes.set(process, [...(processes.get(process) ?? []), stretches]);
  }
  let worst: ReturnType<typeof lockContest> = null;
  for (const all of processes.values()) {
    const time = length(joinedStretches(all.flat()));
    const waited = all.reduce((sum, stretches) => sum + length(stretches), 0);
    const inContest = all.filter((stretches) => length(stretches) >= waited * PART_OF_CONTEST).length;
    if (inContest >= 2 && time > (worst?.time ?? 0)) worst = { threads: inContest, time, waited };
  }
  return worst;
}

/** Of all the waiting for a lock: a thread that has less is not in the contest. */
const PART_OF_CONTEST = 0.02;

function length(stretches: readonly { readonly start: number; readonly end: number }[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}

function evidenceOfPlace(report: RunReport, hottest: Place & { readonly value: number }, whole: number) {
  return {
    place: placeText(hottest),
    function: hottest.function,
    placeShare: hottest.value / whole,
    text: lineAt(report, hottest)?.text?.trim() ?? '',
  };
}

function lineAt({ lines }: RunReport, { file, line }: Place): LineRow | undefined {
  return lines.find((row) => row.file === file && row.line === line && isReadable(row));
}

function placeOnly({ file, line, function: name }: Place): Place {
  return { file, line, function: name };
}
