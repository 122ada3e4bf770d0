import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { attach, RecordError } from '@whetstone/record';
import { afterEach, describe, expect, test } from 'vitest';
import { environment, recorder } from './measured.ts';

const { program } = recorder();
let running: ChildProcess | undefined;

afterEach(() => running?.kill('SIGKILL'));

async function started(args: readonly string[], command = process.execPath): Promise<number> {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
  running = child;
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child.pid ?? 0;
}

const options = { interval: null, for: 700, sources: false };

describe('attach', () => {
  test('measures a running program, which lives on without an open port', async () => {
    const file = program(
      'busy.js',
      `function busy() { const end = Date.now() + 20; while (Date.now() < end); } console.log('ready'); setInterval(busy, 25);`,
    );
    const pid = await started(['--inspect-port=0', file]);
    const { profile, exit } = await attach(pid, options);
    expect(profile.strings).toContain('busy');
    expect(profile.samples[0]?.node.length).toBeGreaterThan(0);
    expect(profile.about.modes.attached).toBe(true);
    expect(profile.about.warnings.map(({ code }) => code)).toContain('attached-late');
    expect(exit).toEqual({ code: null, signal: null });
    expect(() => process.kill(pid, 0)).not.toThrow();
    while (listening(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
    // And again: the first time left nothing that would be in the way.
    expect((await attach(pid, { ...options, for: 200 })).profile.strings).toContain('busy');
  });

  test('reports what it has when the program ends', async () => {
    const file = program(
      'ends.js',
      `function busy() { const end = Date.now() + 20; while (Date.now() < end); } console.log('ready'); setInterval(busy, 25); process.on('SIGTERM', () => process.exit());`,
    );
    const pid = await started(['--inspect-port=0', file]);
    const { profile } = await attach(pid, {
      ...options,
      for: null,
      onProgress: ({ samples }) => void (samples > 500 && process.kill(pid, 'SIGTERM')),
    });
    expect(profile.strings).toContain('busy');
  });

  test('leaves programs alone that the signal would end', async () => {
    const pid = await started(['-c', 'echo ready; sleep 60'], 'sh');
    await expect(attach(pid, options)).rejects.toMatchObject({ code: 'PROCESS_NOT_NODE' });
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test('says so when a program answers the signal itself', { timeout: 20_000 }, async () => {
    const file = program(
      'own.js',
      `process.on('SIGUSR1', () => {}); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    const pid = await started(['--inspect-port=0', file]);
    await expect(attach(pid, options)).rejects.toMatchObject({ code: 'ATTACH_FAILED' });
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test('finds no process where there is none', async () => {
    await expect(attach(2 ** 22 + 1, options)).rejects.toBeInstanceOf(RecordError);
  });
});

/** Whether a process listens on any port: this one's own code does not. */
function listening(pid: number): boolean {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`));
  return readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some((fields) => fields[3] === '0A' && sockets.includes(`socket:[${fields[9]}]`));
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
