import { spawn, type SpawnOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '@whetstone/analyze';
import { onTestFinished } from 'vitest';

/** The built command, as a user has it. */
export const command = fileURLToPath(new URL('../../bin/whetstone.js', import.meta.url));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A folder with these files, gone after the test. */
export function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'project-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** Runs `whetstone …` to its end. */
export async function whetstone(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return await started(process.execPath, [command, ...args], options).ended;
}

interface StartOptions extends SpawnOptions {
  readonly input?: string;
}

/** Starts a program; what it prints is collected. */
export function started(file: string, args: readonly string[], { input, ...options }: StartOptions = {}) {
  const child = spawn(file, args, {
    ...options,
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  child.stdin!.on('error', () => {}).end(input ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ ...printed, code, signal }));
  });
  /** Resolves when the program has printed this. */
  const prints = async (text: string) => {
    while (!(printed.stdout + printed.stderr).includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`It ended without printing '${text}': ${printed.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, printed, prints, ended };
}

/** The JSON report that a run wrote. */
export function reportIn(folder: string, name = 'report.json'): RunReport {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RunReport;
}
