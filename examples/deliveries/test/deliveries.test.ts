import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
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

test('npm start measures the program', () => {
  // A copy: it keeps the profile.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'deliveries-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(new URL('..', import.meta.url), folder, { recursive: true });
  const bin = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));
  const { stdout, stderr } = spawnSync('npm', ['start', '--silent', '--', '--mend', 'all'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH']}` },
  });
  expect(stdout).toContain(' orders to 312 places\n');
  expect(stderr).toContain('Saved as .whetstone');
});

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
