import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { faults } from '../src/mended.ts';

const command = new URL('../../../packages/whetstone/bin/whetstone.js', import.meta.url).pathname;
const program = new URL('../src/main.ts', import.meta.url).pathname;

/** The program, run through the built command, which runs TypeScript on every Node. */
function deliveries(...args: string[]) {
  const { status, stdout } = spawnSync(
    process.execPath,
    [command, 'run', '--no-save', '--quiet', program, ...args],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout };
}

describe('deliveries', () => {
  const plain = deliveries();

  test('plans the day', () => {
    expect(plain).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+ orders to 312 places\n/) });
  });

  test('prints the same with every fault mended', () => {
    expect(deliveries('--mend', 'all')).toEqual(plain);
  });

  test.each(faults)('prints the same with %s mended', (fault) => {
    expect(deliveries('--mend', fault)).toEqual(plain);
  });

  test('refuses a fault that it does not have, and names those that it has', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [command, 'run', '--no-save', '--quiet', program, '--mend', 'nothing'],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `deliveries: no fault 'nothing'. The faults are ${faults.join(', ')}, or all.\n`,
    });
  });
});
