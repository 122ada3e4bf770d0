import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** What the agent's part left. */
  readonly folder: string;
}

interface Way {
  /** The environment of the pass; without it the program runs as it would without us. */
  readonly environment?: (folder: string, environment: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
  readonly env?: NodeJS.ProcessEnv;
  /** Sent when `ready` says so of the folder. */
  readonly signal?: NodeJS.Signals;
  readonly ready?: (folder: string) => boolean;
}

/** A folder for Python programs, which are run with a part of the agent or without. */
export function pythonPrograms() {
  let home = '';
  const running = new Set<ChildProcess>();
  beforeAll(() => {
    home = mkdtempSync(path.join(os.tmpdir(), 'python agent '));
  });
  afterEach(() => running.forEach((child) => child.kill('SIGKILL')));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return {
    get home() {
      return home;
    },
    /** Writes a program and returns its path. */
    program(name: string, text: string): string {
      const file = path.join(home, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    async run(
      python: string,
      args: readonly string[],
      { environment, env, signal, ready }: Way = {},
    ): Promise<Ran> {
      const folder = mkdtempSync(path.join(home, 'pass-'));
      const plain = { PATH: process.env['PATH'], HOME: home, ...env };
      const child = spawn(python, args, {
        cwd: home,
        env: environment === undefined ? plain : environment(folder, plain),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      running.add(child);
      const looking = setInterval(() => {
        if (signal !== undefined && existsSync(folder) && ready?.(folder) === true) child.kill(signal);
      }, 50);
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, ended) => {
          clearInterval(looking);
          running.delete(child);
          resolve({ stdout, stderr, code, signal: ended, folder });
        });
      });
    },
  };
}
