import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const loader = fileURLToPath(new URL('../../src/agents/node/loader.cjs', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with the given files, and a preload that installs the loader alone and writes down what it records. */
export class Program {
  readonly folder: string;
  readonly preload: string;
  readonly cache: string;
  readonly #records: string;

  constructor(files: Readonly<Record<string, string>>) {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'whetstone-loader-')));
    this.folder = join(root, 'program');
    this.preload = join(root, 'preload.cjs');
    this.cache = join(root, 'cache');
    this.#records = join(root, 'records.jsonl');
    mkdirSync(this.folder);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
    writeFileSync(
      this.preload,
      `const { appendFileSync } = require('fs');
       const write = (line) => appendFileSync(${JSON.stringify(this.#records)}, JSON.stringify(line) + '\\n');
       require(${JSON.stringify(loader)}).install({
         ranges: undefined,
         record: write,
         note: (code, message) => write({ type: 'note', code, message }),
         cacheFolder: ${JSON.stringify(this.cache)},
         hidden: [__filename],
       });`,
    );
  }

  plain(node: string, args: readonly string[]): Promise<Outcome> {
    return run(node, args, this.folder);
  }

  loaded(node: string, args: readonly string[]): Promise<Outcome> {
    return run(node, ['--require', this.preload, ...args], this.folder);
  }

  /** What was recorded by all runs so far. */
  records(): readonly Record<string, unknown>[] {
    return readFileSync(this.#records, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  remove(): void {
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }
}

function run(node: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    const child = spawn(node, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: { readonly stdout: Buffer[]; readonly stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: steady(chunks.stdout, child.pid), stderr: steady(chunks.stderr, child.pid) });
    });
  });
}

/** Without what differs from run to run: the process's number, and what a test took. */
function steady(parts: readonly Buffer[], pid: number | undefined): string {
  return Buffer.concat(parts)
    .toString()

    .replaceAll(`(node:${pid})`, '(node:PID)')
    .replaceAll(/\(?\bduration_ms:? [\d.]+|\([\d.]+ms\)/g, 'DURATION');
}

/** This Node, and those that `WHETSTONE_TEST_NODES` names, separated by colons. */
export function nodes(): readonly string[] {
  const more = process.env['WHETSTONE_TEST_NODES'];
  if (more === undefined) console.log('only this Node is tested: WHETSTONE_TEST_NODES names no others');
  return [process.execPath, ...(more ?? '').split(':').filter((path) => path !== '')];
}
