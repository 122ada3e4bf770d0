import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One line that the agent wrote. */
export type AgentRecord = readonly [kind: string, ...fields: (string | number | boolean | null)[]];

/** The files of one kind that the agent left, each with the lines that are whole. */
export function agentFiles(
  folder: string,
  kind: string,
): { readonly file: string; readonly records: readonly AgentRecord[] }[] {
  const pattern = new RegExp(`^${kind}-\\d+-\\d+$`);
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => {
      const file = path.join(folder, name);
      // The last line of a program that was killed may be half of one.
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      return { file, records: lines.flatMap(parsed) };
    });
}

function parsed(line: string): AgentRecord[] {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) && typeof value[0] === 'string' ? [value as unknown as AgentRecord] : [];
  } catch {
    return [];
  }
}
