import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawRecord } from '../../src/node/raw.ts';

const preload = join(import.meta.dirname, 'preload.cjs');

/** What a program printed, how it ended, and what each of its threads recorded. */
export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | string | null;
  readonly threads: readonly (readonly RawRecord[])[];
}

/** All waits of one call at one place for one target, added up. */
export interface Waited {
  readonly kind: string;
  readonly call: string;
  readonly place: string;
  readonly target: string | null;
  readonly count: number;
}

/** Runs a program of `fixtures/`, with the waits installed or plainly. */
export async function runProgram(
  name: string,
  { plain = false, input = '', stop }: { plain?: boolean; input?: string; stop?: NodeJS.Signals } = {},
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'waits-'));
  try {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', name)], {
      // A worker takes the options of its process from the environment as well.
      env: { ...process.env, WAITS_FOLDER: folder, NODE_OPTIONS: plain ? '' : `--require ${preload}` },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stop !== undefined && stdout.includes('stop me')) setTimeout(() => child.kill(stop), 300);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(input);
    const exit = await new Promise<number | string | null>((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? signal)),
    );
    const files = (await readdir(folder)).toSorted();
    const threads = await Promise.all(
      files.map(async (file) =>
        (await readFile(join(folder, file), 'utf8'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as RawRecord),
      ),
    );
    return { stdout, stderr, exit, threads };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The waits of one thread in the order of their places. */
export function waitsOf(records: readonly RawRecord[]): Waited[] {
  const sites = new Map(
    records.flatMap((record) =>
      record.type === 'sites' ? record.sites.map((site) => [site.id, site] as const) : [],
    ),
  );
  const lines = new Map<Waited, number>();
  const rows = new Map<string, Waited>();
  for (const record of records) {
    if (record.type !== 'waits') continue;
    for (const [index, id] of record.site.entries()) {
      const site = sites.get(id);
      const target = record.targets[record.target[index] ?? -1] ?? null;
      const key = `${id} ${target}`;
      const before = rows.get(key);
      const row = {
        kind: site?.kind ?? '',
        call: site?.call ?? '',
        place: `${site?.url?.split('/').at(-1)}:${site?.line}`,
        target,
        count: (before?.count ?? 0) + (record.count[index] ?? 0),
      };
      rows.set(key, row);
      lines.set(row, site?.line ?? 0);
    }
  }
  const lineOf = (row: Waited) => lines.get(row) ?? 0;
  return [...rows.values()].toSorted((a, b) => lineOf(a) - lineOf(b) || a.call.localeCompare(b.call));
}
