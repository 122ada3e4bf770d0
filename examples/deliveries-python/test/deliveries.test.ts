import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

const source = new URL('../src/', import.meta.url).pathname;

function python(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('python3', ['-B', ...args], { cwd: source, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const faults = python('-c', 'import mended; print(",".join(mended.faults))').stdout?.trim().split(',') ?? [];
const tooOld = python('-c', 'import sys; sys.exit(sys.version_info < (3, 11))').status !== 0;

describe.skipIf(tooOld)('deliveries in Python (3.11 or newer)', () => {
  const plain = tooOld ? null : python('main.py');

  test('plans the day', () => {
    expect(plain).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d+ orders to 312 places\n/),
      stderr: '',
    });
  });

  test('prints the same with every fault mended', () => {
    expect(python('main.py', '--mend', 'all')).toEqual(plain);
  });

  test.each(faults)('prints the same with %s mended', (fault) => {
    expect(python('main.py', '--mend', fault)).toEqual(plain);
  });

  test('refuses a fault that it does not have, and names those that it has', () => {
    expect(python('main.py', '--mend', 'nothing')).toEqual({
      status: 2,
      stdout: '',
      stderr: `deliveries: no fault 'nothing'. The faults are ${faults.join(', ')}, or all.\n`,
    });
  });
});
