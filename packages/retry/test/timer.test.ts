import { execFileSync } from 'node:child_process';

import { retry } from '@whetstone/retry';
import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';
import { errorOf, failing } from './failing.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Whether a call that sleeps for an hour holds a process open. */
async function holdsOpen(options: string): Promise<boolean> {
  const code = await bundled(
    `import { retry } from '@whetstone/retry';
     retry(async () => { throw new Error('down'); }, { wait: '1h', attempts: Infinity, ${options} })();
     setImmediate(() => { console.log(process.getActiveResourcesInfo().includes('Timeout')); if (!${options.includes('true')}) process.exit(); });`,
  );
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  return output.trim() === 'true';
}

test('a sleep holds the process open', async () => {
  expect(await holdsOpen('unref: false')).toBe(true);
});

test('unref lets the process end while a call sleeps', async () => {
  expect(await holdsOpen('unref: true')).toBe(false);
});

test('a clock that ignores its signal cannot cut a later attempt', async () => {
  const wakers: (() => void)[] = [];
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => void wakers.push(resolve)) };
  let ended: ((value: string) => void) | undefined;
  const fn = failing(1);
  const call = retry(async () => (await fn()) && new Promise<string>((resolve) => (ended = resolve)), {
    attemptTimeout: 5,
    wait: 1,
    clock,
  })();
  await turn();
  // All that was ever begun ends: the limit of the first attempt, long cancelled, and the sleep.
  for (const wake of wakers.splice(0)) wake();
  await turn();
  ended?.('second');
  expect(await call).toBe('second');
});

test('a clock that fails ends the call with its error', async () => {
  const clock = { now: () => 0, sleep: () => Promise.reject(new Error('no clock')) };
  expect((await errorOf(retry(failing(1), { clock })())).message).toBe('no clock');
  expect((await errorOf(retry(() => new Promise(() => {}), { clock, timeout: 1 })())).message).toBe(
    'no clock',
  );
});
