import { execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '@whetstone/analyze';
import { expect, onTestFinished } from 'vitest';

/** The built command, as a user has it. */
export const command = fileURLToPath(new URL('../../bin/whetstone.js', import.meta.url));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A folder with these files, gone after the test; its path has blanks, as people's have. */
export function project(files: Files): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'project of mine '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, { 'package.json': '{}', ...files });
  return folder;
}

type Files = Readonly<Record<string, string>>;

function write(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** This Node, and those that `WHETSTONE_TEST_NODES` names, separated by colons. */
export const nodes: readonly string[] = [
  process.execPath,
  ...(process.env['WHETSTONE_TEST_NODES'] ?? '').split(':').filter((file) => file !== ''),
];

/** The first number of a Node's version. */
export function majorOf(node: string): number {
  return Number(execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0]);
}

/**
 * Runs `node …` as it is, and measured, over the same files, and makes sure that nothing of ours is left:
 * neither a file in the temporary folder nor a process that names it.
 */
export async function withAndWithout(
  node: string,
  files: Files,
  args: readonly string[],
  options: StartOptions & { readonly whetstone?: readonly string[] } = {},
): Promise<{ plain: Ended; measured: Ended; report: RunReport; folder: string }> {
  const folder = project(files);
  const temporary = project({});
  rmSync(path.join(temporary, 'package.json'));
  const { whetstone: own = [], ...rest } = options;
  const home = temporaryFolder();
  const all = { encoding: 'latin1' as const, cwd: folder, ...rest, env: { ...options.env, TMPDIR: home } };
  const plain = await started(node, args, all).ended;
  write(folder, files);
  const ours = ['run', '--runtime', node, '--quiet', '--no-save', '--json', path.join(temporary, 'report')];
  const measured = await started(process.execPath, [command, ...ours, ...own, 'node', ...args], all).ended;
  expect(readdirSync(home)).toEqual([]);
  expect(processesOf(home)).toEqual([]);
  return { plain, measured, report: reportIn(temporary, 'report'), folder };
}

/** Processes in whose command line or environment the text stands. */
export function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    return ['cmdline', 'environ'].some((file) => {
      try {
        return readFileSync(`/proc/${name}/${file}`).includes(text);
      } catch {
        return false;
      }
    });
  });
}

/** A place for the files of runs, gone after the test. Without blanks: with them, another place is taken. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'temporary-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves when a run with this TMPDIR has written so many samples. */
export async function sampled(temporary: string, count: number): Promise<void> {
  for (;;) {
    const folders = readdirSync(temporary).filter((name) => name.startsWith('whetstone-'));
    const written = folders.flatMap((folder) =>
      readdirSync(path.join(temporary, folder))
        .filter((name) => name.endsWith('.count'))
        .map((name) => Number(readFileSync(path.join(temporary, folder, name), 'latin1'))),
    );
    if (written.some((samples) => samples >= count)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `whetstone …` to its end. */
export async function whetstone(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return await started(process.execPath, [command, ...args], options).ended;
}

interface StartOptions extends SpawnOptions {
  readonly input?: string;
  /** `latin1` keeps every byte apart. */
  readonly encoding?: 'utf8' | 'latin1';
  /** Leave its input open: the test writes to it. */
  readonly open?: boolean;
}

/** Starts a program; what it prints is collected. */
export function started(
  file: string,
  args: readonly string[],
  { input, encoding = 'utf8', open = false, ...options }: StartOptions = {},
) {
  const child = spawn(file, args, {
    ...options,
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding(encoding).on('data', (text: string) => {
      printed[name] += text;
    });
  }
  child.stdin!.on('error', () => {});
  if (!open) child.stdin!.end(input ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ ...printed, code, signal }));
  });
  /** Resolves when the program has printed this. */
  const prints = async (text: string) => {
    const closed = ended.then(
      () => true,
      () => true,
    );
    const later = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 20));
    const found = () => (printed.stdout + printed.stderr).includes(text);
    while (!found()) {
      // What it printed last may come after its exit: its streams have to be closed, too.
      if ((await Promise.race([closed, later()])) && !found())
        throw new Error(`It ended without printing '${text}': ${printed.stdout}${printed.stderr}`);
    }
  };
  return { child, printed, prints, ended };
}

/** The JSON report that a run wrote. */
export function reportIn(folder: string, name = 'report.json'): RunReport {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RunReport;
}
