import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { PackError } from '../pack-error.ts';
import { driverPath } from './driver-file.ts';

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Signals that are meant for the program when they reach the process that started it. */
const passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/**
 * Runs the driver that was built here, never one that a pack carries. Its input and output are ours.
 *
 * @throws {@link PackError} `PACK_DRIVER_MISSING`
 */
export async function runDriver(args: readonly string[]): Promise<Exit> {
  await builtDriver();
  const child = spawn(driverPath(), args, { stdio: 'inherit' });
  const forward = passedOn.map((signal) => [signal, () => child.kill(signal)] as const);
  // A terminal sends these to both: ending first would leave the program behind.
  const ignored = ['SIGINT', 'SIGQUIT'].map((signal) => [signal, () => undefined] as const);
  const handlers = [...forward, ...ignored];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise<Exit>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/**
 * Runs a command of the driver that prints nothing but its error.
 *
 * @throws {@link PackError} `PACK_DRIVER_MISSING`, or `PACK_MOUNT_FAILED` with what it said
 */
export async function callDriver(args: readonly string[]): Promise<void> {
  await builtDriver();
  const child = spawn(driverPath(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new PackError('PACK_MOUNT_FAILED', said.trim() || `The driver ended with ${code}.`);
}

async function builtDriver(): Promise<void> {
  try {
    await access(driverPath(), constants.X_OK);
  } catch (cause) {
    throw new PackError(
      'PACK_DRIVER_MISSING',
      `No driver was built for this machine (${driverPath()}): driver/build.sh of @whetstone/pack builds it.`,
      { cause },
    );
  }
}
