import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));

export interface Told {
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly runtime: { readonly name: string };
  readonly cpu: number | null;
  readonly warnings: readonly string[];
  readonly influence: {
    readonly kind: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  };
  /** Functions of the program's own, by name, that were seen running or waiting for others. */
  readonly sampled: readonly string[];
  readonly threads: readonly {
    readonly process: number;
    readonly thread: number;
    readonly name: string;
    readonly taken: number;
  }[];
  readonly calls: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Measured extends Ending {
  readonly told: Told;
}

interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly options?: object;
  /** Runs when the program has printed this. */
  readonly when?: string;
  readonly act?: (pid: number) => void;
}

/** A folder for programs, and the recorder as a command of its own: the program inherits that one's streams. */
export function recorder() {
  let home = '';
  beforeAll(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'recorder test '));
    mkdirSync(path.join(home, 'built', 'node'), { recursive: true });
    symlinkSync(path.join(source, 'agents'), path.join(home, 'built', 'agents'));
    await build({
      stdin: { contents: driver, resolveDir: source, loader: 'ts' },
      outfile: path.join(home, 'built', 'node', 'driver.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@whetstone/source'],
      banner: {
        js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
      },
    });
    // A thread is a file of its own, beside what starts it.
    await build({
      entryPoints: [path.join(source, 'python', 'sampler-thread.ts')],
      outfile: path.join(home, 'built', 'node', 'sampler-thread.js'),
      bundle: true,
      platform: 'node',
      conditions: ['@whetstone/source'],
    });
    mkdirSync(path.join(home, 'programs'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return {
    /** Writes a program and returns its path. */
    program(name: string, text: string): string {
      const file = path.join(home, 'programs', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    get folder() {
      return path.join(home, 'programs');
    },
    get driver() {
      return path.join(home, 'built', 'node', 'driver.mjs');
    },
    /** Measures, and tells how the command ended and what it printed. */
    async measure(args: readonly string[], options: Options = {}): Promise<Measured> {
      const told = path.join(home, `told-${Math.random()}.json`);
      const ending = await run(
        [
          path.join(home, 'built', 'node', 'driver.mjs'),
          told,
          JSON.stringify(options.options ?? {}),
          ...args,
        ],
        { cwd: path.join(home, 'programs'), ...options },
      );
      if (!existsSync(told)) throw new Error(`nothing was told: ${ending.stderr}`);
      return { ...ending, told: JSON.parse(readFileSync(told, 'utf8')) as Told };
    },
    /** The same program without us. */
    plain(args: readonly string[], options: Options = {}): Promise<Ending> {
      return run(args, { cwd: path.join(home, 'programs'), ...options });
    },
  };
}

function run(args: readonly string[], { cwd, env, input, when, act }: Options): Promise<Ending> {
  const child = spawn(process.execPath, [...args], { cwd, env: env ?? environment(), stdio: 'pipe' });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  let [stdout, stderr, acted] = ['', '', false];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
    if (when !== undefined && !acted && stdout.includes(when)) {
      acted = true;
      act?.(child.pid ?? 0);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
}

/** The test runner's own environment must not decide. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, VITEST: __, NODE_ENV: ___, ...rest } = process.env;
  return rest;
}

const driver = `
import { writeFileSync } from 'node:fs';
import { record } from './record.ts';
import { resolveTarget } from './resolve-target.ts';
const [, , told, given, ...args] = process.argv;
const options = {
  workingDirectory: process.cwd(), interval: null, counts: false, for: null, runtime: null, waits: true,
  deopts: false, checkInfluence: false, sources: false, ...JSON.parse(given),
};
try {
  const { profile, exit } = await record(resolveTarget(args, options), options);
  const { about, functions, nodes, samples, threads, strings, measures } = profile;
  const sampled = new Set();
  for (const table of samples) for (const leaf of table.node) for (let node = leaf; node >= 0; node = nodes.parent[node]) {
    const row = nodes.function[node];
    if (functions.category[row] === 0) sampled.add(strings[functions.name[row]]);
  }
  const calls = {};
  for (const { name, row, line, value } of measures) {
    if (name === 'calls') row.forEach((each, index) => { calls[strings[functions.name[each]]] = value[index]; });
  }
  writeFileSync(told, JSON.stringify({
    exit, runtime: about.runtime, cpu: about.cpu, warnings: about.warnings.map(({ code }) => code), influence: about.influence,
    sampled: [...sampled], calls,
    threads: threads.map(({ process, thread, name, samples }) => ({ process, thread, name, taken: samples.taken })),
  }));
  if (exit.signal !== null) { process.kill(process.pid, exit.signal); setTimeout(() => {}, 1000); }
  else process.exitCode = exit.code;
} catch (error) {
  writeFileSync(told, JSON.stringify({ error: { code: error.code, message: error.message } }));
  console.error(error);
  process.exitCode = 125;
}
`;
