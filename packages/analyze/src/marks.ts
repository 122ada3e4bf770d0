import type { Profile } from '@whetstone/profile';
import { functionLines } from './function-lines.ts';
import type { FunctionLines, RegionRow } from './report.ts';
import type { Selection } from './selection.ts';

/** Functions that the program marked itself (`profile(fn)`), each once, line by line. */
export function markedFunctions(profile: Profile, selection: Selection): FunctionLines[] {
  const names = namesOfMarks(profile, 'function');
  const listed = new Map<string, FunctionLines>();
  for (const name of names) {
    // Where a mark has no place, its name may be the runtime's, too: what is marked is the program's.
    for (const lines of functionLines(profile, name, selection))
      if (!lines.file?.startsWith('node:')) listed.set(`${lines.file}:${lines.line}`, lines);
  }
  return [...listed.values()].toSorted((a, b) => b.self - a.self);
}

/** Stretches that the program marked itself, by name, most time first. */
export function regionRows(profile: Profile): RegionRow[] {
  const { marks, strings } = profile;
  const rows = new Map<string, { name: string; count: number; time: number }>();
  for (let i = 0; i < marks.name.length; i++) {
    if (strings[marks.kind[i]!] !== 'region') continue;
    const name = strings[marks.name[i]!] ?? '';
    const row = rows.get(name) ?? { name, count: 0, time: 0 };
    rows.set(name, row);
    row.count++;
    row.time += marks.duration[i]!;
  }
  return [...rows.values()].toSorted((a, b) => b.time - a.time);
}

function namesOfMarks({ marks, strings }: Profile, kind: string): Set<string> {
  const names = new Set<string>();
  for (let i = 0; i < marks.name.length; i++) {
    if (strings[marks.kind[i]!] === kind) names.add(strings[marks.name[i]!] ?? '');
  }
  return names;
}
