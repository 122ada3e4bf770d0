import { readFileSync } from 'node:fs';

/** A file that a process has mapped, where its first byte lies. */
export interface MappedFile {
  readonly path: string;
  readonly start: number;
}

/** The files that a process has mapped from their first byte on, each once; none where the system does not tell. */
export function mappedFiles(pid: number): MappedFile[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/maps`, 'latin1');
  } catch {
    return [];
  }
  return parseMaps(text);
}

/** Reads the text of `/proc/PID/maps`. */
export function parseMaps(text: string): MappedFile[] {
  const files = new Map<string, MappedFile>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+)-[0-9a-f]+ \S+ ([0-9a-f]+) \S+ \d+\s+(\/.*)$/.exec(line);
    if (!match || Number.parseInt(match[2] ?? '', 16) !== 0) continue;
    const path = Buffer.from((match[3] ?? '').replace(/ \(deleted\)$/, ''), 'latin1').toString();
    if (!files.has(path)) files.set(path, { path, start: Number.parseInt(match[1] ?? '', 16) });
  }
  return [...files.values()];
}
