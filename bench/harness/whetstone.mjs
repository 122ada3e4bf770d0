import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const command = path.resolve(import.meta.dirname, '../../packages/whetstone/bin/whetstone.js');

/**
 * Measures a program by the built command; returns its report, its standard output and how it ended.
 *
 * @param options `args` for the command, `program` with its arguments, `cwd`, `prefix` to start it by (such as `taskset`)
 */
export async function measured({ args = [], program, cwd = process.cwd(), prefix = [] }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const json = path.join(folder, 'report.json');
    const line = [
      ...prefix,
      process.execPath,
      command,
      'run',
      '--json',
      json,
      '--no-save',
      '--quiet',
      ...args,
      ...program,
    ];
    const { stdout, stderr, code } = await run(line, cwd);
    let report;
    try {
      report = JSON.parse(readFileSync(json, 'utf8'));
    } catch (cause) {
      throw new Error(`${line.join(' ')}\nleft no report (exit code ${code}): ${stderr}`, { cause });
    }
    return { report, stdout, stderr, code };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command line to its end. */
export async function run([file, ...args], cwd = process.cwd(), env = process.env) {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { stdout, stderr, code };
}
