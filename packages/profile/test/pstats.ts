import { writeProf, type Profile } from '@whetstone/profile';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What `pstats` has of a function: primitive calls, calls, own time, total, and the same by caller. */
export interface PstatsRow {
  readonly primitive: number;
  readonly calls: number;
  readonly self: number;
  readonly total: number;
  /** Calls and own time. */
  readonly callers: Readonly<Record<string, readonly [calls: number, self: number]>>;
}

const load = `
import json, pstats, sys
stats = pstats.Stats(sys.argv[1], stream=sys.stderr)
stats.sort_stats('cumulative').print_stats(); stats.print_callers(); stats.print_callees()
name = lambda key: '%s:%s:%s' % key
rows = {name(key): dict(primitive=cc, calls=nc, self=tt, total=ct, callers={name(k): [v[0], v[2]] for k, v in callers.items()})
    for key, (cc, nc, tt, ct, callers) in stats.stats.items()}
print(json.dumps([stats.total_calls, stats.total_tt, rows]))
`;

/** The table that a real `pstats` loads, and prints without complaint, by `file:line:name`. */
export function pstatsOf(
  python: string,
  file: string,
): { calls: number; time: number; rows: Record<string, PstatsRow> } {
  const printed = execFileSync(python, ['-c', load, file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [calls, time, rows] = JSON.parse(printed) as [number, number, Record<string, PstatsRow>];
  return { calls, time, rows };
}

/** What `pstats` loads of a profile that we have written. */
export function pstatsOfWritten(python: string, profile: Profile) {
  return inFolder((folder) => {
    const file = path.join(folder, 'written.prof');
    writeFileSync(file, Buffer.concat([...writeProf(profile)]));
    return pstatsOf(python, file);
  });
}

/** A folder that is gone afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'whetstone-pstats-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same of one of our profiles. */
export function rowsOf(profile: Profile): Record<string, PstatsRow> {
  const { functions, strings, nodes } = profile;
  const names = Array.from(
    functions.name,
    (name, f) => `${strings[functions.file[f]] || '~'}:${functions.line[f]}:${strings[name]}`,
  );
  const rows: Record<string, PstatsRow & Record<'primitive' | 'calls' | 'self' | 'total', number>> = {};
  for (const name of names) rows[name] = { primitive: 0, calls: 0, self: 0, total: 0, callers: {} };
  for (const measure of profile.measures) {
    for (let i = 0; i < measure.row.length; i++) {
      const row = measure.row[i];
      const value = measure.value[i];
      const name = names[measure.per === 'function' ? row : nodes.function[row]];
      if (measure.per === 'function') rows[name][measure.name as 'calls' | 'primitive' | 'total'] += value;
      else if (measure.name === 'self') rows[name].self += value;
      if (measure.per === 'function' || nodes.parent[row] < 0) continue;
      const callers = rows[name].callers as Record<string, [number, number]>;
      const caller = (callers[names[nodes.function[nodes.parent[row]]]] ??= [0, 0]);
      caller[measure.name === 'self' ? 1 : 0] += value;
    }
  }
  return rows;
}
