import type { Profile } from '@whetstone/profile';
import { figuresByFunction } from './counts.ts';
import { placeOf } from './places.ts';
import type { LineRow } from './report.ts';
import { isResting, type Selection } from './selection.ts';
import { sourceLines } from './source-lines.ts';

/**
 * Lines by self time, most first, over all threads and all functions that have code on the line; the
 * row names the one that took the most.
 */
export function hotLines(profile: Profile, selection: Selection): LineRow[] {
  const { functions, nodes } = profile;
  const byFile = new Map<number, Map<number, Map<number, number>>>();
  for (let i = 0; i < selection.row.length; i++) {
    const line = selection.line[i]!;
    const f = nodes.function[selection.row[i]!]!;
    const file = functions.file[f]!;
    if (line === 0 || selection.value[i] === 0 || profile.strings[file] === '' || isResting(profile, f))
      continue;
    const lines = byFile.get(file) ?? new Map<number, Map<number, number>>();
    byFile.set(file, lines);
    const owners = lines.get(line) ?? new Map<number, number>();
    lines.set(line, owners);
    owners.set(f, (owners.get(f) ?? 0) + selection.value[i]!);
  }
  const hits = figuresByFunction(profile, 'hits').ofLine;
  const allocated = figuresByFunction(profile, 'allocated').ofLine;
  const sources = sourceLines(profile);
  const rows: LineRow[] = [];
  for (const [file, lines] of byFile) {
    for (const [line, owners] of lines) {
      const sorted = [...owners].toSorted((a, b) => b[1] - a[1]);
      const [owner] = sorted[0]!;
      const counts = sorted.map(([f]) => hits.get(f)?.get(line)).filter((count) => count !== undefined);
      const bytes = sorted.map(([f]) => allocated.get(f)?.get(line)).filter((sum) => sum !== undefined);
      rows.push({
        ...placeOf(profile, owner, line),
        self: sorted.reduce((sum, [, value]) => sum + value, 0),
        hits: selection.partial ? null : (counts[0] ?? null),
        text: sources(file)?.[line - 1] ?? null,
        allocated: bytes.length > 0 ? bytes.reduce((a, b) => a + b, 0) : null,
      });
    }
  }
  return rows.toSorted((a, b) => b.self - a.self || a.file.localeCompare(b.file) || a.line - b.line);
}
